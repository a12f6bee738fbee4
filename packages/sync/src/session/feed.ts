/**
 * The recent updates of one document, encoded once for all who follow it. What is stored in one turn becomes one update. A
 * follower holds nothing but the version it is at; who falls behind what the feed keeps is brought up to date otherwise.
 */
import { encodeBundle } from '@joinery/core'
import type { SessionLimits } from './limits.ts'
import type { RefusalCode } from './refusal.ts'

/** Everything between two versions of the log. */
export interface FeedUpdate {
  readonly from: number
  readonly to: number
  /** A bundle of changes. */
  readonly payload: Uint8Array
  /** Who sent all of them; undefined when several did, or nobody who follows. */
  readonly source: object | undefined
}

export interface FeedEntry {
  readonly change: Uint8Array
  readonly source: object | undefined
}

export interface Follower {
  /** There is news. */
  wake(): void
  /** The document ended, or this life of it. */
  ended(code: RefusalCode, message: string): void
}

/** What the feeds of all documents keep. */
export interface FeedsKept {
  bytes: number
}

/** What an update takes beside its payload: objects, and the frame that was made of it. A small one takes little else. */
const UPDATE_BYTES = 800

const costOf = ({ payload }: FeedUpdate): number => UPDATE_BYTES + payload.length

export class Feed {
  readonly #limits: SessionLimits
  readonly #soon: (task: () => void) => void
  readonly #followers = new Set<Follower>()
  /** By the version that each begins at, the oldest first. */
  readonly #updates = new Map<number, FeedUpdate>()
  readonly #kept: FeedsKept
  #bytes = 0
  #pending: FeedEntry[] = []
  #pendingBytes = 0
  #version: number
  #scheduled = false

  constructor(
    version: number,
    limits: SessionLimits,
    soon: (task: () => void) => void,
    kept: FeedsKept = { bytes: 0 },
  ) {
    this.#version = version
    this.#limits = limits
    this.#soon = soon
    this.#kept = kept
  }

  /** The version that the last update leads to. */
  get version(): number {
    return this.#version
  }

  /** The same, with what waits to be merged. */
  get head(): number {
    return this.#version + this.#pending.length
  }

  get followers(): number {
    return this.#followers.size
  }

  /** Bytes kept. */
  get byteLength(): number {
    return this.#bytes + this.#pendingBytes
  }

  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** Takes entries that were stored behind the last one. */
  add(entries: readonly FeedEntry[]): void {
    for (const entry of entries) {
      this.#pending.push(entry)
      this.#pendingBytes += entry.change.length
      if (this.#pending.length >= this.#limits.updateChangesMax || this.#pendingBytes >= this.#limits.frameBytesMax / 2)
        this.#merge()
    }
    if (this.#scheduled) return
    this.#scheduled = true
    this.#soon(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  /** Merges what waits into an update, and wakes the followers. */
  flush(): void {
    this.#merge()
    for (const follower of this.#followers) follower.wake()
  }

  #merge(): void {
    const pending = this.#pending
    if (pending.length === 0) return
    const from = this.#version
    this.#version += pending.length
    this.#pending = []
    this.#pendingBytes = 0
    if (this.#followers.size === 0) {
      this.#forget()
      return
    }
    const source = pending[0]?.source
    const same = source !== undefined && pending.every((entry) => entry.source === source)
    const payload = encodeBundle(pending.map(({ change }) => change))
    const update = { from, to: this.#version, payload, source: same ? source : undefined }
    this.#updates.set(from, update)
    this.#account(costOf(update))
    for (const [oldest, kept] of this.#updates) {
      if (!this.#isFull || oldest === from) break
      this.#updates.delete(oldest)
      this.#account(-costOf(kept))
    }
  }

  get #isFull(): boolean {
    const { feedBytesMax, feedTotalBytesMax } = this.#limits
    return this.#bytes > feedBytesMax || this.#kept.bytes > feedTotalBytesMax
  }

  #account(bytes: number): void {
    this.#bytes += bytes
    this.#kept.bytes += bytes
  }

  #forget(): void {
    this.#updates.clear()
    this.#account(-this.#bytes)
  }

  /** Lets go of everything: nobody follows any more. */
  close(): void {
    this.#forget()
  }

  /** The update that begins at a version; undefined when there is none any more, or yet. */
  after(version: number): FeedUpdate | undefined {
    return this.#updates.get(version)
  }

  /** The document skipped to a version that no update leads to: followers catch up from elsewhere. */
  jump(version: number): void {
    this.#pending = []
    this.#pendingBytes = 0
    this.#forget()
    this.#version = version
    this.flush()
  }

  end(code: RefusalCode, message: string): void {
    for (const follower of [...this.#followers]) follower.ended(code, message)
    this.#followers.clear()
    this.#forget()
  }
}
