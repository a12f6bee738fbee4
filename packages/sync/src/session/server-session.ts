/**
 * The server's side of one connection: greets, serves many documents, and sends no faster than the client takes. It does no I/O:
 * frames come in by `receive` and leave by the link; time comes from the scheduler.
 */
import { Batches, type BatchOwner, type RefusedBatch } from './batches.ts'
import type { Budget } from './budget.ts'
import type { Packer } from './compression.ts'
import { decodeClientFrame } from './decode-frame.ts'
import { encodeFrame } from './encode-frame.ts'
import { type ClientFrame, type Frame, type Hello, knownFeatures, protocolVersions, type Subscribe } from './frames.ts'
import { Greeting } from './greeting.ts'
import { inflatedFrameBytes, type SessionLimits, sessionLimits } from './limits.ts'
import type { Link, LinkClose, Principal, Scheduler, SessionHost } from './ports.ts'
import { type RefusalCode, SessionRefusal } from './refusal.ts'
import { type SessionBudgets, sessionBudgets } from './session-budgets.ts'
import { Subscriptions, type SubscriptionsOwner } from './subscriptions.ts'
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
  /** Deflates payloads for clients that take them so; without it none is. Shared by the connections of a host. */
  readonly packer?: Packer
  /** Told of what happens, for the log. */
  readonly observer?: SessionObserver
}

export interface SessionObserver {
  /** The client has said who it is, and may be here. */
  admitted?(principal: Principal, hello: Hello): void
  /** A document is not given to the client, or not any more, or a batch of changes is not taken. */
  refused?(refused: RefusedDocument): void
  /** Once, when the connection ends. The code is what the client was told; absent when it went by itself. */
  ended?(code: RefusalCode | undefined): void
  /** Nobody foresaw this. */
  fault?(error: unknown): void
}

export interface RefusedDocument {
  /** Id of the document, as the client sent it. */
  readonly document: string
  readonly code: RefusalCode
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

export class ServerSession implements SubscriptionsOwner, BatchOwner {
  readonly limits: SessionLimits
  readonly scheduler: Scheduler
  readonly host: SessionHost
  readonly pending: Budget
  readonly following: Budget
  readonly #link: Link
  readonly #options: ServerSessionOptions
  readonly #frames: TokenBucket
  readonly #greeting: Greeting
  readonly #batches: Batches = new Batches(this)
  readonly #subscriptions: Subscriptions
  #hasEnded = false
  #scheduled = false
  #heardMs: number
  #timer: () => void

  constructor(options: ServerSessionOptions) {
    const { link, host, scheduler } = options
    const limits = { ...sessionLimits, ...options.limits }
    const { pending, subscriptions } = options.budgets ?? sessionBudgets(limits)
    this.#options = options
    this.#link = link
    this.host = host
    this.scheduler = scheduler
    this.limits = limits
    this.pending = pending
    this.following = subscriptions
    this.#heardMs = scheduler.nowMs()
    const { deflating, oldest } = protocolVersions
    this.#greeting = new Greeting(limits, options.packer === undefined ? oldest : deflating)
    this.#subscriptions = new Subscriptions(this, this.#batches)
    this.#frames = new TokenBucket(limits.framesPerSecondMax, limits.framesBurstMax, this.#heardMs)
    this.#timer = scheduler.after(limits.helloMsMax, () =>
      this.end(1008, 'timeout', 'the first frame did not arrive in time'),
    )
  }

  get name(): string {
    return this.#options.name
  }

  get principal(): Principal | undefined {
    return this.#greeting.principal
  }

  get packer(): Packer | undefined {
    return this.#greeting.version >= protocolVersions.deflating ? this.#options.packer : undefined
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get waitingBytes(): number {
    return this.#link.waitingBytes
  }

  /** The documents that are followed: what was asked for, by handle. */
  get followed(): ReadonlyMap<number, Subscribe> {
    return this.#subscriptions.requests
  }

  /** Ends one document: the client is told why, and follows the others. */
  endDocument(handle: number, { code, message }: SessionRefusal): void {
    const channel = this.#subscriptions.channel(handle)
    if (channel === undefined) return
    this.#options.observer?.refused?.({ document: channel.request.id, code })
    this.#subscriptions.ended(channel, code, message)
  }

  /** Takes a message of the connection. */
  receive(bytes: Uint8Array): void {
    if (this.heard()) this.#handle(bytes)
  }

  /** Something came in, of whatever kind: it counts as a frame. Answers whether it may be looked at. */
  heard(): boolean {
    if (this.#hasEnded) return false
    this.#heardMs = this.scheduler.nowMs()
    const retryAfterMs = this.#frames.take(this.#heardMs)
    if (retryAfterMs > 0) this.fail(new SessionRefusal('rate_limited', 'too many frames', { retryAfterMs }))
    return !this.#hasEnded
  }

  inflated(bytes: number): void {
    this.#frames.spend(bytes / inflatedFrameBytes)
  }

  #handle(bytes: Uint8Array): void {
    if (this.#hasEnded) return
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
        this.#subscriptions.subscribe(frame, principal as Principal)
        break
      case 'changes':
        this.#batches.changes(frame, principal as Principal)
        break
      case 'upload':
        this.#batches.uploadPart(frame, principal as Principal)
        break
      case 'presence':
        this.#subscriptions.presence(frame, principal as Principal)
        break
      case 'unsubscribe':
        this.#subscriptions.end(frame.handle)
        break
      case 'credit':
        this.#subscriptions.channel(frame.handle)?.credit(frame.bytes)
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
    this.host.admit(hello).then(
      (principal) => this.#welcome(principal, hello),
      (error: unknown) => this.fail(error),
    )
  }

  #welcome(principal: Principal, hello: Hello): void {
    if (this.#hasEnded) return
    this.#greeting.admitted(principal)
    this.#timer()
    this.#watchIdle()
    this.#options.observer?.admitted?.(principal, hello)
    this.send({
      kind: 'welcome',
      version: this.#greeting.version,
      features: knownFeatures,
      storeId: this.host.storeId,
      session: this.name,
      serverMicros: this.scheduler.nowMs() * 1000,
      frameBytesMax: this.limits.frameBytesMax,
      heartbeatMs: Math.floor(this.limits.idleMsMax / 3),
    })
    for (const bytes of this.#greeting.takeEarly()) this.#handle(bytes)
  }

  #watchIdle(): void {
    const left = this.#heardMs + this.limits.idleMsMax - this.scheduler.nowMs()
    if (left <= 0) this.end(1001, 'timeout', 'nothing was heard for too long')
    else this.#timer = this.scheduler.after(left, () => this.#watchIdle())
  }

  /** What was sent has left: there is room for more. */
  drained(): void {
    this.#pump()
  }

  wake(): void {
    if (this.#scheduled || this.#hasEnded) return
    this.#scheduled = true
    this.scheduler.soon(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#hasEnded) return
    this.#batches.flush()
    this.#subscriptions.sendReady()
  }

  refuseRequest({ id, request }: Subscribe, error: unknown): void {
    this.#refuse({ handle: request, batch: 0, accepted: 0 }, id, error)
  }

  refuse(refused: RefusedBatch, error: unknown): void {
    this.#refuse(refused, this.#subscriptions.channel(refused.handle)?.request.id ?? '', error)
  }

  #refuse(refused: RefusedBatch, document: string, error: unknown): void {
    const { code, message, retryAfterMs } = this.refusalOf(error)
    const serverMicros = this.scheduler.nowMs() * 1000
    if (!this.#hasEnded) this.#options.observer?.refused?.({ document, code })
    this.send({ kind: 'refused', ...refused, code, message, retryAfterMs, serverMicros })
  }

  refusalOf(error: unknown): SessionRefusal {
    if (error instanceof SessionRefusal) return error
    this.#options.observer?.fault?.(error)
    return new SessionRefusal('internal', 'something failed that nobody foresaw', { cause: error })
  }

  /** Answers are not held back. Who asks and asks and takes no answer is cut off. */
  send(frame: Frame): void {
    if (this.#hasEnded) return
    this.#link.send(encodeFrame(frame))
    if (this.#link.waitingBytes <= UNREAD_SOCKETS_MAX * this.limits.socketBytesMax) return
    this.#link.drop()
    this.#close('timeout')
  }

  sendEncoded(frame: Uint8Array): void {
    this.#link.send(frame)
  }

  fail(error: unknown): void {
    const { code, message, retryAfterMs } = this.refusalOf(error)
    this.end(closeCodes[code] ?? 1008, code, message, { retryAfterMs, windowMs: 0 })
  }

  /** Tells the client why, and closes the connection. */
  end(close: LinkClose, code: RefusalCode, message: string, retry = { retryAfterMs: 0, windowMs: 0 }): void {
    if (this.#hasEnded) return
    this.#batches.flush()
    this.send({ kind: 'goodbye', code, message, ...retry })
    this.#link.close(close)
    this.#close(code)
  }

  /** The connection has ended. */
  closed(): void {
    this.#close(undefined)
  }

  #close(code: RefusalCode | undefined): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#timer()
    this.#subscriptions.endAll()
    this.#options.observer?.ended?.(code)
  }
}
