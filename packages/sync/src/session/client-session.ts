/**
 * The client's side of live sync: many documents over one connection, which may come and go. It does no I/O: whoever has
 * connections tells of them by `connected`, `receive` and `disconnected`, and asks `retryInMs` when to try again.
 */
import type { FieldSpecs } from '@joinery/core'
import type { Packer } from './compression.ts'
import { decodeServerFrame } from './decode-frame.ts'
import { encodeFrame } from './encode-frame.ts'
import { FollowedDocument } from './followed-document.ts'
import type { DocumentSession, FollowedEvents, FollowedOptions } from './followed-types.ts'
import {
  type Ack,
  type Changes,
  type Chunk,
  type Closed,
  type Frame,
  type Goodbye,
  type Hello,
  knownFeatures,
  type Peers,
  protocolVersions,
  type Refused,
  type ServerFrame,
  type Subscribed,
  type Synced,
  type Update,
  type Welcome,
} from './frames.ts'
import { frameOverheadBytes } from './limits.ts'
import type { Link, Scheduler } from './ports.ts'
import { type RefusalCode, SessionRefusal } from './refusal.ts'

export interface ClientSessionOptions {
  readonly tenant: string
  readonly node: string
  /** A function is asked for each connection. */
  readonly credential?: string | (() => string)
  readonly agent: string
  readonly scheduler: Scheduler
  /** From 0 up to 1, so that clients do not come back all at once. */
  readonly random: () => number
  /** Where it is there, payloads travel deflated: documents are a fraction of their size. */
  readonly packer?: Packer
  readonly retry?: { readonly minMs: number; readonly maxMs: number }
  /** The connection is there, has gone, or is refused. */
  readonly onStatus?: () => void
  /** Told of frames that should not be, before the connection is ended. */
  readonly onFault?: (error: unknown) => void
}

const RETRY = { minMs: 250, maxMs: 30_000 }

interface UploadUnderWay {
  readonly batch: Omit<Changes, 'kind' | 'payload'>
  readonly payload: Uint8Array
  offset: number
}

/** Requests to subscribe that were refused for now come again over this time. */
const SUBSCRIBE_SPREAD_MS = 1_000

/** How long a connection that is full is left alone. */
const PART_WAIT_MS = 10

type ForDocument = Update | Chunk | Synced | Ack | Peers | Closed

export class ClientSession implements DocumentSession {
  readonly #options: ClientSessionOptions
  readonly #documents = new Set<FollowedDocument>()
  readonly #byHandle = new Map<number, FollowedDocument>()
  readonly #requests = new Map<number, FollowedDocument>()
  readonly #packer: Packer | undefined
  #link: Link | undefined
  #welcome: Welcome | undefined
  #goodbye: Goodbye | undefined
  #failures = 0
  #uploads: UploadUnderWay[] = []
  #requestNumber = 0
  /** Documents that wait until the server has answered a request for the same one, made before it was let go of. */
  readonly #behind = new Set<FollowedDocument>()
  #stopHeartbeat: (() => void) | undefined

  constructor(options: ClientSessionOptions) {
    this.#options = options
    this.#packer = options.packer
  }

  get online(): boolean {
    return this.#welcome !== undefined
  }

  /** Why the server ended the last connection. */
  get goodbye(): Goodbye | undefined {
    return this.#goodbye
  }

  /** What the server said of itself over the present connection. */
  get welcome(): Welcome | undefined {
    return this.#welcome
  }

  get storeId(): string {
    return this.#welcome?.storeId ?? ''
  }

  /** Present where the server takes deflated payloads. */
  get packer(): Packer | undefined {
    return (this.#welcome?.version ?? 0) >= protocolVersions.deflating ? this.#packer : undefined
  }

  get frameBytesMax(): number {
    return this.#welcome?.frameBytesMax ?? 0
  }

  /** Milliseconds until the next attempt to connect makes sense; undefined when it makes none. */
  get retryInMs(): number | undefined {
    const { random, retry = RETRY } = this.#options
    if (this.#goodbye !== undefined) {
      if (FINAL.has(this.#goodbye.code)) return undefined
      if (this.#goodbye.windowMs > 0) return this.#goodbye.retryAfterMs + random() * this.#goodbye.windowMs
    }
    const step = Math.min(retry.maxMs, retry.minMs * 2 ** Math.min(this.#failures, 20))
    return Math.max(this.#goodbye?.retryAfterMs ?? 0, step / 2 + (random() * step) / 2)
  }

  /** Follows a document from now on, over this connection and those to come. */
  follow<S extends FieldSpecs>(options: FollowedOptions<S>, events?: FollowedEvents): FollowedDocument<S> {
    const document = new FollowedDocument<S>(options, events)
    const any = document as unknown as FollowedDocument
    this.#documents.add(any)
    if (this.online) this.#subscribe(any)
    return document
  }

  unfollow<S extends FieldSpecs>(document: FollowedDocument<S>): void {
    const any = document as unknown as FollowedDocument
    this.#documents.delete(any)
    this.#leave(any)
    document.close()
  }

  #leave(document: FollowedDocument): void {
    // Parts of a batch that come after this would belong to nothing.
    this.#uploads = this.#uploads.filter(({ batch }) => batch.handle !== document.handle)
    if (document.handle > 0 && this.#byHandle.delete(document.handle)) {
      this.send({ kind: 'unsubscribe', handle: document.handle })
    }
    document.suspend()
  }

  /** Tries again what the server refused of a document. */
  retry<S extends FieldSpecs>(document: FollowedDocument<S>): void {
    const subscribed = document.retry()
    if (subscribed || !this.online || document.handle > 0) return
    this.#subscribe(document as unknown as FollowedDocument)
  }

  /** A connection is there. */
  connected(link: Link): void {
    const { tenant, node, credential = '', agent } = this.#options
    this.#link = link
    this.#goodbye = undefined
    const { oldest, deflating } = protocolVersions
    const versions = [oldest, this.#packer === undefined ? oldest : deflating] as const
    const key = typeof credential === 'string' ? credential : credential()
    const hello: Hello = { kind: 'hello', versions, features: knownFeatures, tenant, node, credential: key, agent }
    this.send(hello)
  }

  /** The connection has gone, or could not be made. */
  disconnected(): void {
    this.#link = undefined
    this.#welcome = undefined
    this.#failures += 1
    this.#stopHeartbeat?.()
    this.#byHandle.clear()
    this.#requests.clear()
    this.#behind.clear()
    this.#uploads = []
    for (const document of this.#documents) document.suspend()
    this.#options.onStatus?.()
  }

  receive(bytes: Uint8Array): void {
    if (this.#link === undefined) return
    try {
      this.#take(decodeServerFrame(bytes), bytes.length)
    } catch (error) {
      this.#options.onFault?.(error)
      this.#link?.close(1002)
    }
  }

  #take(frame: ServerFrame, size: number): void {
    switch (frame.kind) {
      case 'welcome':
        this.#greeted(frame)
        break
      case 'goodbye':
        this.#goodbye = frame
        break
      case 'ping':
        this.send({ kind: 'pong', nonce: frame.nonce })
        break
      case 'pong':
        break
      case 'subscribed':
        this.#subscribed(frame)
        break
      case 'refused':
        if (frame.batch === 0) this.#subscriptionRefused(frame)
        else this.#byHandle.get(frame.handle)?.refused(frame)
        break
      default:
        this.#takeFor(this.#byHandle.get(frame.handle), frame, size)
    }
  }

  #subscribed(frame: Subscribed): void {
    const document = this.#requests.get(frame.request)
    this.#requests.delete(frame.request)
    if (document === undefined || !this.#documents.has(document)) {
      this.send({ kind: 'unsubscribe', handle: frame.handle })
      if (document !== undefined) this.#subscribeBehind(document)
      return
    }
    if (!document.begin(this, frame)) {
      this.send({ kind: 'unsubscribe', handle: frame.handle })
      this.#subscribe(document)
      return
    }
    this.#byHandle.set(frame.handle, document)
    if (!document.followable) this.#leave(document)
  }

  #subscriptionRefused({ handle: request, code, message, retryAfterMs }: Refused): void {
    const document = this.#requests.get(request)
    this.#requests.delete(request)
    if (document === undefined) return
    this.#subscribeBehind(document)
    if (retryAfterMs === 0) document.fail(code as RefusalCode, message)
    else this.#subscribeLater(document, retryAfterMs)
  }

  /** Spread, because what was refused now was mostly refused to many. */
  #subscribeLater(document: FollowedDocument, afterMs: number): void {
    const link = this.#link
    const waitMs = afterMs + this.#options.random() * SUBSCRIBE_SPREAD_MS
    this.after(waitMs, () => {
      if (this.#link === link && this.#documents.has(document)) this.#subscribe(document)
    })
  }

  /** What is for a document that is not followed any more was on its way already. */
  #takeFor(document: FollowedDocument | undefined, frame: ForDocument, size: number): void {
    if (document === undefined) return
    switch (frame.kind) {
      case 'update':
        document.update(frame)
        document.taken(size)
        if (!document.followable) this.#leave(document)
        break
      case 'chunk':
        document.chunk(frame)
        document.taken(size)
        if (!document.followable) this.#leave(document)
        break
      case 'synced':
        document.synced(frame.version)
        if (!document.followable) this.#leave(document)
        break
      case 'ack':
        if (frame.level === 'stored') document.acknowledged(frame.batch)
        break
      case 'peers':
        document.peers(frame.peers)
        break
      case 'closed':
        this.#byHandle.delete(frame.handle)
        document.suspend()
        document.fail(frame.code as RefusalCode, frame.message)
        break
    }
  }

  #greeted(welcome: Welcome): void {
    if (this.#welcome !== undefined) throw new SessionRefusal('malformed', 'welcome comes once')
    const newest = this.#packer === undefined ? protocolVersions.oldest : protocolVersions.deflating
    if (welcome.version > newest) throw new SessionRefusal('unsupported_version', 'a version that was not offered')
    this.#welcome = welcome
    this.#failures = 0
    this.#beat(welcome.heartbeatMs)
    for (const document of this.#documents) if (document.followable) this.#subscribe(document)
    this.#options.onStatus?.()
  }

  #beat(everyMs: number): void {
    this.#stopHeartbeat = this.#options.scheduler.after(everyMs, () => {
      this.send({ kind: 'ping', nonce: 0 })
      this.#beat(everyMs)
    })
  }

  /** A request for a document was answered that nobody waits for any more. */
  #subscribeBehind({ options }: FollowedDocument): void {
    for (const document of this.#behind) {
      if (document.options.id !== options.id) continue
      this.#behind.delete(document)
      if (this.#documents.has(document)) this.#subscribe(document)
    }
  }

  #subscribe(document: FollowedDocument): void {
    const { id } = document.options
    for (const asked of this.#requests.values()) {
      if (asked.options.id !== id) continue
      // The server serves a document once per connection.
      this.#behind.add(document)
      return
    }
    this.#requestNumber += 1
    this.#requests.set(this.#requestNumber, document)
    this.send(document.request(this.#requestNumber, this.storeId))
  }

  send(frame: Frame): void {
    this.#link?.send(encodeFrame(frame))
  }

  upload(batch: Omit<Changes, 'kind' | 'payload'>, payload: Uint8Array): void {
    this.#uploads.push({ batch, payload, offset: 0 })
    if (this.#uploads.length === 1) this.#sendParts()
  }

  /** Sends parts while the connection takes them, so that a large batch neither fills memory nor holds up the rest. */
  #sendParts(): void {
    const [first] = this.#uploads
    const link = this.#link
    if (first === undefined || link === undefined) return
    if (link.waitingBytes <= this.frameBytesMax) {
      const { batch, payload, offset } = first
      const part = payload.subarray(offset, offset + this.frameBytesMax - frameOverheadBytes)
      this.send({ kind: 'upload', ...batch, total: payload.length, offset, payload: part })
      first.offset += part.length
      if (first.offset === payload.length) this.#uploads.shift()
      this.soon(() => this.#sendParts())
    } else this.after(PART_WAIT_MS, () => this.#sendParts())
  }

  soon(task: () => void): void {
    this.#options.scheduler.soon(task)
  }

  after(ms: number, task: () => void): () => void {
    return this.#options.scheduler.after(ms, task)
  }
}

/** Trying again does not help. */
const FINAL: ReadonlySet<string> = new Set<RefusalCode>(['unauthenticated', 'permission_denied', 'unsupported_version'])
