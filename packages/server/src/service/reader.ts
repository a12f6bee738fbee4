/** The reading half of the document service: values, listings, logs, and what waits for news of them. */
import { type DocumentHead, documentValue, type Store } from '@joinery/sync'
import type { LiveDocuments } from '../live/live-documents.ts'
import { news } from '../live/news.ts'
import { watchValues } from '../live/watch-values.ts'
import type { Gate } from '../policy/gate.ts'
import { reading } from '../policy/requests.ts'
import { documentAttributes, loggedOperation, stateOf } from './attributes.ts'
import { idsOf } from './ids.ts'
import type { Library } from './library.ts'
import { type Lines, lineOf } from './lines.ts'
import { checkSince, type Living, refuseSince, requireLiving } from './since.ts'
import type {
  Caller,
  DocumentListAnswer,
  DocumentListOptions,
  DocumentState,
  DocumentValue,
  GetOptions,
  LogAnswer,
  LogOptions,
  Since,
  TenantLogAnswer,
  TenantLogOptions,
  WatchOptions,
} from './types.ts'

/** A page may name a thousand documents: a policy is not asked about all of them at the same time. */
const ASKED_AT_ONCE = 64

export interface ReaderOptions {
  readonly store: Store
  readonly library: Library
  readonly lines: Lines
  readonly live: LiveDocuments
  readonly gate: Gate
}

export class Reader {
  readonly #store: Store
  readonly #library: Library
  readonly #lines: Lines
  readonly #live: LiveDocuments
  readonly #gate: Gate

  constructor({ store, library, lines, live, gate }: ReaderOptions) {
    this.#store = store
    this.#library = library
    this.#lines = lines
    this.#live = live
    this.#gate = gate
  }

  get #storeId(): string {
    return this.#store.identity.storeId
  }

  async get(caller: Caller, id: string, options: GetOptions = {}): Promise<DocumentValue> {
    return this.#read(caller, id, async ({ head, doc }) => {
      const { type } = documentAttributes(head)
      return { ...this.#state(head), value: documentValue(doc, type), ...(options.ids ? idsOf(doc, type) : {}) }
    })
  }

  async list(caller: Caller, options: DocumentListOptions): Promise<DocumentListAnswer> {
    const { prefix, cursor, limit } = options
    await this.#gate.require({ action: 'list', principal: caller, prefix })
    const page = await this.#store.documents(caller.tenant, {
      limit,
      ...(prefix === undefined ? {} : { prefix }),
      ...(cursor === undefined ? {} : { cursor }),
    })
    const isReadable = await this.#readable(
      caller,
      page.items.map(({ key }) => key.id),
    )
    const documents = page.items.filter(({ key }) => isReadable(key.id)).map((head) => this.#state(head))
    return page.cursor === undefined ? { documents } : { documents, cursor: page.cursor }
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
    // What was allowed before the wait need not be now.
    await this.#gate.require(reading(caller, id, 'http'))
    return this.#read(caller, id, page)
  }

  async #page(living: Living, options: LogOptions): Promise<LogAnswer> {
    const { head } = living
    checkSince(living, options.since, this.#storeId)
    const since = Math.max(options.since.version, documentAttributes(head).base)
    if (since < head.compactedVersion) refuseSince('SINCE_COMPACTED', living, this.#storeId)
    const entries = await this.#store.log(head.key, { after: since, limit: options.limit })
    // History is folded beside this.
    const gap = since < head.version && entries[0]?.version !== since + 1
    if (gap) refuseSince('SINCE_COMPACTED', living, this.#storeId)
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
    if (storeId !== this.#storeId || incarnation !== head.incarnation || version <= base) return undefined
    const past = version > head.version ? undefined : await this.#library.at(head, version)
    if (past?.doc === undefined) return undefined
    return { ...this.#state({ ...head, version }), value: documentValue(past.doc, type) }
  }

  async tenantLog(caller: Caller, options: TenantLogOptions): Promise<TenantLogAnswer> {
    await this.#gate.require({ action: 'log', principal: caller })
    const entries = await this.#store.tenantLog(caller.tenant, { after: options.since, limit: options.limit })
    const isReadable = await this.#readable(
      caller,
      entries.map(({ key }) => key.id),
    )
    const shown = entries.filter(({ key }) => isReadable(key.id))
    const ops = shown.map((entry) => ({
      position: entry.position,
      id: entry.key.id,
      incarnation: entry.incarnation,
      ...loggedOperation(entry),
    }))
    const storeId = this.#storeId
    const last = entries.at(-1)
    return last !== undefined && entries.length === options.limit
      ? { storeId, ops, next: last.position }
      : { storeId, ops }
  }

  /** Which of some documents may be shown: where there is a policy it is asked once about each. */
  async #readable(caller: Caller, ids: readonly string[]): Promise<(id: string) => boolean> {
    if (this.#gate.isOpen) return () => true
    const readable = new Set<string>()
    const asked = [...new Set(ids)]
    for (let from = 0; from < asked.length; from += ASKED_AT_ONCE) {
      const some = asked.slice(from, from + ASKED_AT_ONCE)
      const allowed = await Promise.all(some.map((id) => this.#gate.allows(reading(caller, id, 'http'))))
      for (const [i, id] of some.entries()) if (allowed[i]) readable.add(id)
    }
    return (id) => readable.has(id)
  }

  #state(head: DocumentHead): DocumentState {
    return stateOf(head, this.#storeId)
  }

  /** Runs in the document's line: what it shows is durable, because writes commit before they leave the line. */
  #read<A>(caller: Caller, id: string, task: (living: Living) => Promise<A>): Promise<A> {
    const key = { tenant: caller.tenant, id }
    return this.#lines.run(lineOf(key), async () =>
      task(requireLiving(await this.#library.open(key), id, this.#storeId)),
    )
  }
}
