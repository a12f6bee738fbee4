/**
 * The document service: every route of the HTTP API without HTTP. Requests on one document run one after the other; an answer
 * is given only when what it says is durable, and a request that is refused has changed nothing.
 */
import { type Actor, Doc } from '@joinery/core'
import { type Scheduler, type SessionLimits, type Store, sessionLimits } from '@joinery/sync'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { ServerError } from '../errors.ts'
import { LiveDocuments } from '../live/live-documents.ts'
import { type MeasureOptions, measure } from '../metrics/measure.ts'
import { observedStore } from '../metrics/observed-store.ts'
import type { OperationName, ServiceObserver } from '../metrics/observer.ts'
import { Gate } from '../policy/gate.ts'
import type { Policy } from '../policy/policy.ts'
import { operating, putting, reading } from '../policy/requests.ts'
import { Committer } from './committer.ts'
import { Compactor } from './compactor.ts'
import { type Folded, type FoldOptions, foldAll } from './fold-all.ts'
import { Library } from './library.ts'
import { type ServiceLimits, serviceLimits } from './limits.ts'
import { Lines, lineOf } from './lines.ts'
import { followOtherOwners } from './other-owners.ts'
import { Reader } from './reader.ts'
import type {
  Backlog,
  Caller,
  DocumentListAnswer,
  DocumentListOptions,
  DocumentService,
  DocumentState,
  DocumentValue,
  GetOptions,
  Idempotency,
  LogAnswer,
  LogOptions,
  OpsAnswer,
  OpsRequest,
  PutAnswer,
  PutRequest,
  Resident,
  TenantLogAnswer,
  TenantLogOptions,
  WatchOptions,
} from './types.ts'
import { Writer } from './writer.ts'

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
  /** Who may do what; within their tenant everything, by default. */
  readonly policy?: Policy
  /** Told of what is done, for metrics. */
  readonly observer?: ServiceObserver
  /** Told of failures that no request is refused for, such as that of a compaction. */
  readonly onWarning?: (message: string, cause: unknown) => void
}

/** What a service is made of. */
interface Parts {
  readonly lines: Lines
  readonly library: Library
  readonly live: LiveDocuments
  readonly reader: Reader
  readonly writer: Writer
  readonly compactor: Compactor
  readonly gate: Gate
}

function assemble(options: DocumentServiceOptions, limits: ServiceLimits): Parts {
  const { actor, newIncarnation, nowMs, observer, onWarning } = options
  const store = observer === undefined ? options.store : observedStore(options.store, { observer, nowMs })
  const lines = new Lines()
  const library = new Library(store, actor, limits, nowMs)
  const scheduler = options.scheduler ?? nodeScheduler(nowMs)
  const liveLimits = { ...sessionLimits, ...options.sessionLimits }
  const gate = new Gate({
    policy: options.policy,
    after: (ms, task) => scheduler.after(ms, task),
    policyMsMax: limits.policyMsMax,
    retryAfterMs: liveLimits.retryAfterMs,
    onFailure: (error) => onWarning?.('the policy failed', error),
  })
  const live = new LiveDocuments({
    store,
    gate,
    scheduler,
    limits: liveLimits,
    driftMsMax: limits.clockDriftMsMax,
    observer,
    newDocument: (incarnation) => new Doc({ actor, incarnation }),
    find: (key, task) =>
      lines.run(lineOf(key), async () => {
        const found = await library.find(key)
        // What is served as it is stored should be folded by then, also where nobody writes any more.
        if (found?.opened === undefined && found?.head.deleted === false) compactor.consider(found.head)
        return task(found)
      }),
    commit: (key, task) => lines.run(lineOf(key), () => committer.commit(key, task)),
  })
  const compactor = new Compactor({
    store,
    library,
    limits,
    nowMs,
    onDone(key, snapshot) {
      observer?.compacted()
      void lines.run(lineOf(key), async () => library.compacted(key, snapshot))
    },
    onFailed: () => observer?.compactionFailed(),
    onWarning,
  })
  const onStored: Compactor['consider'] = (head) => compactor.consider(head)
  const committer = new Committer({ store, library, lines, live, limits, nowMs, observer, onStored })
  const reader = new Reader({ store, library, lines, live, gate })
  const writer = new Writer({ store, library, committer, limits, actor, newIncarnation, nowMs, observer })
  return { lines, library, live, reader, writer, compactor, gate }
}

class Service implements DocumentService {
  readonly storeId: string
  readonly #store: Store
  readonly #parts: Parts
  readonly #limits: ServiceLimits
  readonly #options: MeasureOptions
  readonly #unwatch: () => void
  #draining = false

  constructor(options: DocumentServiceOptions) {
    this.#store = options.store
    this.storeId = options.store.identity.storeId
    this.#options = { observer: options.observer, nowMs: options.nowMs }
    this.#limits = { ...serviceLimits, ...options.limits }
    this.#parts = assemble(options, this.#limits)
    this.#sweepLater()
    this.#unwatch = followOtherOwners({ ...this.#parts, store: options.store, onWarning: options.onWarning })
  }

  /** Documents that nobody uses leave memory, also when nothing else happens. */
  #sweepLater(): void {
    const { live, library, compactor } = this.#parts
    live.scheduler.after(this.#limits.residentIdleMsMax / 3, () => {
      library.sweep()
      live.sweep()
      compactor.sweep()
      if (!this.#draining) this.#sweepLater()
    })
  }

  get resident(): Resident {
    const { library } = this.#parts
    return { documents: library.size, bytes: library.byteLength }
  }

  get backlog(): Backlog {
    const { lines, compactor } = this.#parts
    return { tasks: lines.tasks, compactions: compactor.waiting }
  }

  get live(): LiveDocuments {
    return this.#parts.live
  }

  put(caller: Caller, id: string, request: PutRequest): Promise<PutAnswer> {
    return this.#measure('put', async () => {
      await this.#parts.gate.require(putting(caller, id, request))
      return this.#writing().put(caller, id, request)
    })
  }

  remove(caller: Caller, id: string, idempotency?: Idempotency): Promise<DocumentState> {
    return this.#measure('delete', async () => {
      await this.#parts.gate.require({ action: 'delete', principal: caller, document: id, door: 'http' })
      return this.#writing().remove(caller, id, idempotency)
    })
  }

  ops(caller: Caller, id: string, request: OpsRequest): Promise<OpsAnswer> {
    const { gate } = this.#parts
    return this.#measure('apply', async () => {
      // The answer shows the document, and what others did to it.
      await gate.require(reading(caller, id, 'http'))
      await gate.require(operating(caller, id, request))
      return this.#writing().ops(caller, id, request)
    })
  }

  /** Writes end first: readers are served until the store closes. */
  #writing(): Writer {
    if (this.#draining) throw new ServerError('SHUTTING_DOWN', 'the server is stopping')
    return this.#parts.writer
  }

  get(caller: Caller, id: string, options: GetOptions = {}): Promise<DocumentValue> {
    return this.#measure('read', async () => {
      await this.#parts.gate.require(reading(caller, id, 'http'))
      return this.#parts.reader.get(caller, id, options)
    })
  }

  list(caller: Caller, options: DocumentListOptions): Promise<DocumentListAnswer> {
    return this.#measure('list', () => this.#parts.reader.list(caller, options))
  }

  log(caller: Caller, id: string, options: LogOptions): Promise<LogAnswer> {
    return this.#measure((options.waitMs ?? 0) > 0 ? 'poll' : 'log', async () => {
      await this.#parts.gate.require(reading(caller, id, 'http'))
      return this.#parts.reader.log(caller, id, options)
    })
  }

  watch(caller: Caller, id: string, options: WatchOptions): Promise<() => void> {
    return this.#measure('stream', async () => {
      await this.#parts.gate.require(reading(caller, id, 'stream'))
      return this.#parts.reader.watch(caller, id, options)
    })
  }

  tenantLog(caller: Caller, options: TenantLogOptions): Promise<TenantLogAnswer> {
    return this.#measure('tenant_log', () => this.#parts.reader.tenantLog(caller, options))
  }

  #measure<A>(operation: OperationName, task: () => Promise<A>): Promise<A> {
    return measure(this.#options, operation, task)
  }

  compact(options: FoldOptions): Promise<Folded> {
    return foldAll(this.#store, this.#parts.compactor, options)
  }

  async drain(): Promise<void> {
    const { live, lines, compactor } = this.#parts
    this.#draining = true
    live.draining = true
    this.#unwatch()
    await lines.idle()
    await compactor.finish()
  }
}

export function createDocumentService(options: DocumentServiceOptions): DocumentService {
  return new Service(options)
}
