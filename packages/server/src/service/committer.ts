/**
 * The way of every write into the store: one at a time per document, made again when another process was first, remembered for who
 * asks again, and told to those who follow once it is durable.
 */
import {
  type DocumentHead,
  type DocumentKey,
  type LogEntry,
  OperationError,
  type Receipt,
  type Store,
  StoreError,
} from '@joinery/sync'
import { ServerError } from '../errors.ts'
import type { LiveDocuments } from '../live/live-documents.ts'
import type { ServiceObserver } from '../metrics/observer.ts'
import { Arrivals } from './arrivals.ts'
import { stateOf } from './attributes.ts'
import { type Library, noteArrival, type OpenDocument } from './library.ts'
import type { ServiceLimits } from './limits.ts'
import { type Lines, lineOf } from './lines.ts'
import { nextHead, type Outcome } from './outcome.ts'
import { answered, receiptFor, receiptLine } from './receipts.ts'
import { snapshotOf } from './since.ts'
import type { Caller, Idempotency } from './types.ts'

export interface CommitterOptions {
  readonly store: Store
  readonly library: Library
  readonly lines: Lines
  readonly live: LiveDocuments
  readonly limits: ServiceLimits
  /** The wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly observer: ServiceObserver | undefined
  /** A document was written to, which has this head now. */
  readonly onStored: (head: DocumentHead) => void
}

/** Each attempt loses only to one that succeeded. */
const COMMIT_ATTEMPTS_MAX = 30

/** What a write does, given the document as it is stored. It may be called again. */
export type WriteTask<A> = (opened: OpenDocument | undefined) => Promise<Outcome<A>>

type MakeReceipt<A> = (answer: A) => Receipt

/** Who wants a document written to. */
export interface Asked {
  readonly caller: Caller
  readonly id: string
  readonly idempotency: Idempotency | undefined
}

export class Committer {
  readonly #options: CommitterOptions

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  /** Writes in the line of the document; a request that was answered before gets that answer. */
  async write<A>({ caller, id, idempotency }: Asked, task: WriteTask<A>): Promise<A> {
    const { store, lines, nowMs } = this.#options
    const key = { tenant: caller.tenant, id }
    const receipt: MakeReceipt<A> | undefined = idempotency && ((answer) => this.#receipt(caller, idempotency, answer))
    const inLine = (): Promise<A> => lines.run(lineOf(key), () => this.commit(key, task, receipt))
    if (idempotency === undefined) return inLine()
    return lines.run(receiptLine(caller, idempotency), async () => {
      const before = await answered(store, caller, idempotency, nowMs())
      return before === undefined ? inLine() : (before.answer as A)
    })
  }

  #receipt(caller: Caller, idempotency: Idempotency, answer: unknown): Receipt {
    const { nowMs, limits } = this.#options
    return receiptFor(caller, idempotency, answer, { nowMs: nowMs(), receiptMsMax: limits.receiptMsMax })
  }

  /**
   * Stores what a task makes of a document, whose line the caller holds. Makes the step again where another process has written
   * first: the document is loaded anew, with what that wrote.
   */
  async commit<A>(key: DocumentKey, task: WriteTask<A>, receipt?: MakeReceipt<A>): Promise<A> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#commitOnce(key, task, receipt)
      } catch (error) {
        const overtaken = error instanceof StoreError && error.code === 'STORE_CONFLICT'
        if (!overtaken || attempt === COMMIT_ATTEMPTS_MAX) throw error
        this.#options.observer?.conflict()
      }
    }
  }

  async #commitOnce<A>(key: DocumentKey, task: WriteTask<A>, receipt: MakeReceipt<A> | undefined): Promise<A> {
    const { store, library, nowMs, observer } = this.#options
    const opened = await library.open(key)
    try {
      const outcome = await task(opened)
      const head = nextHead(opened?.head, key, outcome)
      const answer = outcome.answer(stateOf(head, store.identity.storeId))
      if (outcome.entries.length === 0) return answer
      const startedMs = nowMs()
      const stored = await store.commit({
        key,
        expectedVersion: opened?.head.version ?? 0,
        kind: outcome.kind,
        incarnation: outcome.incarnation,
        attributes: outcome.attributes,
        entries: outcome.entries,
        ...(receipt === undefined ? {} : { receipt: receipt(answer) }),
      })
      const door = outcome.sources === undefined ? 'http' : 'session'
      observer?.stored(door, stored.length, (nowMs() - startedMs) / 1000)
      this.#keep(opened, head, outcome, stored)
      return answer
    } catch (error) {
      // Memory may be ahead of the store now: the next request loads the document again.
      library.drop(key)
      throw await this.#refusal(error, key)
    }
  }

  /** What the caller is told: a `since` that is too old comes with the document as it is. */
  async #refusal(error: unknown, key: DocumentKey): Promise<unknown> {
    const refusal = asServerError(error)
    if (!(refusal instanceof ServerError) || refusal.code !== 'SINCE_COMPACTED') return refusal
    const { library, store } = this.#options
    const opened = await library.open(key)
    const extra = opened?.doc === undefined ? {} : snapshotOf({ ...opened, doc: opened.doc }, store.identity.storeId)
    return new ServerError('SINCE_COMPACTED', refusal.message, { cause: error, extra })
  }

  /** Takes the document in its new state into memory, and tells those who follow it. */
  #keep<A>(
    opened: OpenDocument | undefined,
    head: DocumentHead,
    outcome: Outcome<A>,
    stored: readonly LogEntry[],
  ): void {
    const { library, live } = this.#options
    live.publish(head, outcome, stored)
    if (outcome.kind === 'end') {
      // What is kept of it is what the store says.
      library.drop(head.key)
      return
    }
    const begins = outcome.kind === 'begin'
    const arrivals = begins ? new Arrivals() : (opened?.arrivals ?? new Arrivals())
    for (const [i, entry] of stored.entries()) noteArrival(arrivals, entry, outcome.headers?.[i])
    const added = stored.reduce((sum, { change }) => sum + change.length, 0)
    const bytes = begins ? added : (opened?.bytes ?? 0) + added
    library.keep({ head, doc: outcome.doc, arrivals, bytes })
    this.#options.onStored(head)
  }
}

function asServerError(error: unknown): unknown {
  return error instanceof OperationError
    ? new ServerError(error.code, error.message, { cause: error, extra: { ...error.extra } })
    : error
}
