/**
 * The document service: every route of the HTTP API without HTTP. Requests on one document run one after the other; an answer
 * is given only when what it says is durable, and a request that is refused has changed nothing.
 */
import { type Actor, Doc } from '@joinery/core'
import {
  type DocumentHead,
  type DocumentKey,
  documentValue,
  type LogEntry,
  OperationError,
  putDocument,
  type Receipt,
  type Scheduler,
  type SessionLimits,
  type Store,
  type StoredSnapshot,
  StoreError,
  sessionLimits,
} from '@joinery/sync'
import { ServerError } from '../errors.ts'
import { LiveDocuments } from '../live/live-documents.ts'
import { news } from '../live/news.ts'
import { watchValues } from '../live/watch-values.ts'
import type { ServiceObserver } from '../metrics.ts'
import { nodeScheduler } from '../scheduler.ts'
import { Arrivals } from './arrivals.ts'
import { documentAttributes, loggedOperation, stateOf } from './attributes.ts'
import { authorView } from './author-view.ts'
import { Compactor } from './compactor.ts'
import { entriesOf, entryAttributes, entryOf, type Moment } from './entries.ts'
import { idsOf } from './ids.ts'
import { Library, noteArrival, type OpenDocument } from './library.ts'
import { type ServiceLimits, serviceLimits } from './limits.ts'
import { Lines } from './lines.ts'
import { firstHead, nextHead, type Outcome, outcomeOf } from './outcome.ts'
import { answered, receiptFor, receiptLine } from './receipts.ts'
import { checkSince, checkType, type Living, refuseSince, requireLiving, snapshotOf } from './since.ts'
import type {
  Caller,
  DocumentService,
  DocumentState,
  DocumentValue,
  Idempotency,
  LogAnswer,
  LogOptions,
  Operation,
  OpsAnswer,
  OpsRequest,
  PutRequest,
  Resident,
  Since,
  WatchOptions,
} from './types.ts'

export interface DocumentServiceOptions {
  readonly store: Store
  /** Stamps what comes in; see `serverActor`. */
  readonly actor: Actor
  /** A new random text of 96 bits or more. */
  readonly newIncarnation: () => string
  /** The wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly limits?: Partial<ServiceLimits>
  /** Time for what is live: presence, merging of updates. Node's by default. */
  readonly scheduler?: Scheduler
  readonly sessionLimits?: Partial<SessionLimits>
  /** Told of what is done, for metrics. */
  readonly observer?: ServiceObserver
  /** Told of failures that no request is refused for, such as that of a compaction. */
  readonly onWarning?: (message: string, cause: unknown) => void
}

/** Each attempt loses only to one that succeeded. */
const COMMIT_ATTEMPTS_MAX = 30

type WriteTask<A> = (opened: OpenDocument | undefined) => Promise<Outcome<A>>
type MakeReceipt<A> = (answer: A) => Receipt

class Service implements DocumentService {
  readonly #store: Store
  readonly #actor: Actor
  readonly #newIncarnation: () => string
  readonly #nowMs: () => number
  readonly #limits: ServiceLimits
  readonly #library: Library
  readonly #lines = new Lines()
  readonly #live: LiveDocuments
  readonly #onWarning: DocumentServiceOptions['onWarning']
  #unwatch: (() => void) | undefined
  readonly #compactor: Compactor
  readonly #observer: ServiceObserver | undefined
  #draining = false

  constructor(options: DocumentServiceOptions) {
    const { store, actor, newIncarnation, nowMs, limits, onWarning } = options
    this.#observer = options.observer
    this.#onWarning = onWarning
    this.#store = store
    this.#actor = actor
    this.#newIncarnation = newIncarnation
    this.#nowMs = nowMs
    this.#limits = { ...serviceLimits, ...limits }
    this.#library = new Library(store, actor, this.#limits, nowMs)
    this.#live = new LiveDocuments({
      store,
      scheduler: options.scheduler ?? nodeScheduler(nowMs),
      limits: { ...sessionLimits, ...options.sessionLimits },
      driftMsMax: this.#limits.clockDriftMsMax,
      observer: options.observer,
      newDocument: (incarnation) => new Doc({ actor, incarnation }),
      read: (key, task) => this.#lines.run(lineOf(key), async () => task(await this.#library.open(key))),
      commit: (key, task) => this.#lines.run(lineOf(key), () => this.#commit(undefined, key, task)),
    })
    this.#compactor = new Compactor({
      store,
      library: this.#library,
      limits: this.#limits,
      nowMs,
      onDone: (key, snapshot) => this.#compacted(key, snapshot),
      onWarning,
    })
    this.#sweepLater()
    this.#watch()
  }

  get storeId(): string {
    return this.#store.identity.storeId
  }

  /** Other processes write to the same data: what is kept here follows. */
  #watch(): void {
    this.#unwatch = this.#store.watch?.((event) => {
      const keys = event.type === 'commit' ? [event.key] : [...this.#library.keys(), ...this.#live.keys()]
      for (const key of keys) {
        this.#lines
          .run(lineOf(key), () => this.#followOthers(key))
          .catch((error: unknown) => this.#onWarning?.(`${key.id} could not be brought up to date`, error))
      }
    })
  }

  async #followOthers(key: DocumentKey): Promise<void> {
    const opened = this.#library.peek(key)
    if (opened === undefined && !this.#live.has(key)) return
    const head = await this.#store.head(key)
    if (head === undefined || head.version <= (opened?.head.version ?? -1)) return
    const entries = opened === undefined ? undefined : await this.#library.follow(opened, head)
    if (entries !== undefined) {
      this.#live.publish({ ...head, version: entries.at(-1)?.version ?? head.version }, { kind: 'append' }, entries)
      return
    }
    this.#library.drop(key)
    this.#live.jump(key, head)
  }

  /** Documents that nobody uses leave memory, also when nothing else happens. */
  #sweepLater(): void {
    this.#live.scheduler.after(this.#limits.residentIdleMsMax / 3, () => {
      this.#library.sweep()
      if (!this.#draining) this.#sweepLater()
    })
  }

  get resident(): Resident {
    return { documents: this.#library.size, bytes: this.#library.byteLength }
  }

  get live(): LiveDocuments {
    return this.#live
  }

  async put(caller: Caller, id: string, request: PutRequest): Promise<DocumentValue & { readonly created: boolean }> {
    return this.#write(caller, id, request.idempotency, async (opened) => {
      const { type, value } = request
      const created = opened?.doc === undefined
      if (opened?.doc !== undefined) checkType(opened, type)
      const doc = opened?.doc ?? this.#newDocument()
      const op: Operation = { type: 'put', value }
      const entry = entryOf(caller, doc, op, this.#moment(), (context) => putDocument(doc, type, value, context))
      return outcomeOf(opened, {
        doc,
        type,
        entries: [entry],
        answer: (state) => ({ ...state, value: documentValue(doc, type), created }),
      })
    })
  }

  async get(caller: Caller, id: string, options: { readonly ids?: boolean | undefined } = {}): Promise<DocumentValue> {
    return this.#read(caller, id, async ({ head, doc }) => {
      const { type } = documentAttributes(head)
      return { ...this.#state(head), value: documentValue(doc, type), ...(options.ids ? idsOf(doc, type) : {}) }
    })
  }

  async remove(caller: Caller, id: string, idempotency?: Idempotency): Promise<DocumentState> {
    return this.#write(caller, id, idempotency, async (opened) => {
      const { head, doc } = this.#require(opened, id)
      // What the tombstone keeps of the incarnation: exactly how much of it was seen when it ended.
      const change = new Uint8Array(Buffer.from(JSON.stringify(doc.version())))
      return {
        kind: 'end',
        doc: undefined,
        incarnation: head.incarnation,
        attributes: head.attributes,
        entries: [{ change, attributes: entryAttributes(caller, { type: 'delete' }, this.#moment()) }],
        answer: (state) => state,
      }
    })
  }

  async list(
    caller: Caller,
    options: { readonly prefix?: string | undefined; readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<{ readonly documents: readonly DocumentState[]; readonly cursor?: string }> {
    const { prefix, cursor, limit } = options
    const page = await this.#store.documents(caller.tenant, {
      limit,
      ...(prefix === undefined ? {} : { prefix }),
      ...(cursor === undefined ? {} : { cursor }),
    })
    const documents = page.items.map((head) => this.#state(head))
    return page.cursor === undefined ? { documents } : { documents, cursor: page.cursor }
  }

  async ops(caller: Caller, id: string, request: OpsRequest): Promise<OpsAnswer> {
    if (request.ops.length > this.#limits.requestOpsMax) {
      throw new ServerError('TOO_MANY_OPS', `${request.ops.length} operations, ${this.#limits.requestOpsMax} allowed`)
    }
    return this.#write(caller, id, request.idempotency, async (opened) => {
      const living = this.#forOps(opened, id, request)
      const { doc } = living
      const { type, since } = request
      const others =
        opened === undefined ? { ops: [], truncated: false } : await this.#others(caller, living, since.version)
      const view = await authorView(this.#library, living, since.version, request)
      const moment = this.#moment()
      const entries = request.ops.flatMap((op) => entriesOf(caller, doc, { type, op, view }, moment))
      // A request that may be repeated is remembered with the version it took, and a document begins with a change.
      if (entries.length === 0 && (request.idempotency !== undefined || opened === undefined)) {
        entries.push(entryOf(caller, doc, { type: 'none' }, moment, () => {}))
      }
      return outcomeOf(opened, {
        doc,
        type,
        entries,
        answer: (state) => ({
          ...state,
          ...(request.withoutSnapshot ? {} : { snapshot: documentValue(doc, type) }),
          ...(request.withIds ? idsOf(doc, type) : {}),
          ...others,
        }),
      })
    })
  }

  /** The document that operations go to: what is there, or a new one for an author who knows of none. */
  #forOps(opened: OpenDocument | undefined, id: string, { type, since }: OpsRequest): Living {
    if (opened === undefined && since.version === 0) {
      const doc = this.#newDocument()
      const key = { tenant: '', id }
      return { head: firstHead(key, doc, type), doc, arrivals: new Arrivals(), bytes: 0 }
    }
    const living = this.#require(opened, id)
    checkType(living, type)
    checkSince(living, since, this.storeId)
    return living
  }

  /** What other nodes did after a version. */
  async #others(caller: Caller, { head }: Living, since: number): Promise<Pick<OpsAnswer, 'ops' | 'truncated'>> {
    const limit = this.#limits.answerOpsMax
    const after = Math.max(since, documentAttributes(head).base, head.compactedVersion)
    const entries = since >= head.version ? [] : await this.#store.log(head.key, { after, limit })
    const last = entries.at(-1)
    const gap = entries[0] !== undefined && entries[0].version !== after + 1
    const more = gap || (last !== undefined && last.version < head.version)
    return {
      ops: entries.map(loggedOperation).filter(({ node }) => node !== caller.node),
      truncated: more || (head.compactedVersion > 0 && since < head.compactedVersion),
    }
  }

  async log(caller: Caller, id: string, options: LogOptions): Promise<LogAnswer> {
    const page = (living: Living): Promise<LogAnswer> => this.#page(living, options)
    const { waitMs = 0, signal } = options
    if (waitMs === 0) return this.#read(caller, id, page)
    const first = await this.#read(caller, id, async (living) => {
      const answer = await page(living)
      return { answer, document: answer.ops.length === 0 ? this.#live.follow(living) : undefined }
    })
    const { document } = first
    if (document === undefined) return first.answer
    await news(document, { after: first.answer.version, scheduler: this.#live.scheduler, waitMs, signal })
    document.release()
    return this.#read(caller, id, page)
  }

  async #page(living: Living, options: LogOptions): Promise<LogAnswer> {
    const { head } = living
    checkSince(living, options.since, this.storeId)
    const since = Math.max(options.since.version, documentAttributes(head).base)
    if (since < head.compactedVersion) refuseSince('SINCE_COMPACTED', living, this.storeId)
    const entries = await this.#store.log(head.key, { after: since, limit: options.limit })
    // History is folded beside this.
    const gap = since < head.version && entries[0]?.version !== since + 1
    if (gap) refuseSince('SINCE_COMPACTED', living, this.storeId)
    const last = entries.at(-1)
    const answer = { ...this.#state(head), ops: entries.map(loggedOperation) }
    return last !== undefined && last.version < head.version ? { ...answer, next: last.version } : answer
  }

  watch(caller: Caller, id: string, { since, onEvent }: WatchOptions): Promise<() => void> {
    return this.#read(caller, id, async (living) => {
      const past = since && (await this.#valueAt(living, since))
      return watchValues(this.#live.follow(living), {
        past,
        onEvent,
        scheduler: this.#live.scheduler,
        // In the line already for the first, and later whenever there is news.
        now: this.#valueOf(living),
        read: () => this.#read(caller, id, async (now) => this.#valueOf(now)),
      })
    })
  }

  #valueOf({ head, doc }: Living): DocumentValue {
    return { ...this.#state(head), value: documentValue(doc, documentAttributes(head).type) }
  }

  /** The value as it was at a version of this life and store; undefined when it is not known any more. */
  async #valueAt({ head }: Living, since: Since): Promise<DocumentValue | undefined> {
    const { base, type } = documentAttributes(head)
    const { version, storeId, incarnation } = since
    if (storeId !== this.storeId || incarnation !== head.incarnation || version <= base) return undefined
    const past = version > head.version ? undefined : await this.#library.at(head, version)
    if (past?.doc === undefined) return undefined
    return { ...this.#state({ ...head, version }), value: documentValue(past.doc, type) }
  }

  async tenantLog(
    caller: Caller,
    options: { readonly since: number; readonly limit: number },
  ): ReturnType<DocumentService['tenantLog']> {
    const entries = await this.#store.tenantLog(caller.tenant, { after: options.since, limit: options.limit })
    const ops = entries.map((entry) => ({
      position: entry.position,
      id: entry.key.id,
      incarnation: entry.incarnation,
      ...loggedOperation(entry),
    }))
    const storeId = this.storeId
    const last = ops.at(-1)
    return last !== undefined && ops.length === options.limit ? { storeId, ops, next: last.position } : { storeId, ops }
  }

  async drain(): Promise<void> {
    this.#draining = true
    this.#live.draining = true
    this.#unwatch?.()
    await this.#lines.idle()
    await this.#compactor.idle()
  }

  #state(head: DocumentHead): DocumentState {
    return stateOf(head, this.storeId)
  }

  #moment(): Moment {
    return { nowMs: this.#nowMs(), driftMsMax: this.#limits.clockDriftMsMax }
  }

  #require(opened: OpenDocument | undefined, id: string): Living {
    return requireLiving(opened, id, this.storeId)
  }

  #newDocument(): Doc {
    return new Doc({ actor: this.#actor, incarnation: this.#newIncarnation() })
  }

  /** Runs in the document's line: what it shows is durable, because writes commit before they leave the line. */
  #read<A>(caller: Caller, id: string, task: (living: Living) => Promise<A>): Promise<A> {
    const key = { tenant: caller.tenant, id }
    return this.#lines.run(lineOf(key), async () => task(this.#require(await this.#library.open(key), id)))
  }

  #write<A>(caller: Caller, id: string, idempotency: Idempotency | undefined, task: WriteTask<A>): Promise<A> {
    if (this.#draining) throw new ServerError('SHUTTING_DOWN', 'the server is stopping')
    const key = { tenant: caller.tenant, id }
    const receipt: MakeReceipt<A> | undefined = idempotency && ((answer) => this.#receipt(caller, idempotency, answer))
    const inLine = (): Promise<A> => this.#lines.run(lineOf(key), () => this.#commit(receipt, key, task))
    if (idempotency === undefined) return inLine()
    return this.#lines.run(receiptLine(caller, idempotency), async () => {
      const before = await answered(this.#store, caller, idempotency, this.#nowMs())
      return before === undefined ? inLine() : (before.answer as A)
    })
  }

  #receipt(caller: Caller, idempotency: Idempotency, answer: unknown): Receipt {
    const expiry = { nowMs: this.#nowMs(), receiptMsMax: this.#limits.receiptMsMax }
    return receiptFor(caller, idempotency, answer, expiry)
  }

  /** Makes a step again where another process has written first: the document is loaded anew, with what that wrote. */
  async #commit<A>(receipt: MakeReceipt<A> | undefined, key: DocumentKey, task: WriteTask<A>): Promise<A> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#commitOnce(receipt, key, task)
      } catch (error) {
        const overtaken = error instanceof StoreError && error.code === 'STORE_CONFLICT'
        if (!overtaken || attempt === COMMIT_ATTEMPTS_MAX) throw error
        this.#observer?.conflict()
      }
    }
  }

  async #commitOnce<A>(receipt: MakeReceipt<A> | undefined, key: DocumentKey, task: WriteTask<A>): Promise<A> {
    const opened = await this.#library.open(key)
    try {
      const outcome = await task(opened)
      const head = nextHead(opened?.head, key, outcome)
      const answer = outcome.answer(this.#state(head))
      if (outcome.entries.length === 0) return answer
      const startedMs = this.#nowMs()
      const stored = await this.#store.commit({
        key,
        expectedVersion: opened?.head.version ?? 0,
        kind: outcome.kind,
        incarnation: outcome.incarnation,
        attributes: outcome.attributes,
        entries: outcome.entries,
        ...(receipt === undefined ? {} : { receipt: receipt(answer) }),
      })
      const door = outcome.sources === undefined ? 'http' : 'session'
      this.#observer?.stored(door, stored.length, (this.#nowMs() - startedMs) / 1000)
      this.#keep(opened, head, outcome, stored)
      return answer
    } catch (error) {
      // Memory may be ahead of the store now: the next request loads the document again.
      this.#library.drop(key)
      throw await this.#refusal(error, key)
    }
  }

  /** What the caller is told: a `since` that is too old comes with the document as it is. */
  async #refusal(error: unknown, key: DocumentKey): Promise<unknown> {
    const refusal = asServerError(error)
    if (!(refusal instanceof ServerError) || refusal.code !== 'SINCE_COMPACTED') return refusal
    const opened = await this.#library.open(key)
    const extra = opened?.doc === undefined ? {} : snapshotOf({ ...opened, doc: opened.doc }, this.storeId)
    return new ServerError('SINCE_COMPACTED', refusal.message, { cause: error, extra })
  }

  /** Takes the document in its new state into memory, and tells those who follow it. */
  #keep<A>(
    opened: OpenDocument | undefined,
    head: DocumentHead,
    outcome: Outcome<A>,
    stored: readonly LogEntry[],
  ): void {
    this.#live.publish(head, outcome, stored)
    if (outcome.kind === 'end') {
      // What is kept of it is what the store says.
      this.#library.drop(head.key)
      return
    }
    const begins = outcome.kind === 'begin'
    const arrivals = begins ? new Arrivals() : (opened?.arrivals ?? new Arrivals())
    for (const [i, entry] of stored.entries()) noteArrival(arrivals, entry, outcome.headers?.[i])
    const added = stored.reduce((sum, { change }) => sum + change.length, 0)
    const bytes = begins ? added : (opened?.bytes ?? 0) + added
    this.#library.keep({ head, doc: outcome.doc, arrivals, bytes })
    this.#compactor.consider(head)
  }

  /** The history of a document was folded into a snapshot. */
  #compacted(key: DocumentKey, snapshot: StoredSnapshot): void {
    this.#observer?.compacted()
    void this.#lines.run(lineOf(key), async () => this.#library.compacted(key, snapshot))
  }
}

export function createDocumentService(options: DocumentServiceOptions): DocumentService {
  return new Service(options)
}

function lineOf({ tenant, id }: DocumentKey): string {
  return JSON.stringify(['document', tenant, id])
}

function asServerError(error: unknown): unknown {
  return error instanceof OperationError
    ? new ServerError(error.code, error.message, { cause: error, extra: { ...error.extra } })
    : error
}
