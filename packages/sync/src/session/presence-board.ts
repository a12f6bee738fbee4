/**
 * Who is in a document, and what they say of themselves: cursor, name, colour. Nobody stores it. News is merged per turn, or for
 * longer where it costs much: everybody is told of everybody, so what is sent grows with the square of who is there. A state that is
 * not renewed is forgotten.
 */
import type { Budget } from './budget.ts'
import type { Peers } from './frames.ts'
import { peerBytes, type SessionLimits } from './limits.ts'
import type { Scheduler } from './ports.ts'

type Peer = Peers['peers'][number]

interface Present extends Peer {
  readonly untilMs: number
  /** Gives back what the state takes of the budget. */
  readonly release: () => void
}

export interface PresenceBoardOptions {
  readonly limits: SessionLimits
  readonly scheduler: Scheduler
  /** Whose document it is. */
  readonly tenant: string
  /** What all states of a host share, in bytes. */
  readonly budget: Budget
}

export interface PresenceWatcher {
  readonly session: string
  /** States of others that are new; an empty one is gone. */
  peers(peers: readonly Peer[]): void
}

const GONE = new Uint8Array(0)

export class PresenceBoard {
  readonly #options: PresenceBoardOptions
  readonly #present = new Map<string, Present>()
  readonly #watchers = new Set<PresenceWatcher>()
  #news = new Map<string, Peer>()
  #sweep: (() => void) | undefined
  /** What was told last is paid for by then. */
  #nextTellMs = 0

  constructor(options: PresenceBoardOptions) {
    this.#options = options
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

  /** The state of a session; empty: gone. One for which there is no room is passed over, and the one before it is gone. */
  set(session: string, node: string, state: Uint8Array): void {
    const known = this.#present.get(session)
    known?.release()
    this.#present.delete(session)
    const taken = state.length === 0 ? undefined : this.#keep(session, node, state)
    if (known === undefined && taken === undefined) return
    if (this.#news.size === 0) this.#tellLater()
    this.#news.set(session, { session, node: known?.node ?? node, state: taken ?? GONE })
  }

  #keep(session: string, node: string, state: Uint8Array): Uint8Array | undefined {
    const { limits, scheduler, tenant, budget } = this.#options
    const release = budget.take(tenant, state.length + peerBytes)
    if (release === undefined) return undefined
    const untilMs = scheduler.nowMs() + limits.presenceMsMax
    this.#present.set(session, { session, node, state, untilMs, release })
    this.#sweep ??= scheduler.after(limits.presenceMsMax, () => this.#forgetOld())
    return state
  }

  #tellLater(): void {
    const { scheduler } = this.#options
    const waitMs = this.#nextTellMs - scheduler.nowMs()
    if (waitMs > 0) scheduler.after(waitMs, () => this.#tell())
    else scheduler.soon(() => this.#tell())
  }

  #tell(): void {
    const { limits, scheduler } = this.#options
    const news = [...this.#news.values()]
    this.#news = new Map()
    for (const watcher of this.#watchers) {
      const others = news.filter(({ session }) => session !== watcher.session)
      if (others.length > 0) watcher.peers(others)
    }
    const bytes = this.#watchers.size * news.reduce((sum, { state }) => sum + state.length + peerBytes, 0)
    this.#nextTellMs = scheduler.nowMs() + (bytes * 1000) / limits.presenceBytesPerSecondMax
  }

  #forgetOld(): void {
    const { limits, scheduler } = this.#options
    this.#sweep = undefined
    const nowMs = scheduler.nowMs()
    for (const { session, node, untilMs } of [...this.#present.values()]) {
      if (untilMs <= nowMs) this.set(session, node, GONE)
    }
    if (this.#present.size > 0) {
      this.#sweep = scheduler.after(limits.presenceMsMax / 2, () => this.#forgetOld())
    }
  }
}
