/** `joinery migrate`: everything that one store has, into another. */
import { migrate } from '@joinery/storage/archive'
import type { Environment } from '../environment.ts'
import { openStore } from '../store-url.ts'
import { interruption } from './interruption.ts'
import { progress } from './progress.ts'
import { type ReportFlags, report } from './report.ts'
import { lastingStore, openSource, withStores } from './stores.ts'

export interface MigrateOptions extends ReportFlags {
  readonly from: string
  readonly to: string
}

export async function migrateStore(options: MigrateOptions, environment: Environment): Promise<void> {
  const [from, to] = [lastingStore(options.from), lastingStore(options.to)]
  const { stdout, stderr, nowMs } = environment
  const signal = interruption(environment)
  const shown = progress(environment)
  const said = report(stdout, options)
  await withStores([() => openSource(from), () => openStore(to)], async (source, target) => {
    const migrating = migrate({
      from: source!,
      to: target!,
      nowMs: nowMs(),
      signal,
      onHash: said.onHash,
      onProgress: ({ phase, done, total }) => shown.update(phase, done, total),
    })
    const migrated = await migrating.finally(shown.end)
    if (migrated.isResumed) stderr.write('It had been interrupted before, and went on.\n')
    said.end(migrated)
  })
}
