/** The documents that one connection follows: asked for, served in turn, and left. */
import type { Batches } from './batches.ts'
import type { Budget } from './budget.ts'
import { Channel, type ChannelOwner } from './channel.ts'
import type { Packer } from './compression.ts'
import type { Frame, Peers, Presence, Subscribe } from './frames.ts'
import type { SessionLimits } from './limits.ts'
import { peersFrames } from './peers-frames.ts'
import type { Opened, Principal, Scheduler, SessionHost } from './ports.ts'
import type { PresenceWatcher } from './presence-board.ts'
import { type RefusalCode, SessionRefusal } from './refusal.ts'
import { TokenBucket } from './token-bucket.ts'

/** What subscriptions ask of their session. */
export interface SubscriptionsOwner {
  /** Names the session in presence. */
  readonly name: string
  readonly limits: SessionLimits
  readonly scheduler: Scheduler
  readonly host: SessionHost
  /** Documents that are followed over all connections. */
  readonly following: Budget
  /** Present where the client takes deflated payloads. */
  readonly packer: Packer | undefined
  readonly hasEnded: boolean
  /** Bytes that were sent and have not left. */
  readonly waitingBytes: number
  send(frame: Frame): void
  sendEncoded(frame: Uint8Array): void
  refuseRequest(request: Subscribe, error: unknown): void
  /** As the client is told. */
  refusalOf(error: unknown): SessionRefusal
  /** Something waits to be sent. */
  wake(): void
}

/** A channel, and what takes back its watch of who is there, and its place among the subscriptions of all. */
interface Subscription {
  readonly channel: Channel
  readonly unwatch: () => void
  readonly release: () => void
}

export class Subscriptions implements ChannelOwner {
  readonly #owner: SubscriptionsOwner
  readonly #batches: Batches
  readonly #requests: TokenBucket
  readonly #open = new Map<number, Subscription>()
  /** Channels with something to send, the one that waits longest first. */
  readonly #ready = new Set<Channel>()
  #opening = 0

  constructor(owner: SubscriptionsOwner, batches: Batches) {
    const { limits, scheduler } = owner
    this.#owner = owner
    this.#batches = batches
    this.#requests = new TokenBucket(limits.subscribesPerSecondMax, limits.subscribesBurstMax, scheduler.nowMs())
  }

  get storeId(): string {
    return this.#owner.host.storeId
  }

  get packer(): Packer | undefined {
    return this.#owner.packer
  }

  get limits(): SessionLimits {
    return this.#owner.limits
  }

  get size(): number {
    return this.#open.size
  }

  /** What was asked for, by handle. */
  get requests(): ReadonlyMap<number, Subscribe> {
    return new Map([...this.#open].map(([handle, { channel }]) => [handle, channel.request]))
  }

  channel(handle: number): Channel | undefined {
    return this.#open.get(handle)?.channel
  }

  subscribe(request: Subscribe, principal: Principal): void {
    const owner = this.#owner
    const release = this.#admit(principal)
    if (release instanceof SessionRefusal) {
      owner.refuseRequest(request, release)
      return
    }
    this.#opening += 1
    owner.host.open(principal, request).then(
      (opened) => {
        this.#opening -= 1
        this.#begin(opened, request, release)
      },
      (error: unknown) => {
        this.#opening -= 1
        release()
        owner.refuseRequest(request, error)
      },
    )
  }

  /** A place for one more document; what it answers gives it back. */
  #admit({ tenant }: Principal): (() => void) | SessionRefusal {
    const { limits, scheduler, following } = this.#owner
    const { channelsMax, retryAfterMs } = limits
    const waitMs = this.#requests.take(scheduler.nowMs())
    if (waitMs > 0) {
      return new SessionRefusal('rate_limited', 'too many documents are asked for', { retryAfterMs: waitMs })
    }
    if (this.#open.size + this.#opening >= channelsMax) {
      return new SessionRefusal('payload_too_large', `at most ${channelsMax} documents at once`)
    }
    const full = new SessionRefusal('rate_limited', 'too many documents are followed here', { retryAfterMs })
    return following.take(tenant, 1) ?? full
  }

  #begin({ document, known, knownCheck }: Opened, request: Subscribe, release: () => void): void {
    const owner = this.#owner
    const { handle } = document
    if (owner.hasEnded || this.#open.has(handle)) {
      document.release()
      release()
      owner.refuseRequest(request, new SessionRefusal('malformed', 'this document is followed already'))
      return
    }
    // What waits to be merged belongs to those who were there before.
    document.feed.flush()
    const channel = new Channel(document, request, this)
    const watcher: PresenceWatcher = { session: owner.name, peers: (peers) => this.#peers(handle, peers) }
    owner.send({
      kind: 'subscribed',
      request: request.request,
      handle,
      incarnation: document.incarnation,
      version: document.feed.version,
      known,
      knownCheck,
      window: channel.window,
    })
    const unwatch = document.presence.watch(watcher)
    this.#open.set(handle, { channel, unwatch, release })
    this.#batches.begin(channel, request.type)
    channel.start()
  }

  /** Throws `SessionRefusal`. */
  presence({ handle, state }: Presence, principal: Principal): void {
    const { name, limits } = this.#owner
    if (state.length > limits.presenceBytesMax) {
      throw new SessionRefusal('payload_too_large', `presence has at most ${limits.presenceBytesMax} bytes`)
    }
    this.channel(handle)?.document.presence.set(name, principal.node, state.slice())
  }

  /** Presence is the first thing that a slow reader goes without: what counts is the latest state. */
  #peers(handle: number, peers: Peers['peers']): void {
    const { limits, waitingBytes } = this.#owner
    if (waitingBytes > limits.socketBytesMax) return
    for (const frame of peersFrames({ handle, peers }, limits.frameBytesMax)) this.#owner.send(frame)
  }

  /** Leaves a document. */
  end(handle: number): void {
    const subscription = this.#open.get(handle)
    if (subscription === undefined) return
    this.#open.delete(handle)
    this.#ready.delete(subscription.channel)
    this.#batches.end(handle)
    subscription.unwatch()
    subscription.channel.stop()
    subscription.release()
  }

  endAll(): void {
    for (const handle of [...this.#open.keys()]) this.end(handle)
  }

  ready(channel: Channel): void {
    this.#ready.add(channel)
    this.#owner.wake()
  }

  prepared(bytes: number): void {
    this.#requests.spend(bytes / this.limits.subscribeBytesMax)
  }

  failed(channel: Channel, error: unknown): void {
    const { code, message } = this.#owner.refusalOf(error)
    this.ended(channel, code, message)
  }

  ended(channel: Channel, code: RefusalCode, message: string): void {
    if (this.channel(channel.handle) !== channel) return
    this.end(channel.handle)
    this.#owner.send({ kind: 'closed', handle: channel.handle, code, message })
  }

  /** Sends what may be sent, one frame of each document in turn, so that a large one does not hold up the others. */
  sendReady(): void {
    for (const channel of this.#ready) {
      if (this.#owner.waitingBytes > this.limits.socketBytesMax) return
      this.#ready.delete(channel)
      const frame = channel.next()
      if (frame === undefined) continue
      this.#owner.sendEncoded(frame)
      // Behind all others: a set keeps the order in which it was filled.
      this.#ready.add(channel)
    }
  }
}
