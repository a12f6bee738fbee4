/** `joinery restore` and `joinery import`: what an archive has, in a store. */
import { importArchive, restore, type Scope } from '@joinery/storage/archive'
import { requireFinished } from '@joinery/sync'
import type { Environment } from '../environment.ts'
import { openStore } from '../store-url.ts'
import { fileBytes } from './archive-file.ts'
import { interruption } from './interruption.ts'
import { progress } from './progress.ts'
import { type ReportFlags, report } from './report.ts'
import { lastingStore, withStores } from './stores.ts'

export interface RestoreOptions extends ReportFlags {
  readonly store: string
  readonly file: string
}

export async function restoreStore(options: RestoreOptions, environment: Environment): Promise<void> {
  const url = lastingStore(options.store)
  const open = await fileBytes(options.file)
  const signal = interruption(environment)
  const shown = progress(environment)
  const said = report(environment.stdout, options)
  await withStores([() => openStore(url)], async (to) => {
    const restoring = restore({
      open,
      to: to!,
      signal,
      onHash: said.onHash,
      onProgress: ({ phase, done, total }) => shown.update(phase, done, total),
    })
    const restored = await restoring.finally(shown.end)
    if (restored.isResumed) environment.stderr.write('It had been interrupted before, and went on.\n')
    said.end(restored)
  })
}

export interface ImportOptions extends RestoreOptions {
  readonly scope: Scope
  readonly existing: 'refuse' | 'skip'
}

export async function importDocuments(options: ImportOptions, environment: Environment): Promise<void> {
  const { scope, existing, json } = options
  const url = lastingStore(options.store)
  const open = await fileBytes(options.file)
  const signal = interruption(environment)
  const shown = progress(environment)
  const said = report(environment.stdout, options)
  await withStores([() => openStore(url)], async (to) => {
    await requireFinished(to!)
    const importing = importArchive({
      open,
      to: to!,
      scope,
      existing,
      signal,
      onHash: said.onHash,
      onProgress: ({ phase, done }) => shown.update(phase, done),
    })
    const { imported, skipped } = await importing.finally(shown.end)
    const words = `${imported} documents imported, ${skipped} were there\n`
    environment.stdout.write(json ? `${JSON.stringify({ imported, skipped })}\n` : words)
  })
}
