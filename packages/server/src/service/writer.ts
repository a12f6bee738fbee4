/** The writing half of the document service: values written whole, operations, deletion. */
import { type Actor, Doc } from '@joinery/core'
import { documentValue, putDocument, type Store } from '@joinery/sync'
import { ServerError } from '../errors.ts'
import type { ServiceObserver } from '../metrics/observer.ts'
import { Arrivals } from './arrivals.ts'
import { documentAttributes, loggedOperation } from './attributes.ts'
import { authorView } from './author-view.ts'
import type { Committer } from './committer.ts'
import { entriesOf, entryAttributes, entryOf, type Moment } from './entries.ts'
import { idsOf } from './ids.ts'
import type { Library, OpenDocument } from './library.ts'
import type { ServiceLimits } from './limits.ts'
import { firstHead, outcomeOf } from './outcome.ts'
import { checkSince, checkType, type Living, requireLiving } from './since.ts'
import type {
  Caller,
  DocumentState,
  Idempotency,
  Operation,
  OpsAnswer,
  OpsRequest,
  PutAnswer,
  PutRequest,
} from './types.ts'

export interface WriterOptions {
  readonly store: Store
  readonly library: Library
  readonly committer: Committer
  readonly limits: ServiceLimits
  /** Stamps what comes in. */
  readonly actor: Actor
  readonly newIncarnation: () => string
  /** The wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly observer: Pick<ServiceObserver, 'merged'> | undefined
}

export class Writer {
  readonly #options: WriterOptions

  constructor(options: WriterOptions) {
    this.#options = options
  }

  get #storeId(): string {
    return this.#options.store.identity.storeId
  }

  async put(caller: Caller, id: string, request: PutRequest): Promise<PutAnswer> {
    return this.#options.committer.write({ caller, id, idempotency: request.idempotency }, async (opened) => {
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

  async remove(caller: Caller, id: string, idempotency?: Idempotency): Promise<DocumentState> {
    return this.#options.committer.write({ caller, id, idempotency }, async (opened) => {
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

  async ops(caller: Caller, id: string, request: OpsRequest): Promise<OpsAnswer> {
    if (request.ops.length > this.#options.limits.requestOpsMax) {
      throw new ServerError(
        'TOO_MANY_OPS',
        `${request.ops.length} operations, ${this.#options.limits.requestOpsMax} allowed`,
      )
    }
    return this.#options.committer.write({ caller, id, idempotency: request.idempotency }, async (opened) => {
      const living = this.#forOps(opened, id, request)
      const { doc } = living
      const { type, since } = request
      const others =
        opened === undefined ? { ops: [], truncated: false } : await this.#others(caller, living, since.version)
      const view = await authorView(this.#options.library, living, since.version, request)
      const moment = this.#moment()
      const entries = request.ops.flatMap((op) => entriesOf(caller, doc, { type, op, view }, moment))
      if (since.version < living.head.version && since.version > 0) this.#options.observer?.merged(entries.length)
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
    checkSince(living, since, this.#storeId)
    return living
  }

  /** What other nodes did after a version. */
  async #others(caller: Caller, { head }: Living, since: number): Promise<Pick<OpsAnswer, 'ops' | 'truncated'>> {
    const limit = this.#options.limits.answerOpsMax
    const after = Math.max(since, documentAttributes(head).base, head.compactedVersion)
    const entries = since >= head.version ? [] : await this.#options.store.log(head.key, { after, limit })
    const last = entries.at(-1)
    const gap = entries[0] !== undefined && entries[0].version !== after + 1
    const more = gap || (last !== undefined && last.version < head.version)
    return {
      ops: entries.map(loggedOperation).filter(({ node }) => node !== caller.node),
      truncated: more || (head.compactedVersion > 0 && since < head.compactedVersion),
    }
  }

  #moment(): Moment {
    const { nowMs, limits } = this.#options
    return { nowMs: nowMs(), driftMsMax: limits.clockDriftMsMax }
  }

  #require(opened: OpenDocument | undefined, id: string): Living {
    return requireLiving(opened, id, this.#storeId)
  }

  #newDocument(): Doc {
    const { actor, newIncarnation } = this.#options
    return new Doc({ actor, incarnation: newIncarnation() })
  }
}
