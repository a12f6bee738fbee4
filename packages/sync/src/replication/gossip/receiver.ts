/** Takes in changes that peers send: into the documents, on to others where they are news, and confirmed once they are durable. */
import type { ActorId } from '@joinery/core'
import type { Context } from '../context.ts'
import type { Documents } from '../documents/documents.ts'
import type { Life, Via } from '../documents/life.ts'
import { readTombstone, tombstoneRefusal } from '../documents/tombstone.ts'
import type { ReplicationErrorCode } from '../errors.ts'
import type { ChangesMessage, LifeChanges } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import { Timers } from '../timers.ts'
import type { News } from './pusher.ts'

export interface ReceiverParts {
  readonly documents: Documents
  /** News that came live. */
  readonly push: (news: News) => void
  /** News that came by repair: others may lack it, too. */
  readonly repaired: () => void
  /** There is more where this came from. */
  readonly more: (from: NodeId, lives: readonly Life[]) => void
  readonly forked: (life: Life, actor: ActorId, from: NodeId) => void
  /** Somebody to ask, where whoever told of a gap did not help. */
  readonly partner: () => NodeId | undefined
  /** Of another region than this node. */
  readonly isForeign: (node: NodeId) => boolean
}

/** A document that has changes which wait for others. */
interface Gap {
  readonly life: Life
  readonly from: NodeId
  readonly tries: number
  /** What the document had taken in when it was last asked for. */
  readonly takenCount: number
}

/** Missing ranges that are asked for at once: however long the names of their actors are, it is one message. */
const WANTED_RANGES_MAX = 256

/** Questions at the same distance, as answers may be lost. Each after them comes after twice the time, so many times. */
const EVEN_TRIES = 4
const DOUBLINGS_MAX = 5

/** Messages that wait for one document to be loaded. Beyond it they are dropped: their senders send again. */
const WAITING_MAX = 256

export class Receiver {
  readonly #context: Context
  readonly #parts: ReceiverParts
  readonly #gaps = new Timers<Gap>()
  readonly #asked = new Set<Life>()
  /** What came in, by what it was: shown to whoever measures. */
  readonly counted: { applied: number; duplicates: number; repaired: number; hopsMax: number } = {
    applied: 0,
    duplicates: 0,
    repaired: 0,
    hopsMax: 0,
  }

  constructor(context: Context, parts: ReceiverParts) {
    this.#context = context
    this.#parts = parts
  }

  get dueMs(): number {
    return this.#gaps.dueMs
  }

  receive(from: NodeId, message: ChangesMessage): void {
    const { documents } = this.#parts
    let left = message.lives.length
    let complete = true
    const lives: Life[] = []
    const done = (durable: boolean): void => {
      if (!durable) complete = false
      left -= 1
      if (left > 0 || !complete) return
      if (message.push !== 0) this.#context.send(from, { kind: 'ack', pushes: [message.push] })
      if (message.more) this.#parts.more(from, lives)
    }
    for (const changes of message.lives) {
      const life = documents.obtain(changes)
      if (life === undefined || life.onceLoaded.length > WAITING_MAX) done(false)
      else {
        lives.push(life)
        documents.whenLoaded(life, () => {
          if (this.#take(from, message, life, changes)) documents.whenDurable(life, () => done(true))
          else done(false)
          documents.forgetIfEmpty(life)
        })
      }
    }
  }

  /** Answers whether all of it is taken in, now or before. */
  #take(from: NodeId, message: ChangesMessage, life: Life, changes: LifeChanges): boolean {
    const { documents } = this.#parts
    const before = life.stagedCount
    const { cause, hops, told } = message
    const foreign = message.foreign || this.#parts.isForeign(from)
    const via: Via = { from, cause, hops: hops + 1, told, foreign }
    if (changes.ended) {
      const [tombstone] = changes.parts
      const code = this.#refusalOf(life, tombstone)
      if (tombstone === undefined || code !== undefined) {
        this.#context.emit({ type: 'peer-refused', from, code: code ?? 'REPLICATION_MALFORMED' })
        return false
      }
      documents.end(life, tombstone.slice(), { via })
      this.#tell(life, before)
      return true
    }
    if (life.tombstone !== undefined) return true
    const taken = documents.take(life, changes.parts, via)
    this.counted.applied += taken.headers.length
    this.counted.duplicates += taken.duplicates
    if (cause === 'repair') this.counted.repaired += taken.headers.length
    else if (taken.headers.length > 0) this.counted.hopsMax = Math.max(this.counted.hopsMax, via.hops)
    for (const code of taken.refused) this.#context.emit({ type: 'peer-refused', from, code })
    for (const actor of taken.forks) this.#parts.forked(life, actor, from)
    this.#tell(life, before)
    if (taken.reused) {
      documents.renew(life, () => this.#parts.more(from, [life]))
      return false
    }
    if (taken.waiting > 0) this.#noteGap({ life, from, tries: 0, takenCount: life.stagedCount })
    return taken.waiting === 0 && taken.refused.length === 0 && taken.forks.length === 0
  }

  /** Why a life does not end by this; undefined where it does. */
  #refusalOf(life: Life, tombstone: Uint8Array | undefined): ReplicationErrorCode | undefined {
    const { signing } = this.#context.options
    const end = tombstone && readTombstone(tombstone)
    if (end === undefined) return 'REPLICATION_MALFORMED'
    return signing && tombstoneRefusal(signing, life.key, end)
  }

  /** Tells on what was not here, as it came: what waited for something else came another way. */
  #tell(life: Life, before: number): void {
    const news = life.staged.slice(life.staged.length - (life.stagedCount - before))
    for (const part of news) if (part.via?.cause === 'live') this.#parts.push({ life, part })
    if (news.some(({ via }) => via?.cause === 'repair')) this.#parts.repaired()
  }

  #noteGap(gap: Gap): void {
    if (this.#asked.has(gap.life)) return
    this.#asked.add(gap.life)
    this.#gaps.add(this.#context.nowMs + this.#context.jitter(this.#context.limits.askAfterMs), gap)
  }

  /** Asks for what is still missing: first whoever told of it, then others. One question for one document is out at a time. */
  wake(): void {
    const { nowMs, limits } = this.#context
    for (let gap = this.#gaps.take(nowMs); gap !== undefined; gap = this.#gaps.take(nowMs)) {
      const { life, from } = gap
      const ranges = life.document?.missing().slice(0, WANTED_RANGES_MAX) ?? []
      if (ranges.length === 0) {
        this.#asked.delete(life)
        continue
      }
      // Whatever came since may have been a part of what is missing.
      const tries = life.stagedCount === gap.takenCount ? gap.tries : 0
      if (tries >= limits.askTriesMax && this.#parts.documents.dropEarly(life)) {
        this.#asked.delete(life)
        continue
      }
      this.#context.send(from, { kind: 'want', life: life.key, ranges }, 'repair')
      const next = { life, from: this.#parts.partner() ?? from, tries: tries + 1, takenCount: life.stagedCount }
      const delayMs = limits.askAgainMs * 2 ** Math.min(Math.max(0, tries - EVEN_TRIES), DOUBLINGS_MAX)
      this.#gaps.add(nowMs + this.#context.jitter(delayMs), next)
    }
  }
}
