/**
 * Folds old history into snapshots, beside the work: one document at a time, none more often than it is worth. What was acknowledged
 * does not depend on it.
 */
import { type DocumentHead, type DocumentKey, type Store, type StoredSnapshot, StoreError } from '@joinery/sync'
import { documentAttributes } from './attributes.ts'
import type { Library } from './library.ts'
import type { ServiceLimits } from './limits.ts'

export interface CompactorOptions {
  readonly store: Store
  readonly library: Library
  readonly limits: ServiceLimits
  readonly nowMs: () => number
  /** This is the snapshot of a document now, and the log begins behind it. */
  readonly onDone: (key: DocumentKey, snapshot: StoredSnapshot) => void
  readonly onFailed: () => void
  readonly onWarning: ((message: string, cause: unknown) => void) | undefined
}

/** A log this many times as long as it has to be is folded whenever that was last done. */
const LONG = 50

export class Compactor {
  readonly #options: CompactorOptions
  /** When documents were folded last. Those folded long ago are forgotten. */
  readonly #lastMs = new Map<string, number>()
  #queue: Promise<void> = Promise.resolve()
  #waiting = 0

  /** Histories that wait to be folded, or are being. */
  get waiting(): number {
    return this.#waiting
  }

  constructor(options: CompactorOptions) {
    this.#options = options
  }

  /** Looks whether the history of a document that was just written to is long enough. */
  consider(head: DocumentHead): void {
    const { historyVersionsMin: kept, compactionMsMin } = this.#options.limits
    const length = head.version - Math.max(head.compactedVersion, documentAttributes(head).base)
    if (length < 2 * kept) return
    const name = JSON.stringify([head.key.tenant, head.key.id])
    const nowMs = this.#options.nowMs()
    const last = this.#lastMs.get(name)
    if (last !== undefined && nowMs - last < compactionMsMin && length < LONG * kept) return
    for (const [other, ms] of this.#lastMs) if (nowMs - ms >= compactionMsMin) this.#lastMs.delete(other)
    this.#lastMs.set(name, nowMs)
    this.#waiting += 1
    this.#queue = this.#queue
      .then(() => this.#run(head, head.version - kept))
      .finally(() => {
        this.#waiting -= 1
      })
  }

  /** Resolves when nothing is being folded. */
  idle(): Promise<void> {
    return this.#queue
  }

  async #run(head: DocumentHead, version: number): Promise<void> {
    const { store, library, onDone, onFailed, onWarning } = this.#options
    const { key, incarnation } = head
    try {
      const past = await library.at(head, version)
      if (past?.doc === undefined) return
      const attributes = past.arrivals.encode(past.doc.tags())
      const snapshot = { version, incarnation, bytes: past.doc.snapshot(), attributes }
      await store.compact(key, snapshot, version)
      onDone(key, snapshot)
    } catch (cause) {
      // Another life began, another process was quicker, or it is done another time.
      const overtaken = cause instanceof StoreError && cause.code === 'STORE_CONFLICT'
      if (overtaken) return
      onFailed()
      onWarning?.(`history of ${key.id} could not be compacted`, cause)
    }
  }
}
