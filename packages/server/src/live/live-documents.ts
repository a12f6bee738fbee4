/** The documents that sessions follow, and the way of their changes into the store and out to each other. */
import { type ChangeHeader, type Doc, encodeBundle, openChange } from '@joinery/core'
import {
  Budget,
  type DocumentHead,
  type DocumentKey,
  documentTypes,
  type FeedsKept,
  type LogEntry,
  type NewEntry,
  type Opened,
  type Scheduler,
  type SessionLimits,
  SessionRefusal,
  type Store,
  StoreError,
  type Submission,
  type Subscribe,
  type Verdict,
} from '@joinery/sync'
import { measure, outcomeOfFailure } from '../metrics/measure.ts'
import type { ServiceObserver } from '../metrics/observer.ts'
import type { Gate } from '../policy/gate.ts'
import { reading } from '../policy/requests.ts'
import { documentAttributes, writeEntryAttributes } from '../service/attributes.ts'
import type { FoundDocument, OpenDocument } from '../service/library.ts'
import { type Outcome, outcomeOf } from '../service/outcome.ts'
import { readStoredState, type StoredState } from '../service/stored-state.ts'
import type { Caller, DocumentState, DocumentType } from '../service/types.ts'
import { actorOf } from './actor.ts'
import { type AdmissionRules, admit } from './admission.ts'
import { UNKNOWN } from './catch-up.ts'
import { type Judgement, judge } from './judgement.ts'
import { LiveDocument, type LiveStore, type Waiting } from './live-document.ts'
import { TransferCache } from './transfer-cache.ts'

export interface LiveDocumentsOptions {
  readonly store: Pick<Store, 'identity' | 'log' | 'snapshot'>
  readonly scheduler: Scheduler
  readonly limits: SessionLimits
  readonly gate: Gate
  readonly driftMsMax: number
  readonly observer: ServiceObserver | undefined
  readonly newDocument: (incarnation: string) => Doc
  /** Runs a task in the line of a document, which is not loaded for it. */
  readonly find: <A>(key: DocumentKey, task: (found: FoundDocument | undefined) => Promise<A> | A) => Promise<A>
  /** The same for a task that writes, which is stored before it resolves. */
  readonly commit: <A>(key: DocumentKey, task: (opened: OpenDocument | undefined) => Promise<Outcome<A>>) => Promise<A>
}

/** What became of one submission, before the version is known. */
type Decision = Omit<Verdict, 'version'>

export class LiveDocuments implements LiveStore {
  readonly #options: LiveDocumentsOptions
  readonly #documents = new Map<string, LiveDocument>()
  readonly #transfers: TransferCache
  readonly #presenceBudget: Budget
  readonly #feedsKept: FeedsKept = { bytes: 0 }
  #handles = 0
  draining = false

  constructor(options: LiveDocumentsOptions) {
    this.#options = options
    const { limits } = options
    this.#transfers = new TransferCache({
      bytesMax: limits.transferBytesMax,
      idleMsMax: limits.transferIdleMsMax,
      nowMs: () => options.scheduler.nowMs(),
    })
    this.#presenceBudget = new Budget(limits.presenceTotalBytesMax, limits.presenceTenantBytesMax)
  }

  get limits(): SessionLimits {
    return this.#options.limits
  }

  get scheduler(): Scheduler {
    return this.#options.scheduler
  }

  get storeId(): string {
    return this.#options.store.identity.storeId
  }

  /** Bytes of snapshots and updates that are kept ready. */
  get transferBytes(): number {
    return this.#transfers.byteLength
  }

  /** States of presence that are kept. */
  get presenceBytes(): number {
    return this.#presenceBudget.used
  }

  /** Changes that wait to be stored. */
  get waiting(): number {
    let waiting = 0
    for (const document of this.#documents.values()) waiting += document.waiting
    return waiting
  }

  /** Documents that somebody follows. */
  get size(): number {
    return this.#documents.size
  }

  /** Opens a document for a session. Throws `SessionRefusal`. */
  async open(caller: Caller, request: Pick<Subscribe, 'id' | 'type' | 'actor'>): Promise<Opened> {
    const { observer, scheduler } = this.#options
    return measure({ observer, nowMs: () => scheduler.nowMs() }, 'subscribe', () => this.#open(caller, request))
  }

  async #open(caller: Caller, { id, type, actor }: Pick<Subscribe, 'id' | 'type' | 'actor'>): Promise<Opened> {
    if (!documentTypes.includes(type as DocumentType)) {
      throw new SessionRefusal('schema_mismatch', 'there is no such type')
    }
    const key = { tenant: caller.tenant, id }
    const author = actor === '' ? undefined : actorOf(actor)
    const refusal = await this.refusal(caller, id)
    if (refusal !== undefined) throw refusal
    return this.find(key, async (found) => {
      if (found?.head.deleted) throw new SessionRefusal('deleted', 'the document was deleted')
      const actual = found === undefined ? type : documentAttributes(found.head).type
      if (actual !== type) throw new SessionRefusal('schema_mismatch', `the document is of type "${actual}"`)
      const document = this.#retained(key, found?.head)
      try {
        const isNew = author === undefined || found === undefined
        return { document, ...(isNew ? UNKNOWN : await document.catchUps.known(author, found)) }
      } catch (error) {
        document.release()
        throw error
      }
    })
  }

  /** Why somebody may not follow a document; undefined when they may. */
  async refusal(caller: Caller, id: string): Promise<SessionRefusal | undefined> {
    return this.#options.gate.refusal(reading(caller, id, 'session'))
  }

  judge(key: DocumentKey, submission: Submission, changes: readonly Uint8Array[]): Judgement | Promise<Judgement> {
    const { gate } = this.#options
    return gate.isOpen ? [] : judge(gate, { key, submission, changes })
  }

  /** Lets go of what is kept ready and was not asked for lately. */
  sweep(): void {
    this.#transfers.sweep()
  }

  has(key: DocumentKey): boolean {
    return this.#documents.has(nameOf(key))
  }

  /** Documents that somebody follows. */
  keys(): DocumentKey[] {
    return [...this.#documents.values()].map(({ key }) => key)
  }

  /** The document is at another head, and what led there is not known here. Called in its line. */
  jump(key: DocumentKey, head: DocumentHead | undefined): void {
    const document = this.#documents.get(nameOf(key))
    if (document === undefined || head === undefined || head.version === document.feed.head) return
    if (document.incarnation !== '' && (head.deleted || head.incarnation !== document.incarnation)) {
      this.publish({ ...head, deleted: true }, { kind: 'end' }, [])
      return
    }
    document.incarnation = head.deleted ? '' : head.incarnation
    document.feed.jump(head.version)
  }

  /** Follows a document that is there. Called in its line; `release` it when done. */
  follow({ head }: OpenDocument): LiveDocument {
    return this.#retained(head.key, head)
  }

  #retained(key: DocumentKey, head: DocumentHead | undefined): LiveDocument {
    const document = this.#documents.get(nameOf(key)) ?? this.#add(key, head)
    document.retain()
    return document
  }

  #add(key: DocumentKey, head: DocumentHead | undefined): LiveDocument {
    const { limits, scheduler } = this.#options
    this.#handles += 1
    const document = new LiveDocument({
      key,
      handle: this.#handles,
      head,
      store: this,
      limits,
      scheduler,
      transfers: this.#transfers.of(key),
      presenceBudget: this.#presenceBudget,
      feedsKept: this.#feedsKept,
      onIdle: ({ key: idle }) => this.#documents.delete(nameOf(idle)),
    })
    this.#documents.set(nameOf(key), document)
    return document
  }

  /** Tells those who follow a document what was stored. Called in its line. */
  publish(head: DocumentHead, outcome: Pick<Outcome<unknown>, 'kind' | 'sources'>, stored: readonly LogEntry[]): void {
    const document = this.#documents.get(nameOf(head.key))
    if (document === undefined) return
    const { feed } = document
    if (outcome.kind === 'end') {
      this.#transfers.of(head.key).forget(document.incarnation)
      document.incarnation = ''
      feed.end('deleted', 'the document was deleted')
      feed.jump(head.version)
      return
    }
    document.incarnation = head.incarnation
    if (feed.head !== head.version - stored.length) feed.jump(head.version)
    else feed.add(stored.map(({ change }, i) => ({ change, source: outcome.sources?.[i] })))
  }

  find<A>(key: DocumentKey, task: (found: FoundDocument | undefined) => Promise<A> | A): Promise<A> {
    return this.#options.find(key, task)
  }

  storedState(head: DocumentHead): Promise<StoredState | undefined> {
    return readStoredState(this.#options.store, head)
  }

  async bundleSince(head: DocumentHead, version: number): Promise<Uint8Array | undefined> {
    const limit = head.version - version
    const oldest = Math.max(head.compactedVersion, documentAttributes(head).base)
    if (version < oldest || limit > this.#options.limits.updateChangesMax) return undefined
    const entries = await this.#options.store.log(head.key, { after: version, limit })
    // History is folded beside this: with a part of it gone, the rest is no answer.
    if (entries[0]?.version !== version + 1 || entries.length < limit) return undefined
    return encodeBundle(entries.map(({ change }) => change))
  }

  async submit(document: LiveDocument): Promise<void> {
    const waiting = document.take()
    const decisions: Decision[] = []
    try {
      const { version } = await this.#options.commit(document.key, async (opened) => {
        decisions.length = 0
        return this.#decide(opened, waiting, decisions)
      })
      for (const [i, each] of waiting.entries()) this.#answer(each, { ...(decisions[i] as Decision), version })
    } catch (error) {
      const refusal = this.#refusalOf(error)
      for (const each of waiting) this.#answer(each, { accepted: 0, version: 0, refusal })
    }
  }

  #answer({ resolve, receivedMs }: Waiting, verdict: Verdict): void {
    const { observer, scheduler } = this.#options
    resolve(verdict)
    const seconds = (scheduler.nowMs() - receivedMs) / 1000
    observer?.operation('change', outcomeOfFailure(verdict.refusal), seconds)
    if (verdict.accepted > 0) observer?.sent(seconds)
  }

  #refusalOf(error: unknown): unknown {
    if (!(error instanceof StoreError)) return error
    const { retryAfterMs } = this.#options.limits
    return new SessionRefusal('unavailable', `the store could not take it: ${error.code}`, {
      retryAfterMs,
      cause: error,
    })
  }

  /** Applies what may be applied, and says what becomes of each submission once that is stored. */
  #decide(
    opened: OpenDocument | undefined,
    waiting: readonly Waiting[],
    decisions: Decision[],
  ): Outcome<DocumentState> {
    const first = waiting.find(({ changes }) => changes.length > 0)
    const type = opened === undefined ? (first?.submission.type as DocumentType) : documentAttributes(opened.head).type
    const doc = opened === undefined ? this.#begin(first) : opened.doc
    const entries: NewEntry[] = []
    const sources: object[] = []
    const headers: ChangeHeader[] = []
    for (const { submission, changes, judgement } of waiting) {
      const { principal, source } = submission
      const nowMs = this.#options.scheduler.nowMs()
      const rules: AdmissionRules = { principal, type, nowMs, driftMsMax: this.#options.driftMsMax }
      const attributes = entryAttributes(principal.node, nowMs)
      decisions.push(
        decide(doc, { changes, judgement, rules }, (change, header) => {
          entries.push({ change, attributes })
          headers.push(header)
          sources.push(source)
        }),
      )
    }
    const heads = doc === undefined || entries.length === 0 ? 0 : doc.heads().length
    if (heads > 1) this.#options.observer?.merged(entries.length)
    return outcomeOf(opened, {
      doc: doc ?? this.#options.newDocument(''),
      type,
      entries,
      sources,
      headers,
      answer: (state) => state,
    })
  }

  /** The document that a first change begins. */
  #begin(first: Waiting | undefined): Doc | undefined {
    try {
      const [change] = first?.changes ?? []
      return change === undefined ? undefined : this.#options.newDocument(openChange(change).header.incarnation)
    } catch {
      // What cannot be read is refused with its reason when it is looked at.
      return undefined
    }
  }
}

interface Undecided {
  readonly changes: readonly Uint8Array[]
  readonly judgement: Judgement
  readonly rules: AdmissionRules
}

function decide(
  doc: Doc | undefined,
  { changes, judgement, rules }: Undecided,
  take: (change: Uint8Array, header: ChangeHeader) => void,
): Decision {
  let accepted = 0
  try {
    if (doc === undefined) throw new SessionRefusal('deleted', 'there is no such document now')
    for (const [i, change] of changes.entries()) {
      const header = admit(doc, change, { ...rules, denied: judgement[i] })
      if (header !== undefined) take(change, header)
      accepted += 1
    }
    return { accepted }
  } catch (refusal) {
    if (refusal instanceof SessionRefusal) return { accepted, refusal }
    throw refusal
  }
}

/** How a change that came as bytes shows in the log of operations. */
function entryAttributes(node: string, nowMs: number): string {
  return writeEntryAttributes({ node, time: new Date(nowMs).toISOString(), op: { type: 'change' } })
}

function nameOf({ tenant, id }: DocumentKey): string {
  return JSON.stringify([tenant, id])
}
