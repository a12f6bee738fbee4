/**
 * One document on one connection, seen from the server: what was sent, what the client may still be sent, and what comes next.
 * It holds a version and at most one payload that is under way, so a client that does not read costs nothing that grows.
 */
import type { Packer } from './compression.ts'
import { encodeFrame } from './encode-frame.ts'
import type { FeedUpdate, Follower } from './feed.ts'
import type { From, Subscribe } from './frames.ts'
import { frameOverheadBytes, type SessionLimits } from './limits.ts'
import type { CatchUp, HostedDocument } from './ports.ts'
import type { RefusalCode } from './refusal.ts'

/** What a channel asks of its session. */
export interface ChannelOwner {
  readonly storeId: string
  readonly limits: SessionLimits
  /** Present where the client takes deflated payloads. */
  readonly packer: Packer | undefined
  /** The channel has something to send. */
  ready(channel: Channel): void
  /** So many bytes were put together for a subscriber. */
  prepared(bytes: number): void
  failed(channel: Channel, error: unknown): void
  ended(channel: Channel, code: RefusalCode, message: string): void
}

interface Transfer extends CatchUp {
  offset: number
}

export class Channel implements Follower {
  readonly document: HostedDocument
  readonly request: Subscribe
  readonly #owner: ChannelOwner
  readonly #unfollow: () => void
  /** What the client has been sent. */
  #version = -1
  #transfer: Transfer | undefined
  #catchingUp = false
  /** What was there when the client came. */
  #wanted = 0
  #synced = false
  /** Bytes that may be under way. */
  readonly window: number
  #sentBytes = 0
  #takenBytes = 0
  /** A batch was refused: those behind it are passed over until the client begins again. */
  broken = false
  /** How often the client began again. What becomes of batches from before that does not concern it any more. */
  restarts = 0

  constructor(document: HostedDocument, request: Subscribe, owner: ChannelOwner) {
    this.document = document
    this.request = request
    this.#owner = owner
    this.window = Math.min(Math.max(request.window, owner.limits.frameBytesMax), owner.limits.windowBytesMax)
    this.#unfollow = document.feed.follow(this)
  }

  get handle(): number {
    return this.document.handle
  }

  /** Whether these changes are its own client's. */
  isSource(source: object | undefined): boolean {
    return source === this
  }

  start(): void {
    if (this.document.incarnation === '') {
      this.#version = this.document.feed.version
      this.wake()
      return
    }
    this.#wanted = this.document.feed.version
    this.#catchUp(this.request.from, this.request.resume?.transfer)
  }

  stop(): void {
    this.#unfollow()
    this.document.release()
  }

  wake(): void {
    this.#owner.ready(this)
  }

  ended(code: RefusalCode, message: string): void {
    this.#owner.ended(this, code, message)
  }

  /** The client took so many bytes in all. */
  credit(bytes: number): void {
    if (bytes <= this.#takenBytes || bytes > this.#sentBytes) return
    this.#takenBytes = bytes
    this.wake()
  }

  #catchUp(from: From, resume?: string): void {
    if (this.#catchingUp) return
    this.#catchingUp = true
    this.document.catchUp(from, plainName(resume)).then(
      (plain) => {
        this.#catchingUp = false
        this.#owner.prepared(plain.payload.length)
        const catchUp = this.#packed(plain)
        const offset = resume === catchUp.transfer ? (this.request.resume?.offset ?? 0) : 0
        if (offset < catchUp.payload.length) this.#transfer = { ...catchUp, offset }
        else this.#version = catchUp.version
        this.wake()
      },
      (error: unknown) => this.#owner.failed(this, error),
    )
  }

  /** As it travels. What is deflated is named as such: it is other bytes. */
  #packed<T extends { readonly payload: Uint8Array; readonly transfer: string }>(plain: T): T {
    const payload = this.#owner.packer?.pack(plain.payload) ?? plain.payload
    if (payload === plain.payload) return plain
    return { ...plain, payload, transfer: plain.transfer === '' ? '' : plain.transfer + PACKED }
  }

  /** The next frame that may be sent now. */
  next(): Uint8Array | undefined {
    if (this.#catchingUp || this.#sentBytes - this.#takenBytes >= this.window) return undefined
    if (this.#transfer !== undefined) return this.#counted(this.#nextOf(this.#transfer))
    if (!this.#synced && this.#version >= this.#wanted) {
      this.#synced = true
      return encodeFrame({ kind: 'synced', handle: this.handle, version: this.#version })
    }
    return this.#nextUpdate()
  }

  #nextUpdate(): Uint8Array | undefined {
    const { feed, incarnation } = this.document
    while (this.#version < feed.version) {
      const update = feed.after(this.#version)
      if (update === undefined) {
        const { storeId } = this.#owner
        this.#catchUp({ by: 'position', storeId, incarnation, version: this.#version })
        return undefined
      }
      this.#version = update.to
      if (this.isSource(update.source)) continue
      const name = `${incarnation}/${update.from}-${update.to}`
      const { payload, transfer } = this.#packed({ payload: update.payload, transfer: name })
      if (payload.length <= this.#chunkBytes) return this.#counted(frameOf(update, payload, this.handle))
      this.#transfer = { payload, version: update.to, transfer, offset: 0 }
      return this.#counted(this.#nextOf(this.#transfer))
    }
    return undefined
  }

  get #chunkBytes(): number {
    return this.#owner.limits.frameBytesMax - frameOverheadBytes
  }

  #nextOf(transfer: Transfer): Uint8Array {
    const { handle } = this
    const { payload, version, offset } = transfer
    const total = payload.length
    const to = Math.min(total, offset + this.#chunkBytes)
    const part = payload.subarray(offset, to)
    transfer.offset = to
    if (to === total) {
      this.#transfer = undefined
      this.#version = version
    }
    if (part.length === total) return encodeFrame({ kind: 'update', handle, version, payload })
    return encodeFrame({ kind: 'chunk', handle, version, transfer: transfer.transfer, total, offset, payload: part })
  }

  #counted(frame: Uint8Array): Uint8Array {
    this.#sentBytes += frame.length
    return frame
  }
}

/** Behind the name of a transfer that was deflated. */
const PACKED = '~deflated'

function plainName(transfer: string | undefined): string | undefined {
  return transfer?.endsWith(PACKED) ? transfer.slice(0, -PACKED.length) : transfer
}

/** Frames of updates, by payload: everybody who follows a document gets the same bytes. */
const frames = new WeakMap<Uint8Array, Uint8Array>()

function frameOf(update: FeedUpdate, payload: Uint8Array, handle: number): Uint8Array {
  const known = frames.get(payload)
  if (known !== undefined) return known
  const frame = encodeFrame({ kind: 'update', handle, version: update.to, payload })
  frames.set(payload, frame)
  return frame
}
