/**
 * Folds old history into snapshots, beside the work: one document at a time, none more often than it is worth. What was acknowledged
 * does not depend on it.
 */
import { type DocumentHead, type DocumentKey, type Store, type StoredSnapshot, StoreError } from '@joinery/sync'
import { documentAttributes } from './attributes.ts'
import type { Library } from './library.ts'
import type { ServiceLimits } from './limits.ts'
import { writeSnapshotAttributes } from './snapshot-attributes.ts'

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

/** Each attempt loses only to a write or a compaction that succeeded. */
const FOLD_ATTEMPTS_MAX = 5

export class Compactor {
  readonly #options: CompactorOptions
  /** When documents were folded last. Those folded long ago are forgotten. */
  readonly #lastMs = new Map<string, number>()
  /** Long histories that were folded too short a while ago. */
  readonly #putOff = new Map<string, DocumentHead>()
  /** Those whose turn comes: what is written until then is folded with it. */
  readonly #queued = new Set<string>()
  #queue: Promise<void> = Promise.resolve()
  #waiting = 0

  /** Histories that wait to be folded, or are being. */
  get waiting(): number {
    return this.#waiting
  }

  constructor(options: CompactorOptions) {
    this.#options = options
  }

  /** Looks whether the history of a document is long enough. */
  consider(head: DocumentHead): void {
    const { historyVersionsMin: kept, compactionMsMin } = this.#options.limits
    const { key } = head
    const length = head.version - beginOf(head)
    if (length < 2 * kept) return
    const name = JSON.stringify([key.tenant, key.id])
    if (this.#queued.has(name)) return
    const nowMs = this.#options.nowMs()
    const last = this.#lastMs.get(name)
    if (last !== undefined && nowMs - last < compactionMsMin && length < LONG * kept) this.#putOff.set(name, head)
    else void this.#foldBeside(name, key)
  }

  #foldBeside(name: string, key: DocumentKey): Promise<unknown> {
    this.#putOff.delete(name)
    this.#queued.add(name)
    return this.#inLine(() => {
      this.#queued.delete(name)
      this.#folded(name)
      return this.#foldNow(key, this.#options.limits.historyVersionsMin)
    }).catch((cause) => this.#failed(key, cause))
  }

  /** Takes note of when that was, and forgets what was long ago. */
  #folded(name: string): void {
    const nowMs = this.#options.nowMs()
    const { compactionMsMin } = this.#options.limits
    for (const [other, ms] of this.#lastMs) if (nowMs - ms >= compactionMsMin) this.#lastMs.delete(other)
    this.#lastMs.set(name, nowMs)
  }

  /**
   * Folds the history of a document now, but for its last versions. Answers whether there was anything to fold. Throws what the
   * store throws.
   */
  fold(key: DocumentKey, kept: number): Promise<boolean> {
    return this.#inLine(() => this.#foldNow(key, kept))
  }

  /** One after the other, whatever became of the one before. */
  #inLine(task: () => Promise<boolean>): Promise<boolean> {
    this.#waiting += 1
    const folding = this.#queue.then(task).finally(() => {
      this.#waiting -= 1
    })
    this.#queue = folding.then(
      () => {},
      () => {},
    )
    return folding
  }

  async #foldNow(key: DocumentKey, kept: number): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      const head = await this.#options.store.head(key)
      if (head === undefined || head.deleted) return false
      try {
        return await this.#fold(head, kept)
      } catch (error) {
        if (!isOvertaken(error) || attempt === FOLD_ATTEMPTS_MAX) throw error
      }
    }
  }

  /** Folds what was put off and is due by now: nobody may write to it any more. */
  sweep(): void {
    for (const head of [...this.#putOff.values()]) this.consider(head)
  }

  /**
   * Ends: folds what was put off, so that the next start finds it short, as far as there is time. Resolves when nothing is being
   * folded.
   */
  async finish(): Promise<void> {
    const { nowMs, limits } = this.#options
    const until = nowMs() + limits.lastFoldsMsMax
    await this.#queue
    for (const [name, head] of [...this.#putOff]) {
      if (nowMs() >= until) break
      await this.#foldBeside(name, head.key)
    }
  }

  async #fold(head: DocumentHead, kept: number): Promise<boolean> {
    const { store, library, onDone } = this.#options
    const { key, incarnation } = head
    const version = head.version - kept
    if (version <= beginOf(head)) return false
    const past = await library.at(head, version)
    if (past?.doc === undefined) return false
    const attributes = writeSnapshotAttributes(past.doc, past.arrivals)
    const snapshot = { version, incarnation, bytes: past.doc.snapshot(), attributes }
    await store.compact(key, snapshot, version)
    onDone(key, snapshot)
    return true
  }

  #failed(key: DocumentKey, cause: unknown): void {
    // Another life began, another process was quicker, or it is done another time.
    if (isOvertaken(cause)) return
    const { onFailed, onWarning } = this.#options
    onFailed()
    onWarning?.(`history of ${key.id} could not be compacted`, cause)
  }
}

/** The version before the first one in the log. */
function beginOf(head: DocumentHead): number {
  return Math.max(head.compactedVersion, documentAttributes(head).base)
}

function isOvertaken(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_CONFLICT'
}
