/** A document on the client's side: follows the server's, and sends what is changed here. It lives across connections. */
import { type Actor, Doc, type FieldSpecs, type Schema } from '@joinery/core'
import { Assembly } from './assembly.ts'
import type { Changes, Chunk, Frame, From, Peers, Refused, Subscribe, Subscribed, Update } from './frames.ts'
import { frameOverheadBytes } from './limits.ts'
import { Outbox } from './outbox.ts'
import { type RefusalCode, SessionRefusal } from './refusal.ts'

/** What a document needs of the session it belongs to. */
export interface DocumentSession {
  readonly storeId: string
  readonly frameBytesMax: number
  send(frame: Frame): void
  /** Sends a batch in parts, between which other frames may go. */
  upload(batch: Omit<Changes, 'kind' | 'payload'>, payload: Uint8Array): void
  soon(task: () => void): void
  after(ms: number, task: () => void): () => void
}

export type FollowState =
  /** Without a connection, or catching up. */
  | 'connecting'
  /** Everything that the server has is here. */
  | 'live'
  /** The server does not take it: see `refusal`. */
  | 'refused'

export interface FollowedOptions<S extends FieldSpecs> {
  readonly id: string
  /** Type of the document as the server knows it. */
  readonly type: string
  readonly actor: Actor
  readonly schema?: Schema<S>
  /** What is here already. */
  readonly doc?: Doc<S>
  /** Names the life of the document if it begins here. */
  readonly newIncarnation: () => string
  /** Bytes the server may send ahead. */
  readonly windowBytes?: number
}

export interface FollowedEvents {
  /** The state, or the count of pending changes, is another. */
  onStatus?: () => void
  onPeers?: (peers: Peers['peers']) => void
}

const WINDOW_BYTES = 1_048_576
/** A document that a client takes in one piece. */
const TRANSFER_BYTES_MAX = 268_435_456

export class FollowedDocument<S extends FieldSpecs = FieldSpecs> {
  readonly options: FollowedOptions<S>
  readonly #events: FollowedEvents
  readonly #outbox = new Outbox()
  #doc: Doc<S> | undefined
  #unsubscribe: (() => void) | undefined
  #session: DocumentSession | undefined
  #handle = 0
  #state: FollowState = 'connecting'
  #refusal: SessionRefusal | undefined
  #position: Extract<From, { by: 'position' }> | undefined
  #transfer: Assembly | undefined
  #takenBytes = 0
  #creditedBytes = 0
  #flushing = false
  #holding = false
  /** The batch that is sent in parts. */
  #uploading = 0
  #waiting: { readonly last: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  #opened: { readonly resolve: (doc: Doc<S>) => void; readonly reject: (error: Error) => void }[] = []

  constructor(options: FollowedOptions<S>, events: FollowedEvents = {}) {
    this.options = options
    this.#events = events
    if (options.doc !== undefined) this.#take(options.doc)
  }

  get state(): FollowState {
    return this.#state
  }

  /** Why the server refused. */
  get refusal(): SessionRefusal | undefined {
    return this.#refusal
  }

  /** Changes made here that the server has not stored. */
  get pending(): number {
    return this.#outbox.pending
  }

  /** The document; undefined before the server said what there is. */
  get doc(): Doc<S> | undefined {
    return this.#doc
  }

  get handle(): number {
    return this.#handle
  }

  /** Resolves with the document once it is known. Rejects with a `SessionRefusal`. */
  opened(): Promise<Doc<S>> {
    if (this.#doc !== undefined) return Promise.resolve(this.#doc)
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
    return new Promise((resolve, reject) => this.#opened.push({ resolve, reject }))
  }

  /** Resolves when all that was changed here until now is stored. Rejects with a `SessionRefusal`. */
  saved(): Promise<void> {
    const last = this.#doc?.known(this.#doc.actor.id) ?? 0
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
    if (last <= this.#outbox.stored) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ last, resolve, reject }))
  }

  /** Tells others in the document of oneself; empty: gone. */
  present(state: Uint8Array): void {
    if (this.#session !== undefined && this.#handle > 0) {
      this.#session.send({ kind: 'presence', handle: this.#handle, state })
    }
  }

  /** What to ask for over a new connection. */
  request(number: number, storeId: string): Subscribe {
    const { id, type, actor, windowBytes = WINDOW_BYTES } = this.options
    return {
      kind: 'subscribe',
      request: number,
      id,
      type,
      actor: actor.id,
      window: windowBytes,
      from: this.#from(storeId),
      resume: this.#transfer && { transfer: this.#transfer.name, offset: this.#transfer.offset },
    }
  }

  #from(storeId: string): From {
    if (this.#position?.storeId === storeId) return this.#position
    if (this.#doc === undefined) return { by: 'nothing' }
    return { by: 'vector', incarnation: this.#doc.incarnation, entries: [...this.#doc.version().entries()] }
  }

  begin(session: DocumentSession, frame: Subscribed): void {
    this.#session = session
    this.#handle = frame.handle
    this.#takenBytes = 0
    this.#creditedBytes = 0
    if (this.#doc !== undefined && frame.incarnation !== '' && frame.incarnation !== this.#doc.incarnation) {
      this.fail('incarnation_mismatch', 'the server has another life of this document')
      return
    }
    if (frame.incarnation === '' && this.#doc === undefined) {
      const { actor, schema, newIncarnation } = this.options
      const options = { actor, incarnation: newIncarnation() }
      this.#take(new Doc<S>(schema === undefined ? options : { ...options, schema }))
    }
    if (this.#doc !== undefined) this.#outbox.begin(this.#doc as Doc, frame.known)
    this.#settleSaved()
    this.#flush()
  }

  /** The connection has gone. */
  suspend(): void {
    this.#session = undefined
    this.#handle = 0
    this.#holding = false
    this.#uploading = 0
    if (this.#state === 'live') this.#become('connecting')
  }

  #take(doc: Doc<S>): void {
    this.#doc = doc
    this.#unsubscribe = doc.subscribe(({ origin, header, bytes }) => {
      if (origin !== 'local' || header === undefined || bytes === undefined) return
      this.#outbox.add(bytes, header.first + header.length - 1)
      this.#schedule()
      this.#events.onStatus?.()
    })
    for (const { resolve } of this.#opened.splice(0)) resolve(doc)
  }

  #schedule(): void {
    if (this.#flushing || this.#session === undefined) return
    this.#flushing = true
    this.#session.soon(() => {
      this.#flushing = false
      this.#flush()
    })
  }

  #flush(): void {
    const session = this.#session
    if (session === undefined || this.#holding || this.#refusal !== undefined || this.#doc === undefined) return
    const bytesMax = session.frameBytesMax - frameOverheadBytes
    while (this.#uploading === 0) {
      const batch = this.#outbox.next(bytesMax)
      if (batch === undefined) return
      const { number, payload, restart } = batch
      const head = { handle: this.#handle, batch: number, tellReceived: false, restart }
      if (payload.length <= bytesMax) session.send({ kind: 'changes', ...head, payload })
      else {
        // Nothing overtakes it, and whatever is changed meanwhile gathers.
        this.#uploading = number
        session.upload(head, payload)
      }
    }
  }

  update({ version, payload }: Pick<Update, 'version' | 'payload'>): void {
    this.#apply(payload)
    this.#advance(version)
  }

  #apply(payload: Uint8Array): void {
    if (this.#doc !== undefined) {
      this.#doc.apply(payload)
      return
    }
    const { actor, schema } = this.options
    this.#take(Doc.load<S>(payload, schema === undefined ? { actor } : { actor, schema }))
    const { doc } = this
    if (doc !== undefined) this.#outbox.begin(doc as Doc, doc.known(actor.id))
  }

  #advance(version: number): void {
    const { storeId } = this.#session ?? {}
    const incarnation = this.#doc?.incarnation
    if (storeId !== undefined && incarnation !== undefined) {
      this.#position = { by: 'position', storeId, incarnation, version }
    }
  }

  chunk(frame: Chunk): void {
    const { transfer, total, version } = frame
    // Another transfer than before: what the old one brought is no use any more.
    if (this.#transfer?.name !== transfer || frame.offset === 0) {
      this.#transfer = new Assembly(transfer, total, TRANSFER_BYTES_MAX)
    }
    const assembly = this.#transfer
    assembly.add(frame)
    if (assembly.isWhole) {
      this.#transfer = undefined
      this.update({ version, payload: assembly.bytes })
    } else this.#events.onStatus?.()
  }

  /** How much of a large document is here, while it is under way. */
  get progress(): { readonly bytes: number; readonly total: number } | undefined {
    return this.#transfer && { bytes: this.#transfer.offset, total: this.#transfer.bytes.length }
  }

  /** Counts what was taken, and lets the server send more when half of the window is used. */
  taken(bytes: number): void {
    this.#takenBytes += bytes
    const { windowBytes = WINDOW_BYTES } = this.options
    if (this.#takenBytes - this.#creditedBytes < windowBytes / 2) return
    this.#creditedBytes = this.#takenBytes
    this.#session?.send({ kind: 'credit', handle: this.#handle, bytes: this.#takenBytes })
  }

  synced(version: number): void {
    this.#advance(version)
    this.#become('live')
  }

  peers(peers: Peers['peers']): void {
    this.#events.onPeers?.(peers)
  }

  acknowledged(batch: number): void {
    if (batch >= this.#uploading) this.#uploading = 0
    this.#outbox.acknowledgeBatch(batch)
    this.#settleSaved()
    this.#flush()
    this.#events.onStatus?.()
  }

  refused({ batch, accepted, code, message, retryAfterMs }: Refused): void {
    this.#uploading = 0
    this.#outbox.refused(batch, accepted)
    this.#settleSaved()
    if (retryAfterMs === 0) {
      this.fail(code as RefusalCode, message)
      return
    }
    this.#holding = true
    this.#session?.after(retryAfterMs, () => {
      this.#holding = false
      this.#flush()
    })
  }

  /** The server does not take this document, or a change of it. What is here stays. */
  fail(code: RefusalCode, message: string): void {
    this.#refusal = new SessionRefusal(code, message)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#refusal)
    for (const { reject } of this.#opened.splice(0)) reject(this.#refusal)
    this.#become('refused')
  }

  close(): void {
    this.#unsubscribe?.()
    const refusal = new SessionRefusal('timeout', 'the document was closed')
    for (const { reject } of this.#waiting.splice(0)) reject(refusal)
    for (const { reject } of this.#opened.splice(0)) reject(refusal)
  }

  #settleSaved(): void {
    const { stored } = this.#outbox
    const done = this.#waiting.filter(({ last }) => last <= stored)
    if (done.length === 0) return
    this.#waiting = this.#waiting.filter(({ last }) => last > stored)
    for (const { resolve } of done) resolve()
  }

  #become(state: FollowState): void {
    if (this.#state === state) return
    this.#state = state
    this.#events.onStatus?.()
  }
}
