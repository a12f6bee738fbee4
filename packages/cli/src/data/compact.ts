/** `joinery compact`: folds histories, on a store or by the running server that has it open. */
import { foldStore } from '@joinery/server'
import type { Scope } from '@joinery/storage/archive'
import type { Environment } from '../environment.ts'
import { openOrRunning } from '../running.ts'
import { interrupted, interruption } from './interruption.ts'
import { progress } from './progress.ts'
import { lastingStore, openSource } from './stores.ts'

export interface CompactOptions {
  readonly store: string
  readonly scope: Scope
  readonly keepVersions: number
  readonly json: boolean
}

export async function compactStore(options: CompactOptions, environment: Environment): Promise<void> {
  const { scope, keepVersions, json } = options
  const { stdout, nowMs } = environment
  const signal = interruption(environment)
  const shown = progress(environment)
  const opened = await openOrRunning(lastingStore(options.store), openSource)
  const folding = {
    scope,
    keepVersions,
    signal,
    onProgress: ({ documents }: { readonly documents: number }) => shown.update('compacting', documents),
  }
  try {
    const run = 'running' in opened ? opened.running.compact(folding) : foldStore(opened.store, { ...folding, nowMs })
    const folded = await run
      .catch((error: unknown) => {
        throw signal.aborted ? interrupted() : error
      })
      .finally(shown.end)
    if (signal.aborted) throw interrupted()
    const words = `${folded.folded} of ${folded.documents} documents compacted\n`
    stdout.write(json ? `${JSON.stringify(folded)}\n` : words)
  } finally {
    if ('store' in opened) await opened.store.close()
  }
}
