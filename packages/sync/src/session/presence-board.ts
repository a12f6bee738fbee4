/**
 * Who is in a document, and what they say of themselves: cursor, name, colour. Nobody stores it. News is merged per turn; a
 * state that is not renewed is forgotten.
 */
import type { Peers } from './frames.ts'
import type { SessionLimits } from './limits.ts'
import type { Scheduler } from './ports.ts'

type Peer = Peers['peers'][number]

interface Present extends Peer {
  readonly untilMs: number
}

export interface PresenceWatcher {
  readonly session: string
  /** States of others that are new; an empty one is gone. */
  peers(peers: readonly Peer[]): void
}

const GONE = new Uint8Array(0)

export class PresenceBoard {
  readonly #limits: SessionLimits
  readonly #scheduler: Scheduler
  readonly #present = new Map<string, Present>()
  readonly #watchers = new Set<PresenceWatcher>()
  #news = new Map<string, Peer>()
  #sweep: (() => void) | undefined

  constructor(limits: SessionLimits, scheduler: Scheduler) {
    this.#limits = limits
    this.#scheduler = scheduler
  }

  get size(): number {
    return this.#present.size
  }

  /** Tells a watcher of everybody, and of news from now on. */
  watch(watcher: PresenceWatcher): () => void {
    this.#watchers.add(watcher)
    if (this.#present.size > 0) watcher.peers([...this.#present.values()])
    return () => {
      this.#watchers.delete(watcher)
      this.set(watcher.session, '', GONE)
    }
  }

  /** The state of a session; empty: gone. */
  set(session: string, node: string, state: Uint8Array): void {
    const known = this.#present.get(session)
    if (state.length === 0) {
      if (known === undefined) return
      this.#present.delete(session)
    } else {
      const untilMs = this.#scheduler.nowMs() + this.#limits.presenceMsMax
      this.#present.set(session, { session, node, state, untilMs })
      this.#sweep ??= this.#scheduler.after(this.#limits.presenceMsMax, () => this.#forgetOld())
    }
    if (this.#news.size === 0) this.#scheduler.soon(() => this.#tell())
    this.#news.set(session, { session, node: known?.node ?? node, state })
  }

  #tell(): void {
    const news = [...this.#news.values()]
    this.#news = new Map()
    for (const watcher of this.#watchers) {
      const others = news.filter(({ session }) => session !== watcher.session)
      if (others.length > 0) watcher.peers(others)
    }
  }

  #forgetOld(): void {
    this.#sweep = undefined
    const nowMs = this.#scheduler.nowMs()
    for (const { session, node, untilMs } of this.#present.values()) {
      if (untilMs <= nowMs) this.set(session, node, GONE)
    }
    if (this.#present.size > 0) {
      this.#sweep = this.#scheduler.after(this.#limits.presenceMsMax / 2, () => this.#forgetOld())
    }
  }
}
