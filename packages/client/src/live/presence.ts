/** Presence in a document: what one says of oneself goes out at most so often, what others say is kept while it is renewed. */
import type { JsonValue } from '@joinery/core'
import type { Peers } from '@joinery/sync'
import { refuse } from '../errors.ts'
import type { Host } from '../host.ts'
import type { LiveLimits } from './limits.ts'
import { Listeners } from './listeners.ts'
import type { Presence, PresencePeer } from './types.ts'

export interface PresenceOptions {
  readonly host: Host
  readonly limits: LiveLimits
  readonly send: (state: Uint8Array) => void
}

interface Heard {
  readonly peer: PresencePeer
  readonly untilMs: number
}

/** A state is renewed so many times in the time after which it would be forgotten. */
const RENEWALS = 3
const GONE = new Uint8Array(0)

export class PresenceState implements Presence {
  readonly #options: PresenceOptions
  readonly #listeners = new Listeners<[]>()
  readonly #heard = new Map<string, Heard>()
  #others: ReadonlyMap<string, PresencePeer> = new Map()
  #state: Uint8Array = GONE
  #isLive = false
  #sentMs = Number.NEGATIVE_INFINITY
  #cancelSend: (() => void) | undefined
  #cancelSweep: (() => void) | undefined

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  get others(): ReadonlyMap<string, PresencePeer> {
    return this.#others
  }

  set(state: JsonValue | undefined): void {
    const bytes = state === undefined ? GONE : new TextEncoder().encode(JSON.stringify(state))
    const { presenceBytesMax } = this.#options.limits
    if (bytes.length > presenceBytesMax) refuse('CLIENT_ARGUMENT', `presence has at most ${presenceBytesMax} bytes`)
    this.#state = bytes
    this.#sendSoon()
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener)
  }

  /** The document is followed now, or no longer. */
  live(isLive: boolean): void {
    if (isLive === this.#isLive) return
    this.#isLive = isLive
    if (isLive) {
      if (this.#state.length > 0) this.#sendSoon()
      return
    }
    this.#cancelSend?.()
    this.#cancelSend = undefined
    // The server tells of everybody anew.
    this.#heard.clear()
    this.#tell()
  }

  heard(peers: Peers['peers']): void {
    const untilMs = this.#options.host.nowMs() + this.#options.limits.presenceMsMax
    for (const { session, node, state } of peers) {
      const known = readState(state)
      if (known === undefined) this.#heard.delete(session)
      else this.#heard.set(session, { peer: { session, node, state: known }, untilMs })
    }
    this.#tell()
    this.#sweepLater()
  }

  close(): void {
    this.#isLive = false
    this.#cancelSend?.()
    this.#cancelSweep?.()
    this.#listeners.clear()
  }

  #sendSoon(): void {
    const { host, limits } = this.#options
    if (!this.#isLive) return
    this.#cancelSend?.()
    const waitMs = this.#sentMs + limits.presenceMsMin - host.nowMs()
    if (waitMs <= 0) this.#send()
    else this.#cancelSend = host.setTimer(waitMs, () => this.#send())
  }

  #send(): void {
    const { host, limits, send } = this.#options
    this.#sentMs = host.nowMs()
    send(this.#state)
    this.#cancelSend = undefined
    if (this.#state.length > 0) this.#cancelSend = host.setTimer(limits.presenceMsMax / RENEWALS, () => this.#send())
  }

  #sweepLater(): void {
    if (this.#cancelSweep !== undefined || this.#heard.size === 0) return
    const { host } = this.#options
    const soonest = Math.min(...[...this.#heard.values()].map(({ untilMs }) => untilMs))
    this.#cancelSweep = host.setTimer(Math.max(1, soonest - host.nowMs()), () => {
      this.#cancelSweep = undefined
      const nowMs = host.nowMs()
      const silent = [...this.#heard].filter(([, { untilMs }]) => untilMs <= nowMs)
      for (const [session] of silent) this.#heard.delete(session)
      if (silent.length > 0) this.#tell()
      this.#sweepLater()
    })
  }

  #tell(): void {
    if (this.#others.size === 0 && this.#heard.size === 0) return
    this.#others = new Map([...this.#heard].map(([session, { peer }]) => [session, peer]))
    this.#listeners.tell()
  }
}

/** What somebody says of themselves; undefined where they are gone, or speak in another way. */
function readState(bytes: Uint8Array): JsonValue | undefined {
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as JsonValue
  } catch {
    return undefined
  }
}
