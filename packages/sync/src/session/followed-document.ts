/** A document on the client's side: follows the server's, and sends what is changed here. It lives across connections. */
import { CoreError, type FieldSpecs, SchemaDoc } from '@joinery/core'
import { Assembly } from './assembly.ts'
import type { DocumentSession, FollowedEvents, FollowedOptions, FollowState, Position } from './followed-types.ts'
import type { Chunk, From, Known, Peers, Refused, Subscribe, Subscribed, Update } from './frames.ts'
import { frameOverheadBytes } from './limits.ts'
import { Outbox, type Outgoing } from './outbox.ts'
import { type RefusalCode, SessionRefusal } from './refusal.ts'
import { Waiters } from './waiters.ts'

interface Part {
  readonly payload: Uint8Array
  /** Where the server's log is with it. */
  readonly position: Position
}

/** Documents of a megabyte arrive without a pause for credit. */
const WINDOW_BYTES = 2_097_152
/** A document that a client takes in one piece. */
const TRANSFER_BYTES_MAX = 268_435_456

export class FollowedDocument<S extends FieldSpecs = FieldSpecs> {
  readonly options: FollowedOptions<S>
  readonly #events: FollowedEvents
  #outbox: Outbox
  #doc: SchemaDoc<S> | undefined
  /** What has arrived of a document that is not whole yet. Nobody sees it, so that nobody writes to an old state of it. */
  #parts: Part[] = []
  #unsubscribe: (() => void) | undefined
  #session: DocumentSession | undefined
  #handle = 0
  #state: FollowState = 'connecting'
  #refusal: SessionRefusal | undefined
  /** Refused are changes only: what others change is still taken. */
  #sendsOnly = false
  #incarnationThere = ''
  /** What the server had of the own actor when the document was subscribed to. */
  #known: Known = { known: 0, knownCheck: 0 }
  #position: Position | undefined
  #transfer: Assembly | undefined
  #takenBytes = 0
  #window = 0
  #creditedBytes = 0
  #flushing = false
  #synced = false
  #holding = false
  /** The batch that is sent in parts. */
  #uploading = 0
  readonly #waiters = new Waiters<SchemaDoc<S>>()

  constructor(options: FollowedOptions<S>, events: FollowedEvents = {}) {
    this.options = options
    this.#events = events
    const { doc, actor, position } = options
    this.#position = position
    this.#outbox = new Outbox(actor.id, options.through ?? doc?.known(actor.id))
    if (doc !== undefined) this.#take(doc)
  }

  get state(): FollowState {
    return this.#state
  }

  /** Why the server refused. */
  get refusal(): SessionRefusal | undefined {
    return this.#refusal
  }

  /** Whether the server takes the document, though perhaps not what was changed here. */
  get followable(): boolean {
    return this.#refusal === undefined || this.#sendsOnly
  }

  /** The life of the document that the server has; empty before it said so, and where it has none. */
  get incarnationThere(): string {
    return this.#incarnationThere
  }

  /** How far in the server's log everything is here; undefined before it said so. */
  get position(): Position | undefined {
    return this.#position
  }

  /** Sends a change, in the order of the calls: see `FollowedOptions.offered`. */
  offer(change: Outgoing): void {
    if (this.#outbox.add(change)) this.#schedule()
    else this.#copied()
  }

  /** Forgets that something was refused, and sends it again. Answers false where the document has to be subscribed to first. */
  retry(): boolean {
    if (this.#refusal === undefined) return true
    this.#refusal = undefined
    const subscribed = this.#handle > 0 && this.#sendsOnly
    this.#become(subscribed && this.#synced ? 'live' : 'connecting')
    if (subscribed) this.#schedule()
    return subscribed
  }

  /** Changes made here that the server has not stored. */
  get pending(): number {
    return this.#outbox.pending
  }

  /** The last dot of the own actor that the server has stored, as far as it said. */
  get stored(): number {
    return this.#outbox.stored
  }

  /** The document; undefined before the server said what there is. */
  get doc(): SchemaDoc<S> | undefined {
    return this.#doc
  }

  get handle(): number {
    return this.#handle
  }

  /** Resolves with the document once it is known. Rejects with a `SessionRefusal`. */
  opened(): Promise<SchemaDoc<S>> {
    if (this.#doc !== undefined) return Promise.resolve(this.#doc)
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
    return this.#waiters.opened()
  }

  /** Resolves when all that was changed here until now is stored. Rejects with a `SessionRefusal`. */
  saved(): Promise<void> {
    const last = this.#doc?.known(this.#doc.actor.id) ?? 0
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
    if (last <= this.#outbox.stored) return Promise.resolve()
    return this.#waiters.saved(last)
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
    if (this.#doc === undefined) {
      this.#beginAnew()
      return { by: 'nothing' }
    }
    return { by: 'vector', incarnation: this.#doc.incarnation, entries: [...this.#doc.version().entries()] }
  }

  /** The server follows. Answers false when it has to be asked again, for all of the document. */
  begin(session: DocumentSession, frame: Subscribed): boolean {
    if (this.#parts.length > 0 && frame.incarnation !== this.#position?.incarnation) {
      this.#beginAnew()
      return false
    }
    this.#session = session
    this.#handle = frame.handle
    this.#incarnationThere = frame.incarnation
    this.#known = frame
    this.#takenBytes = 0
    this.#creditedBytes = 0
    this.#window = frame.window
    if (this.#doc !== undefined && frame.incarnation !== '' && frame.incarnation !== this.#doc.incarnation) {
      this.fail('incarnation_mismatch', 'the server has another life of this document')
      return true
    }
    if (frame.incarnation === '' && this.#doc === undefined) {
      this.#take(this.#make([]))
    }
    if (this.#doc !== undefined) this.#greet(this.#doc)
    this.#waiters.store(this.#outbox.stored)
    this.#flush()
    return true
  }

  /** What has arrived belongs to another store, or to another life. */
  #beginAnew(): void {
    this.#parts = []
    this.#position = undefined
  }

  #greet(doc: SchemaDoc<S>): void {
    if (!this.#outbox.begin(doc as SchemaDoc, this.#known)) this.#copied()
    else if (this.#synced) this.#tellKnown()
  }

  #copied(): void {
    this.fail('forked', 'the server has other changes of this actor: there is a copy of this storage')
  }

  /**
   * Only once all that the server has is here: the dots may be those of a copy of this storage, which the changes themselves show. Then
   * it was not ours that was stored.
   */
  #tellKnown(): void {
    if (this.followable && this.#refusal?.code !== 'forked') this.#events.onKnown?.(this.#known.known)
  }

  #make(parts: readonly Uint8Array[]): SchemaDoc<S> {
    const { actor, schema, types, newIncarnation, make } = this.options
    if (make !== undefined) return make(parts)
    const options = { actor, ...(schema && { schema }), ...(types && { types }) }
    if (parts.length > 0) return SchemaDoc.load<S>(parts, options)
    return new SchemaDoc<S>({ ...options, incarnation: newIncarnation?.() ?? '' })
  }

  /** The connection has gone, or the document is not followed over it any more. */
  suspend(): void {
    this.#session = undefined
    this.#handle = 0
    this.#synced = false
    this.#holding = false
    this.#uploading = 0
    if (this.#state === 'live') this.#become('connecting')
  }

  #take(doc: SchemaDoc<S>): void {
    this.#doc = doc
    if (this.options.offered !== true) {
      this.#unsubscribe = doc.subscribe(({ origin, header, bytes }) => {
        if (origin !== 'local' || header === undefined || bytes === undefined) return
        this.offer({ bytes, actor: header.actor, last: header.first + header.length - 1 })
        this.#events.onStatus?.()
      })
    }
    this.#waiters.open(doc)
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
      const { number, restart } = batch
      const payload = session.packer?.pack(batch.payload) ?? batch.payload
      const head = { handle: this.#handle, batch: number, tellReceived: false, restart }
      if (payload.length <= bytesMax) session.send({ kind: 'changes', ...head, payload })
      else {
        // Nothing overtakes it, and whatever is changed meanwhile gathers.
        this.#uploading = number
        session.upload(head, payload)
      }
    }
  }

  update({ version, payload: sent }: Pick<Update, 'version' | 'payload'>): void {
    const payload = this.#session?.packer?.unpack(sent, TRANSFER_BYTES_MAX) ?? sent
    if (this.#doc === undefined) this.#gather(payload, version)
    else this.#attempt(() => this.#apply(payload, version))
  }

  /** One document that cannot be taken is no reason to be without the others. */
  #attempt(task: () => void): void {
    try {
      task()
    } catch (error) {
      if (!(error instanceof CoreError)) throw error
      this.fail(refusalOf(error), error.message)
    }
  }

  #apply(payload: Uint8Array, version: number): void {
    this.#doc?.apply(payload)
    this.#advance(version)
    if (this.#position !== undefined) this.#events.onUpdate?.(payload, this.#position)
  }

  #gather(payload: Uint8Array, version: number): void {
    const bytes = this.#parts.reduce((sum, part) => sum + part.payload.length, payload.length)
    if (bytes > TRANSFER_BYTES_MAX) {
      throw new SessionRefusal('payload_too_large', `a document has at most ${TRANSFER_BYTES_MAX} bytes`)
    }
    this.#advance(version)
    if (this.#position !== undefined) this.#parts.push({ payload: payload.slice(), position: this.#position })
  }

  /** All at once: own changes among them are what its actor made before, not somebody else under its name. */
  #load(): void {
    const parts = this.#parts
    this.#parts = []
    const doc = this.#make(parts.map(({ payload }) => payload))
    // What was offered before belongs to no life that the server has; its keeper offers it anew.
    this.#outbox = new Outbox(this.options.actor.id)
    this.#take(doc)
    this.#greet(doc)
    for (const { payload, position } of parts) this.#events.onUpdate?.(payload, position)
  }

  #advance(version: number): void {
    const { storeId } = this.#session ?? {}
    const incarnation = this.#doc?.incarnation ?? this.#incarnationThere
    if (storeId !== undefined && incarnation !== '') {
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
    if (this.#takenBytes - this.#creditedBytes < this.#window / 2) return
    this.#creditedBytes = this.#takenBytes
    this.#session?.send({ kind: 'credit', handle: this.#handle, bytes: this.#takenBytes })
  }

  synced(version: number): void {
    if (this.#parts.length > 0) this.#attempt(() => this.#load())
    this.#advance(version)
    this.#synced = true
    this.#tellKnown()
    if (this.#refusal === undefined) this.#become('live')
  }

  peers(peers: Peers['peers']): void {
    this.#events.onPeers?.(peers)
  }

  acknowledged(batch: number): void {
    if (batch >= this.#uploading) this.#uploading = 0
    this.#tellStored(this.#outbox.acknowledgeBatch(batch))
    this.#flush()
    this.#events.onStatus?.()
  }

  refused({ batch, accepted, code, message, retryAfterMs, serverMicros }: Refused): void {
    this.#uploading = 0
    this.#events.onServerTime?.(serverMicros)
    this.#tellStored(this.#outbox.refused(batch, accepted))
    if (retryAfterMs === 0) {
      this.fail(code as RefusalCode, message)
      this.#sendsOnly = true
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
    this.#sendsOnly = false
    this.#refusal = new SessionRefusal(code, message)
    this.#waiters.fail(this.#refusal)
    this.#state = 'refused'
    // Also when something was refused before: it is another refusal.
    this.#events.onStatus?.()
  }

  close(): void {
    this.#unsubscribe?.()
    this.#waiters.fail(new SessionRefusal('timeout', 'the document was closed'))
  }

  #tellStored(changes: readonly Outgoing[]): void {
    if (changes.length > 0) this.#events.onStored?.(changes)
    this.#waiters.store(this.#outbox.stored)
  }

  #become(state: FollowState): void {
    if (this.#state === state) return
    this.#state = state
    this.#events.onStatus?.()
  }
}

function refusalOf({ code }: CoreError): RefusalCode {
  switch (code) {
    case 'CORE_INCARNATION_MISMATCH':
      return 'incarnation_mismatch'
    case 'CORE_ACTOR_FORKED':
    case 'CORE_ACTOR_REUSED':
      return 'forked'
    case 'CORE_FORMAT_UNSUPPORTED':
      return 'schema_mismatch'
    default:
      return 'malformed'
  }
}
