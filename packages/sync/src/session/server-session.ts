/**
 * The server's side of one connection: greets, serves many documents, and sends no faster than the client takes. It does no I/O:
 * frames come in by `receive` and leave by the link; time comes from the scheduler.
 */
import { Batches, type BatchOwner, type RefusedBatch } from './batches.ts'
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

export interface ServerSessionOptions {
  readonly link: Link
  readonly host: SessionHost
  readonly scheduler: Scheduler
  /** Names the session in logs and in presence. */
  readonly name: string
  readonly limits?: Partial<SessionLimits>
  /** Told once the client has said who it is, and of what nobody foresaw. */
  readonly onAdmitted?: (principal: Principal, hello: Hello) => void
  readonly onFault?: (error: unknown) => void
}

/** A channel, and what takes back its watch of who is there. */
interface Subscription {
  readonly channel: Channel
  readonly unwatch: () => void
}

/** Answers that nobody reads, in multiples of what waits in a socket at most. */
const UNREAD_SOCKETS_MAX = 4

export class ServerSession implements ChannelOwner, BatchOwner {
  readonly storeId: string
  readonly limits: SessionLimits
  readonly #link: Link
  readonly #host: SessionHost
  readonly #scheduler: Scheduler
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
    this.#scheduler = options.scheduler
    this.limits = { ...sessionLimits, ...options.limits }
    this.#greeting = new Greeting(this.limits)
    this.storeId = options.host.storeId
    this.#heardMs = options.scheduler.nowMs()
    this.#timer = this.#scheduler.after(this.limits.helloMsMax, () =>
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

  /** Takes a message of the connection. */
  receive(bytes: Uint8Array): void {
    if (this.#ended) return
    this.#heardMs = this.#scheduler.nowMs()
    try {
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
        // The bytes belong to the transport, which may use them again.
        this.#batches.changes(frame, frame.payload.slice(), principal as Principal)
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
      serverMicros: this.#scheduler.nowMs() * 1000,
      frameBytesMax: this.limits.frameBytesMax,
      heartbeatMs: Math.floor(this.limits.idleMsMax / 3),
    })
    for (const bytes of this.#greeting.takeEarly()) this.receive(bytes)
  }

  #watchIdle(): void {
    const left = this.#heardMs + this.limits.idleMsMax - this.#scheduler.nowMs()
    if (left <= 0) this.end(1001, 'timeout', 'nothing was heard for too long')
    else this.#timer = this.#scheduler.after(left, () => this.#watchIdle())
  }

  #subscribe(request: Subscribe, principal: Principal): void {
    const refuse = (error: unknown): void => this.#refuseRequest(request, error)
    if (this.#subscriptions.size + this.#opening >= this.limits.channelsMax) {
      refuse(new SessionRefusal('payload_too_large', `at most ${this.limits.channelsMax} documents at once`))
      return
    }
    this.#opening += 1
    this.#host.open(principal, request).then(
      (opened) => {
        this.#opening -= 1
        this.#begin(opened, request)
      },
      (error: unknown) => {
        this.#opening -= 1
        refuse(error)
      },
    )
  }

  #begin({ document, known }: Opened, request: Subscribe): void {
    const { handle } = document
    if (this.#ended || this.#subscriptions.has(handle)) {
      document.release()
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
    this.#subscriptions.set(handle, { channel, unwatch })
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
    this.#scheduler.soon(() => {
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
    const serverMicros = this.#scheduler.nowMs() * 1000
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
    const { code, message } = this.#asRefusal(error)
    const close = code === 'internal' ? 1011 : code === 'payload_too_large' ? 1009 : code === 'malformed' ? 1002 : 1008
    this.end(close, code, message)
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
