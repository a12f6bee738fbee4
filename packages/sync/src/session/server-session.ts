/**
 * The server's side of one connection: greets, serves many documents, and sends no faster than the client takes. It does no I/O:
 * frames come in by `receive` and leave by the link; time comes from the scheduler.
 */
import { Batches, type BatchOwner, type RefusedBatch } from './batches.ts'
import type { Budget } from './budget.ts'
import { Channel, type ChannelOwner } from './channel.ts'
import { decodeClientFrame } from './decode-frame.ts'
import { encodeFrame } from './encode-frame.ts'
import {
  type ClientFrame,
  type Frame,
  type Hello,
  knownFeatures,
  type Peers,
  type Presence,
  protocolVersion,
  type Subscribe,
} from './frames.ts'
import { Greeting } from './greeting.ts'
import { type SessionLimits, sessionLimits } from './limits.ts'
import { peersFrames } from './peers-frames.ts'
import type { Link, LinkClose, Opened, Principal, Scheduler, SessionHost } from './ports.ts'
import type { PresenceWatcher } from './presence-board.ts'
import { type RefusalCode, SessionRefusal } from './refusal.ts'
import { type SessionBudgets, sessionBudgets } from './session-budgets.ts'
import { TokenBucket } from './token-bucket.ts'

export interface ServerSessionOptions {
  readonly link: Link
  readonly host: SessionHost
  readonly scheduler: Scheduler
  /** Names the session in logs and in presence. */
  readonly name: string
  readonly limits?: Partial<SessionLimits>
  /** What the connections of a host share; by default the session has all of it. */
  readonly budgets?: SessionBudgets
  /** Told once the client has said who it is, and of what nobody foresaw. */
  readonly onAdmitted?: (principal: Principal, hello: Hello) => void
  readonly onFault?: (error: unknown) => void
}

/** A channel, and what takes back its watch of who is there, and its place among the subscriptions of all. */
interface Subscription {
  readonly channel: Channel
  readonly unwatch: () => void
  readonly release: () => void
}

/** How a connection is closed that cannot go on; 1008 where it says nothing else. */
const closeCodes: Readonly<Partial<Record<RefusalCode, LinkClose>>> = {
  internal: 1011,
  payload_too_large: 1009,
  malformed: 1002,
  rate_limited: 1013,
}

/** Answers that nobody reads, in multiples of what waits in a socket at most. */
const UNREAD_SOCKETS_MAX = 4

export class ServerSession implements ChannelOwner, BatchOwner {
  readonly storeId: string
  readonly limits: SessionLimits
  readonly #link: Link
  readonly scheduler: Scheduler
  readonly pending: Budget
  readonly #host: SessionHost
  readonly #subscribing: Budget
  readonly #frames: TokenBucket
  readonly #requests: TokenBucket
  readonly #options: ServerSessionOptions
  readonly #subscriptions = new Map<number, Subscription>()
  /** Channels with something to send, the one that waits longest first. */
  readonly #ready = new Set<Channel>()
  readonly #greeting: Greeting
  readonly #batches: Batches = new Batches(this)
  #opening = 0
  #ended = false
  #scheduled = false
  #heardMs: number
  #timer: () => void

  constructor(options: ServerSessionOptions) {
    this.#options = options
    this.#link = options.link
    this.#host = options.host
    this.scheduler = options.scheduler
    this.limits = { ...sessionLimits, ...options.limits }
    const { limits } = this
    const { pending, subscriptions } = options.budgets ?? sessionBudgets(limits)
    this.pending = pending
    this.#subscribing = subscriptions
    this.#greeting = new Greeting(limits)
    this.storeId = options.host.storeId
    this.#heardMs = options.scheduler.nowMs()
    this.#frames = new TokenBucket(limits.framesPerSecondMax, limits.framesBurstMax, this.#heardMs)
    this.#requests = new TokenBucket(limits.subscribesPerSecondMax, limits.subscribesBurstMax, this.#heardMs)
    this.#timer = this.scheduler.after(this.limits.helloMsMax, () =>
      this.end(1008, 'timeout', 'the first frame did not arrive in time'),
    )
  }

  get name(): string {
    return this.#options.name
  }

  get principal(): Principal | undefined {
    return this.#greeting.principal
  }

  get channels(): number {
    return this.#subscriptions.size
  }

  /** The documents that are followed: what was asked for, by handle. */
  get followed(): ReadonlyMap<number, Subscribe> {
    return new Map([...this.#subscriptions].map(([handle, { channel }]) => [handle, channel.request]))
  }

  /** Ends one document: the client is told why, and follows the others. */
  endDocument(handle: number, { code, message }: SessionRefusal): void {
    const subscription = this.#subscriptions.get(handle)
    if (subscription !== undefined) this.ended(subscription.channel, code, message)
  }

  /** Takes a message of the connection. */
  receive(bytes: Uint8Array): void {
    if (this.#ended) return
    this.#heardMs = this.scheduler.nowMs()
    try {
      const retryAfterMs = this.#frames.take(this.#heardMs)
      if (retryAfterMs > 0) throw new SessionRefusal('rate_limited', 'too many frames', { retryAfterMs })
      if (bytes.length > this.limits.frameBytesMax) {
        throw new SessionRefusal('payload_too_large', `a frame has at most ${this.limits.frameBytesMax} bytes`)
      }
      if (this.#greeting.isPending) this.#greeting.keep(bytes)
      else this.#take(decodeClientFrame(bytes))
    } catch (error) {
      this.fail(error)
    }
  }

  #take(frame: ClientFrame): void {
    const { principal } = this
    if (principal === undefined && frame.kind !== 'hello') {
      throw new SessionRefusal('malformed', 'the first frame is hello')
    }
    switch (frame.kind) {
      case 'hello':
        this.#greet(frame)
        break
      case 'subscribe':
        this.#subscribe(frame, principal as Principal)
        break
      case 'changes':
        this.#batches.changes(frame, principal as Principal)
        break
      case 'upload':
        this.#batches.uploadPart(frame, principal as Principal)
        break
      case 'presence':
        this.#presence(frame, principal as Principal)
        break
      case 'unsubscribe':
        this.#unsubscribe(frame.handle)
        break
      case 'credit':
        this.#subscriptions.get(frame.handle)?.channel.credit(frame.bytes)
        break
      case 'ping':
        this.send({ kind: 'pong', nonce: frame.nonce })
        break
      case 'pong':
        break
    }
  }

  #greet(hello: Hello): void {
    this.#greeting.begin(hello)
    this.#host.admit(hello).then(
      (principal) => this.#welcome(principal, hello),
      (error: unknown) => this.fail(error),
    )
  }

  #welcome(principal: Principal, hello: Hello): void {
    if (this.#ended) return
    this.#greeting.admitted(principal)
    this.#timer()
    this.#watchIdle()
    this.#options.onAdmitted?.(principal, hello)
    this.send({
      kind: 'welcome',
      version: protocolVersion,
      features: knownFeatures,
      storeId: this.storeId,
      session: this.name,
      serverMicros: this.scheduler.nowMs() * 1000,
      frameBytesMax: this.limits.frameBytesMax,
      heartbeatMs: Math.floor(this.limits.idleMsMax / 3),
    })
    for (const bytes of this.#greeting.takeEarly()) this.receive(bytes)
  }

  #watchIdle(): void {
    const left = this.#heardMs + this.limits.idleMsMax - this.scheduler.nowMs()
    if (left <= 0) this.end(1001, 'timeout', 'nothing was heard for too long')
    else this.#timer = this.scheduler.after(left, () => this.#watchIdle())
  }

  #subscribe(request: Subscribe, principal: Principal): void {
    const refuse = (error: unknown): void => this.#refuseRequest(request, error)
    const { channelsMax, retryAfterMs } = this.limits
    const waitMs = this.#requests.take(this.#heardMs)
    if (waitMs > 0) {
      refuse(new SessionRefusal('rate_limited', 'too many documents are asked for', { retryAfterMs: waitMs }))
      return
    }
    if (this.#subscriptions.size + this.#opening >= channelsMax) {
      refuse(new SessionRefusal('payload_too_large', `at most ${channelsMax} documents at once`))
      return
    }
    const release = this.#subscribing.take(principal.tenant, 1)
    if (release === undefined) {
      refuse(new SessionRefusal('rate_limited', 'too many documents are followed here', { retryAfterMs }))
      return
    }
    this.#opening += 1
    this.#host.open(principal, request).then(
      (opened) => {
        this.#opening -= 1
        this.#begin(opened, request, release)
      },
      (error: unknown) => {
        this.#opening -= 1
        release()
        refuse(error)
      },
    )
  }

  #begin({ document, known }: Opened, request: Subscribe, release: () => void): void {
    const { handle } = document
    if (this.#ended || this.#subscriptions.has(handle)) {
      document.release()
      release()
      this.#refuseRequest(request, new SessionRefusal('malformed', 'this document is followed already'))
      return
    }
    // What waits to be merged belongs to those who were there before.
    document.feed.flush()
    const channel = new Channel(document, request, this)
    const watcher: PresenceWatcher = { session: this.name, peers: (peers) => this.#peers(handle, peers) }
    this.send({
      kind: 'subscribed',
      request: request.request,
      handle,
      incarnation: document.incarnation,
      version: document.feed.version,
      known,
      window: channel.window,
    })
    const unwatch = document.presence.watch(watcher)
    this.#subscriptions.set(handle, { channel, unwatch, release })
    this.#batches.begin(channel, request.type)
    channel.start()
  }

  #presence({ handle, state }: Presence, principal: Principal): void {
    if (state.length > this.limits.presenceBytesMax) {
      throw new SessionRefusal('payload_too_large', `presence has at most ${this.limits.presenceBytesMax} bytes`)
    }
    this.#subscriptions.get(handle)?.channel.document.presence.set(this.name, principal.node, state.slice())
  }

  /** Presence is the first thing that a slow reader goes without: what counts is the latest state. */
  #peers(handle: number, peers: Peers['peers']): void {
    if (this.#link.waitingBytes > this.limits.socketBytesMax) return
    for (const frame of peersFrames({ handle, peers }, this.limits.frameBytesMax)) this.send(frame)
  }

  #unsubscribe(handle: number): void {
    const subscription = this.#subscriptions.get(handle)
    if (subscription === undefined) return
    this.#subscriptions.delete(handle)
    this.#ready.delete(subscription.channel)
    this.#batches.end(handle)
    subscription.unwatch()
    subscription.channel.stop()
    subscription.release()
  }

  #refuseRequest({ request }: Subscribe, error: unknown): void {
    this.refuse({ handle: request, batch: 0, accepted: 0 }, error)
  }

  ready(channel: Channel): void {
    this.#ready.add(channel)
    this.wake()
  }

  failed(channel: Channel, error: unknown): void {
    const { code, message } = this.#asRefusal(error)
    this.ended(channel, code, message)
  }

  ended(channel: Channel, code: RefusalCode, message: string): void {
    if (this.#subscriptions.get(channel.handle)?.channel !== channel) return
    this.#unsubscribe(channel.handle)
    this.send({ kind: 'closed', handle: channel.handle, code, message })
  }

  /** What was sent has left: there is room for more. */
  drained(): void {
    this.#pump()
  }

  wake(): void {
    if (this.#scheduled || this.#ended) return
    this.#scheduled = true
    this.scheduler.soon(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  /** Sends what may be sent, one frame of each document in turn, so that a large one does not hold up the others. */
  #pump(): void {
    if (this.#ended) return
    this.#batches.flush()
    for (const channel of this.#ready) {
      if (this.#link.waitingBytes > this.limits.socketBytesMax) return
      this.#ready.delete(channel)
      const frame = channel.next()
      if (frame === undefined) continue
      this.#link.send(frame)
      // Behind all others: a set keeps the order in which it was filled.
      this.#ready.add(channel)
    }
  }

  refuse(refused: RefusedBatch, error: unknown): void {
    const { code, message, retryAfterMs } = this.#asRefusal(error)
    const serverMicros = this.scheduler.nowMs() * 1000
    this.send({ kind: 'refused', ...refused, code, message, retryAfterMs, serverMicros })
  }

  #asRefusal(error: unknown): SessionRefusal {
    if (error instanceof SessionRefusal) return error
    this.#options.onFault?.(error)
    return new SessionRefusal('internal', 'something failed that nobody foresaw', { cause: error })
  }

  /** Answers are not held back. Who asks and asks and takes no answer is cut off. */
  send(frame: Frame): void {
    if (this.#ended) return
    this.#link.send(encodeFrame(frame))
    if (this.#link.waitingBytes <= UNREAD_SOCKETS_MAX * this.limits.socketBytesMax) return
    this.#link.drop()
    this.closed()
  }

  fail(error: unknown): void {
    const { code, message, retryAfterMs } = this.#asRefusal(error)
    this.end(closeCodes[code] ?? 1008, code, message, { retryAfterMs, windowMs: 0 })
  }

  /** Tells the client why, and closes the connection. */
  end(close: LinkClose, code: RefusalCode, message: string, retry = { retryAfterMs: 0, windowMs: 0 }): void {
    if (this.#ended) return
    this.#batches.flush()
    this.send({ kind: 'goodbye', code, message, ...retry })
    this.#link.close(close)
    this.closed()
  }

  /** The connection has ended. */
  closed(): void {
    if (this.#ended) return
    this.#ended = true
    this.#timer()
    for (const handle of [...this.#subscriptions.keys()]) this.#unsubscribe(handle)
    this.#ready.clear()
  }
}
