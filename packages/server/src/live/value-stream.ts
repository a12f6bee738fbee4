/**
 * The value of a document for those who speak HTTP alone: as it is, then what changes, as JSON Patch. Computed once for all of
 * them, and not more often than the document allows: what happens while a large value is compared is told with the next event.
 */
import type { Follower, RefusalCode, Scheduler } from '@joinery/sync'
import type { DocumentValue } from '../service/types.ts'
import { diffJson, type JsonPatchOperation } from './json-patch.ts'

export type ValueEvent =
  | { readonly kind: 'snapshot'; readonly value: DocumentValue }
  | {
      readonly kind: 'patch'
      readonly from: number
      readonly value: DocumentValue
      readonly patch: readonly JsonPatchOperation[]
    }
  /** The document ended. */
  | { readonly kind: 'end'; readonly code: RefusalCode }

type Listener = (event: ValueEvent) => void

/** Comparing takes at most this share of the time. */
const REST = 4

export class ValueStream implements Follower {
  readonly #read: () => Promise<DocumentValue>
  readonly #scheduler: Scheduler
  readonly #listeners = new Set<Listener>()
  #last: DocumentValue | undefined
  #busy = false
  #again = false

  /** @param read the value as it is now. */
  constructor(read: () => Promise<DocumentValue>, scheduler: Scheduler) {
    this.#read = read
    this.#scheduler = scheduler
  }

  get size(): number {
    return this.#listeners.size
  }

  /**
   * Tells a listener of everything after a value, which is the one that is there now. Patches start from the value before them;
   * a listener that has another is told the whole value once.
   */
  listen(now: DocumentValue, listener: Listener): () => void {
    let version = now.version
    const own: Listener = (event) => {
      if (event.kind === 'patch' && event.value.version <= version) return
      const follows = event.kind !== 'patch' || event.from === version
      if (event.kind !== 'end') version = event.value.version
      listener(follows ? event : { kind: 'snapshot', value: event.value })
    }
    if (this.#listeners.size === 0) this.#last = now
    this.#listeners.add(own)
    this.wake()
    return () => this.#listeners.delete(own)
  }

  wake(): void {
    if (this.#listeners.size === 0) return
    this.#again = true
    if (!this.#busy) void this.#run()
  }

  ended(code: RefusalCode): void {
    this.#tell({ kind: 'end', code })
    this.#listeners.clear()
    this.#last = undefined
  }

  async #run(): Promise<void> {
    this.#busy = true
    try {
      while (this.#again && this.#listeners.size > 0) {
        this.#again = false
        const startedMs = this.#scheduler.nowMs()
        await this.#compare()
        const waitMs = REST * (this.#scheduler.nowMs() - startedMs)
        if (waitMs > 0) await new Promise<void>((resolve) => this.#scheduler.after(waitMs, resolve))
      }
    } catch {
      // The document is gone or the store fails: whoever reads it next is told why.
      this.ended('unavailable')
    } finally {
      this.#busy = false
    }
  }

  async #compare(): Promise<void> {
    const before = this.#last
    const value = await this.#read()
    if (before === undefined || before.version === value.version) return
    this.#last = value
    this.#tell({ kind: 'patch', from: before.version, value, patch: diffJson(before.value, value.value) })
  }

  #tell(event: ValueEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}
