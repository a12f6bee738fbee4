/**
 * A document that sessions follow: its feed of updates, who is present, and the changes that wait to be stored. What comes in
 * while a commit is under way is stored by the next one, all of it in one step, so the busier the document the larger the steps.
 */
import { CoreError, readBundle } from '@joinery/core'
import {
  type Budget,
  type CatchUp,
  type DocumentHead,
  type DocumentKey,
  Feed,
  type FeedsKept,
  type From,
  type HostedDocument,
  PresenceBoard,
  type Scheduler,
  type SessionLimits,
  SessionRefusal,
  type Submission,
  type Verdict,
} from '@joinery/sync'
import type { FoundDocument } from '../service/library.ts'
import { type CatchUpSource, CatchUps } from './catch-up.ts'
import type { Judgement } from './judgement.ts'
import type { Transfers } from './transfer-cache.ts'
import type { ValueStream } from './value-stream.ts'

/** A submission that waits. */
export interface Waiting {
  readonly submission: Submission
  readonly changes: readonly Uint8Array[]
  readonly bytes: number
  /** What the policy says of them. */
  readonly judgement: Judgement
  readonly receivedMs: number
  readonly resolve: (verdict: Verdict) => void
}

type Unjudged = Omit<Waiting, 'judgement'>

/** What becomes of a submission when the policy has looked at it, or could not. */
interface Judges {
  readonly goOn: (judgement: Judgement) => void
  readonly fail: (error: unknown) => void
}

/** What a live document needs of the service that keeps documents. */
export interface LiveStore extends CatchUpSource {
  /** Runs a task in the line of the document, with what is known of it. */
  find<A>(key: DocumentKey, task: (found: FoundDocument | undefined) => Promise<A> | A): Promise<A>
  /** What the policy says of changes. */
  judge(key: DocumentKey, submission: Submission, changes: readonly Uint8Array[]): Judgement | Promise<Judgement>
  /** Stores what waits, in the line of the document, and answers each. */
  submit(document: LiveDocument): Promise<void>
  /** Refuses everything that is not under way yet. */
  readonly draining: boolean
}

export interface LiveDocumentOptions {
  readonly key: DocumentKey
  readonly handle: number
  readonly head: DocumentHead | undefined
  readonly store: LiveStore
  readonly limits: SessionLimits
  readonly scheduler: Scheduler
  readonly transfers: Transfers
  /** What presence of all documents shares, in bytes. */
  readonly presenceBudget: Budget
  /** What the feeds of all documents keep. */
  readonly feedsKept: FeedsKept
  readonly onIdle: (document: LiveDocument) => void
}

const NOTHING = new Uint8Array(0)

export class LiveDocument implements HostedDocument {
  readonly key: DocumentKey
  readonly handle: number
  readonly feed: Feed
  readonly presence: PresenceBoard
  readonly catchUps: CatchUps
  incarnation: string
  /** Made by the first who listens over HTTP. */
  values: ValueStream | undefined
  readonly #store: LiveStore
  readonly #limits: SessionLimits
  readonly #scheduler: Scheduler
  readonly #transfers: Transfers
  readonly #onIdle: (document: LiveDocument) => void
  readonly #inbox: Waiting[] = []
  #inboxChanges = 0
  #inboxBytes = 0
  #submitting = false
  /** By who sent it: the last batch that the policy still looks at. */
  readonly #judging = new Map<object, Promise<void>>()
  #users = 0

  constructor(options: LiveDocumentOptions) {
    const { key, handle, head, store, limits, scheduler, transfers, presenceBudget, feedsKept, onIdle } = options
    this.key = key
    this.handle = handle
    this.incarnation = head === undefined || head.deleted ? '' : head.incarnation
    this.feed = new Feed(head?.version ?? 0, limits, (task) => scheduler.soon(task), feedsKept)
    this.presence = new PresenceBoard({ limits, scheduler, tenant: key.tenant, budget: presenceBudget })
    this.catchUps = new CatchUps(store, transfers)
    this.#store = store
    this.#limits = limits
    this.#scheduler = scheduler
    this.#transfers = transfers
    this.#onIdle = onIdle
  }

  /** Changes that wait to be stored. */
  get waiting(): number {
    return this.#inboxChanges
  }

  retain(): void {
    this.#users += 1
  }

  release(): void {
    this.#users -= 1
    this.#letGo()
  }

  #letGo(): void {
    if (this.#users > 0 || this.#submitting || this.#judging.size > 0) return
    this.feed.close()
    this.#onIdle(this)
  }

  catchUp(from: From, resume: string | undefined): Promise<CatchUp> {
    const known = resume?.startsWith(`${this.incarnation}/`) ? this.#transfers.get(resume) : undefined
    if (known !== undefined) return Promise.resolve(known)
    return this.#store.find(this.key, async (found) => {
      // Followers continue exactly here.
      this.feed.flush()
      if (found !== undefined && !found.head.deleted) return this.catchUps.from(from, found)
      return { payload: NOTHING, version: found?.head.version ?? 0, transfer: '' }
    })
  }

  submit(submission: Submission): Promise<Verdict> {
    if (this.#store.draining) return Promise.resolve(this.#stopping())
    const changes = changesOf(submission.payload)
    if (changes instanceof SessionRefusal) return Promise.resolve({ accepted: 0, version: 0, refusal: changes })
    const bytes = submission.payload.length
    const room =
      this.#inboxChanges + changes.length <= this.#limits.inboxChangesMax &&
      this.#inboxBytes + bytes <= this.#limits.inboxBytesMax
    if (!room) {
      const { retryAfterMs } = this.#limits
      const refusal = new SessionRefusal('rate_limited', 'too many changes of this document wait', { retryAfterMs })
      return Promise.resolve({ accepted: 0, version: 0, refusal })
    }
    const receivedMs = this.#scheduler.nowMs()
    this.#inboxChanges += changes.length
    this.#inboxBytes += bytes
    return new Promise((resolve, reject) => {
      const waiting = { submission, changes, bytes, receivedMs, resolve }
      this.#whenJudged(waiting, {
        goOn: (judgement) => this.#queue({ ...waiting, judgement }),
        fail: (error) => {
          this.#leave(waiting)
          reject(error)
        },
      })
    })
  }

  #stopping(): Verdict {
    const { retryAfterMs } = this.#limits
    return {
      accepted: 0,
      version: 0,
      refusal: new SessionRefusal('shutting_down', 'the server stops', { retryAfterMs }),
    }
  }

  /** Goes on when the policy has looked at the changes, and at those that came before from the same client. */
  #whenJudged({ submission, changes }: Unjudged, { goOn, fail }: Judges): void {
    const { source } = submission
    const judgement = this.#store.judge(this.key, submission, changes)
    const before = this.#judging.get(source)
    if (before === undefined && !(judgement instanceof Promise)) {
      goOn(judgement)
      return
    }
    const judged = Promise.all([judgement, before])
      .then(([late]) => goOn(late), fail)
      .then(() => {
        if (this.#judging.get(source) === judged) this.#judging.delete(source)
        this.#letGo()
      })
    this.#judging.set(source, judged)
  }

  #queue(waiting: Waiting): void {
    if (this.#store.draining) {
      this.#leave(waiting)
      waiting.resolve(this.#stopping())
      return
    }
    this.#inbox.push(waiting)
    if (!this.#submitting) this.#run()
  }

  /** It does not wait any more. */
  #leave({ changes, bytes }: Unjudged): void {
    this.#inboxChanges -= changes.length
    this.#inboxBytes -= bytes
  }

  /** Stores what waits, and what comes in meanwhile. */
  #run(): void {
    this.#submitting = true
    this.#store.submit(this).then(
      () => {
        if (this.#inbox.length > 0) return this.#run()
        this.#submitting = false
        this.#letGo()
      },
      (error: unknown) => {
        this.#submitting = false
        throw error
      },
    )
  }

  /** What is stored next, out of the queue. */
  take(): readonly Waiting[] {
    let [count, changes] = [0, 0]
    while (count < this.#inbox.length && changes < this.#limits.commitChangesMax) {
      changes += (this.#inbox[count] as Waiting).changes.length
      count += 1
    }
    const taken = this.#inbox.splice(0, count)
    for (const waiting of taken) this.#leave(waiting)
    return taken
  }
}

function changesOf(payload: Uint8Array): readonly Uint8Array[] | SessionRefusal {
  try {
    return readBundle(payload)
  } catch (error) {
    if (error instanceof CoreError) return new SessionRefusal('malformed', error.message, { cause: error })
    throw error
  }
}
