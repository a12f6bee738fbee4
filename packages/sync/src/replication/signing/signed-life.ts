/**
 * A life whose changes are signed: all of them, in order, and the forks that were proven. It decides what is to be taken in; it does
 * nothing about it.
 *
 * Where an actor forked, everything that it wrote from the fork on goes, on both branches, and what it wrote before stays. Everybody
 * comes to the same fork: of two proofs the lower one holds, and who has another history below a fork has a proof of a lower one in it.
 */
import { type ActorId, type Change, type ChangeSeal, limits, openChange, readChange } from '@joinery/core'
import type { FrontierEntry, LifeKey } from '../messages/messages.ts'
import { type Claim, changeDigest, claimOf, claimRefusal, sealOf } from './claim.ts'
import {
  contradict,
  decodeProof,
  encodeProof,
  type ForkProof,
  forkedFrom,
  isProof,
  proofRefusal,
} from './fork-proof.ts'
import { type LogEntry, SignedLog } from './signed-log.ts'
import { type Signing, sameBytes } from './signing.ts'
import { voidChange } from './void-change.ts'

/** What is to become of a change that came in. */
export type Verdict =
  | { readonly is: 'new' }
  | { readonly is: 'known' }
  /** Its actor forked before it. */
  | { readonly is: 'quarantined' }
  | { readonly is: 'refused'; readonly code: string }
  /** It contradicts what is here, and was signed all the same. */
  | { readonly is: 'proof'; readonly proof: ForkProof }

/** How a forked actor ends. */
export interface Cut {
  readonly from: number
  /** What takes the place of everything from there on. */
  readonly bytes: Uint8Array
  /** The last change that stays. */
  readonly boundary: FrontierEntry | undefined
  /** Something of it comes after. */
  readonly removes: boolean
}

export class SignedLife {
  readonly log: SignedLog = new SignedLog()
  /** By actor, the lowest that is known. */
  readonly forks: Map<ActorId, ForkProof> = new Map()
  /** It has parts that nobody signed: it was begun before signatures were asked for. It is kept, and not shared. */
  isUnsigned = false
  readonly #signing: Signing
  readonly #key: LifeKey

  constructor(signing: Signing, key: LifeKey) {
    this.#signing = signing
    this.#key = key
  }

  /** Takes what the store has, and answers what a document is made of. */
  load(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    const rest = parts.filter((part) => !isProof(part))
    for (const proof of parts.map(decodeProof)) if (proof !== undefined) this.forks.set(proof.actor, proof)
    for (const part of rest) {
      const change = openedChange(part)
      if (change !== undefined) this.log.append(change)
      this.isUnsigned ||= change === undefined || (change.header.signature === undefined && !this.isOfFork(change))
    }
    return rest
  }

  /** Everything that is to be stored of it. */
  parts(): Uint8Array[] {
    return [...[...this.forks.values()].map(encodeProof), ...this.log.entries.map(({ bytes }) => bytes)]
  }

  seal(): ChangeSeal {
    return sealOf(this.#signing, this.#key, (actor) => this.#digestOf(this.log.head(actor)))
  }

  /** Whether a change has dots that are nobody's any more. */
  isOfFork({ header: { actor, first, length } }: Pick<Change, 'header'>): boolean {
    const fork = this.forks.get(actor)
    return fork !== undefined && first + length > forkedFrom(fork)
  }

  /** @param waiting a change that waits under the same dots. */
  examine(change: Change, waiting: Uint8Array | undefined): Verdict {
    const { actor, first, length } = change.header
    const fork = this.forks.get(actor)
    if (fork !== undefined && first >= forkedFrom(fork)) return { is: 'quarantined' }
    const own = this.log.at(actor, first + length - 1)
    if ([own?.bytes, waiting].some((bytes) => bytes !== undefined && sameBytes(bytes, change.bytes))) {
      return { is: 'known' }
    }
    const claim = claimOf(this.#signing, change)
    if (claim === undefined) return { is: 'refused', code: 'REPLICATION_UNSIGNED' }
    const code = claimRefusal(this.#signing, this.#key, actor, claim)
    if (code !== undefined) return { is: 'refused', code }
    const rival = this.#rivalOf(actor, claim, waiting)
    return rival === undefined ? { is: 'new' } : { is: 'proof', proof: { actor, claims: [rival, claim] } }
  }

  /** Looks again at a change that waited, once it can be applied: what it follows was not here before. */
  reexamine(change: Change): ForkProof | undefined {
    const { actor } = change.header
    const claim = claimOf(this.#signing, change)
    const rival = claim && this.#rivalOf(actor, claim, undefined)
    return claim && rival && { actor, claims: [rival, claim] }
  }

  /** What is here of an actor that cannot be in one history with a claim. */
  #rivalOf(actor: ActorId, claim: Claim, waiting: Uint8Array | undefined): Claim | undefined {
    // The history of an actor has no gaps, so what overlaps the claim has its first dot.
    const entries = [this.log.at(actor, claim.first - 1), this.log.at(actor, claim.first)]
    const claims = entries.flatMap((entry) => this.#claimOf(entry) ?? [])
    const early = waiting === undefined ? undefined : claimOf(this.#signing, openChange(waiting))
    const all = early === undefined ? claims : [...claims, early]
    return all.find((each) => contradict(this.#signing, this.#key, actor, [each, claim]))
  }

  /**
   * Answers the fork to act on, which may be a lower one than was shown; undefined where it was known, and `unsound` where what is here
   * is not what its author signed: then it proves nothing but that.
   */
  learn(shown: ForkProof): ForkProof | 'unsound' | undefined {
    let proof = shown
    for (let lower = this.#below(proof); lower !== undefined; lower = this.#below(proof)) proof = lower
    const known = this.forks.get(proof.actor)
    if (known !== undefined && forkedFrom(known) <= forkedFrom(proof)) return undefined
    if (proofRefusal(this.#signing, this.#key, proof) !== undefined) return 'unsound'
    this.forks.set(proof.actor, proof)
    return proof
  }

  /** What is here before a fork and contradicts one of its sides. */
  #below({ actor, claims }: ForkProof): ForkProof | undefined {
    const from = Math.min(...claims.map(({ first }) => first))
    const before = this.#claimOf(from > 1 ? this.log.at(actor, from - 1) : undefined)
    const side =
      before &&
      claims.find((claim) => claim.first === from && contradict(this.#signing, this.#key, actor, [before, claim]))
    return before && side && { actor, claims: [before, side] }
  }

  /** How a forked actor is to end; undefined where it has, or what comes before its fork is not all here. */
  cut(actor: ActorId): Cut | undefined {
    const fork = this.forks.get(actor)
    const head = this.log.head(actor)
    if (fork === undefined) return undefined
    const from = forkedFrom(fork)
    if (head?.isVoid === true && head.first <= from) return undefined
    if ((head?.last ?? 0) < from - 1) return undefined
    const before = from > 1 ? this.log.at(actor, from - 1) : undefined
    const check = before === undefined ? 0 : readChange(before.bytes).check
    const bytes = voidChange(this.#key.incarnation, actor, from, check)
    const boundary = before && { actor, counter: before.last, check }
    return { from, bytes, boundary, removes: (head?.last ?? 0) >= from }
  }

  /** Forks of actors that have not ended here: something that they wrote before is missing. */
  pending(): ForkProof[] {
    return [...this.forks.values()].filter(({ actor }) => this.log.head(actor)?.isVoid !== true)
  }

  /** Whether somebody who has this of a forked actor does not have its fork as it is here. */
  isForkNews({ actor }: ForkProof, theirs: FrontierEntry | undefined): boolean {
    const head = this.log.head(actor)
    if (head?.isVoid !== true) return theirs !== undefined
    return theirs?.counter !== limits.dotCounterMax || theirs.check !== readChange(head.bytes).check
  }

  /** Whether everything here was signed by its author, and each actor's changes follow each other. */
  isSound(): boolean {
    return this.log.entries.every((entry) => {
      if (entry.isVoid) return true
      const claim = this.#claimOf(entry)
      const before = this.#claimOf(entry.first > 1 ? this.log.at(entry.actor, entry.first - 1) : undefined)
      const isSigned = claim && claimRefusal(this.#signing, this.#key, entry.actor, claim) === undefined
      if (claim === undefined || isSigned !== true) return false
      return before === undefined || !contradict(this.#signing, this.#key, entry.actor, [before, claim])
    })
  }

  #claimOf(entry: LogEntry | undefined): Claim | undefined {
    return entry === undefined || entry.isVoid ? undefined : claimOf(this.#signing, openChange(entry.bytes))
  }

  #digestOf(entry: LogEntry | undefined): Uint8Array | undefined {
    return entry && changeDigest(this.#signing, this.#key, openChange(entry.bytes))
  }
}

const KIND_CHANGE = 0x13

function openedChange(part: Uint8Array): Change | undefined {
  return part[0] === KIND_CHANGE ? openChange(part) : undefined
}
