/** Folds the history of many documents when it is asked for, whatever the policy says. */
import { type Actor, actorId, HybridClock, replicaId } from '@joinery/core'
import { readHeads, type Scope } from '@joinery/storage/archive'
import { requireFinished, type Store } from '@joinery/sync'
import { Compactor } from './compactor.ts'
import { Library } from './library.ts'
import { serviceLimits } from './limits.ts'

export interface FoldOptions {
  /** Which documents; all when left out. */
  readonly scope: Scope
  /** So many versions of each document stay in the log. */
  readonly keepVersions: number
  /** Told after each document. */
  readonly onProgress?: (progress: Folded) => void
  /** Stops at the next document. */
  readonly signal?: AbortSignal
}

export interface Folded {
  /** Documents looked at. */
  readonly documents: number
  /** Those whose history was folded. */
  readonly folded: number
}

/** One document after the other. Whoever else waits for the event loop gets a turn in between. */
export async function foldAll(store: Store, compactor: Compactor, options: FoldOptions): Promise<Folded> {
  const { scope, keepVersions, onProgress, signal } = options
  let [documents, folded] = [0, 0]
  for await (const { key, deleted } of readHeads(store, scope)) {
    if (signal?.aborted) break
    if (deleted) continue
    documents += 1
    if (await compactor.fold(key, keepVersions)) folded += 1
    onProgress?.({ documents, folded })
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { documents, folded }
}

/** The same for a store that no server has open. Throws what the store throws. */
export async function foldStore(
  store: Store,
  options: FoldOptions & { readonly nowMs: () => number },
): Promise<Folded> {
  await requireFinished(store)
  const { nowMs } = options
  // Documents are read and never changed, so this actor stamps nothing.
  const actor: Actor = { id: actorId(replicaId('compaction'), new Uint8Array(12)), clock: new HybridClock(nowMs) }
  const library = new Library(store, actor, serviceLimits, nowMs)
  const compactor = new Compactor({
    store,
    library,
    limits: serviceLimits,
    nowMs,
    onDone: () => {},
    onFailed: () => {},
    onWarning: undefined,
  })
  return foldAll(store, compactor, options)
}
