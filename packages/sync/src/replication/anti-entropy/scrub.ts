/**
 * Finds what has silently gone wrong: two nodes with the same version of a life must have the same state, byte for byte. Every few
 * seconds the state of one life is compared with a peer's. Where they differ others are asked, too, and whoever is outvoted fetches
 * the life anew. With nobody to decide between two, both are told of it and nothing is touched. Where changes are signed, whoever is
 * outvoted looks at its own signatures instead: a majority may be malicious.
 */
import type { Context } from '../context.ts'
import type { Documents } from '../documents/documents.ts'
import type { Life } from '../documents/life.ts'
import { type Hash64, hash64, hashText, sameHash } from '../hash64.ts'
import type { PeerChoice } from '../membership/peer-choice.ts'
import type { ChecksumMessage } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import { Timers } from '../timers.ts'

/** Peers that are asked when a difference shows. */
const WITNESSES = 4
/** They have this long to answer. */
const ANSWERS_MS = 3_000

/** A difference that is being looked into: who has which state at one version. */
interface Inquiry {
  readonly life: Life
  readonly item: Hash64
  readonly votes: Map<NodeId, string>
}

export class Scrub {
  readonly #context: Context
  readonly #documents: Documents
  readonly #choice: PeerChoice
  readonly #inquiries = new Map<Life, Inquiry>()
  readonly #ends = new Timers<Inquiry>()
  #nextMs = Number.POSITIVE_INFINITY
  #cursor: IterableIterator<Life> | undefined

  constructor(context: Context, documents: Documents, choice: PeerChoice) {
    this.#context = context
    this.#documents = documents
    this.#choice = choice
  }

  get dueMs(): number {
    return Math.min(this.#nextMs, this.#ends.dueMs)
  }

  start(): void {
    this.#nextMs = this.#context.nowMs + this.#context.options.random(this.#context.limits.scrubMs)
  }

  wake(): void {
    const { nowMs, limits } = this.#context
    for (let inquiry = this.#ends.take(nowMs); inquiry !== undefined; inquiry = this.#ends.take(nowMs)) {
      this.#decide(inquiry)
    }
    if (this.#nextMs > nowMs) return
    this.#nextMs = nowMs + this.#context.jitter(limits.scrubMs)
    const life = this.#nextLife()
    const partner = life === undefined ? undefined : this.#choice.partner()
    if (life !== undefined && partner !== undefined) this.#compare(life, partner)
  }

  #nextLife(): Life | undefined {
    const next = this.#cursor?.next()
    if (next?.done === false) return next.value
    this.#cursor = this.#documents.lives.listed()
    const first = this.#cursor.next()
    return first.done === true ? undefined : first.value
  }

  #compare(life: Life, to: NodeId): void {
    this.#documents.whenLoaded(life, () => {
      const state = stateOf(this.#context, life)
      if (state !== undefined) this.#send(to, life, state, true)
    })
  }

  #send(to: NodeId, life: Life, state: Hash64, answer: boolean): void {
    const item = life.listed
    if (item !== undefined) this.#context.send(to, { kind: 'checksum', life: life.key, item, state, answer }, 'repair')
  }

  receive(from: NodeId, { life: key, item, state, answer }: ChecksumMessage): void {
    const life = this.#documents.lives.find(key)
    if (life?.listed === undefined || !sameHash(life.listed, item)) return
    this.#documents.whenLoaded(life, () => {
      const own = life.listed !== undefined && sameHash(life.listed, item) ? stateOf(this.#context, life) : undefined
      if (own === undefined) return
      if (answer) this.#send(from, life, own, false)
      const inquiry = this.#inquiries.get(life)
      if (inquiry !== undefined && sameHash(inquiry.item, item)) inquiry.votes.set(from, hashText(state))
      else if (!sameHash(own, state)) this.#inquire(life, item, from, state)
    })
  }

  #inquire(life: Life, item: Hash64, from: NodeId, state: Hash64): void {
    const inquiry: Inquiry = { life, item, votes: new Map([[from, hashText(state)]]) }
    this.#inquiries.set(life, inquiry)
    this.#ends.add(this.#context.nowMs + ANSWERS_MS, inquiry)
    for (const witness of this.#choice.several(WITNESSES, new Set([from]))) this.#compare(life, witness)
  }

  /** The state that most have is the one. A tie decides nothing. */
  #decide(inquiry: Inquiry): void {
    const { life, item, votes } = inquiry
    if (this.#inquiries.get(life) !== inquiry) return
    this.#inquiries.delete(life)
    const own = life.listed !== undefined && sameHash(life.listed, item) ? stateOf(this.#context, life) : undefined
    if (own === undefined) return
    const counts = new Map<string, number>([[hashText(own), 1]])
    for (const vote of votes.values()) counts.set(vote, (counts.get(vote) ?? 0) + 1)
    const mine = counts.get(hashText(own)) ?? 0
    counts.delete(hashText(own))
    const others = Math.max(0, ...counts.values())
    // Nobody can outvote signatures: what is here is checked against its own.
    if (others > mine && life.signed !== undefined) this.#documents.doubt(life)
    else if (others > mine) this.#documents.damaged(life.key)
    else if (others === mine) this.#context.emit({ type: 'diverged', life: life.key })
  }
}

/** Hash of the whole state; undefined where there is none to compare, or more in it than is durable. */
function stateOf(context: Context, life: Life): Hash64 | undefined {
  if (life.staged.length > 0 || life.damaged || life.tombstone !== undefined) return undefined
  const snapshot = life.snapshot()
  return snapshot === undefined ? undefined : hash64(context.hashKey, snapshot)
}
