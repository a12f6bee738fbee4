/**
 * Forks that signatures prove: acted on, told to everybody once, and listed. A proof is believed because of what it says, whoever sends
 * it; one that convinces nobody is refused and counted. Whoever was away gets it by repair, in the place of what it is about.
 */
import type { ActorId } from '@joinery/core'
import type { RepairBudget } from '../anti-entropy/budget.ts'
import type { Context } from '../context.ts'
import type { Documents } from '../documents/documents.ts'
import type { Taken } from '../documents/intake.ts'
import type { Life, Via } from '../documents/life.ts'
import { forksListedMax, forksPerMessageMax } from '../limits.ts'
import type { PeerChoice } from '../membership/peer-choice.ts'
import type { ForksMessage, FrontierEntry, LifeKey } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import { encodeProof, type ForkProof, forkedFrom, proofRefusal } from './fork-proof.ts'
import { sameBytes } from './signing.ts'

/** An actor that signed, or wrote, two histories of one life. */
export interface Fork {
  readonly life: LifeKey
  readonly actor: ActorId
  /** Nothing that it wrote from this dot on is taken. Absent where changes are not signed: then nobody can tell which branch is whose. */
  readonly from?: number
}

/** What a proof takes in a message, or nearly so: names are the rest. */
const PROOF_BYTES = 512

export interface QuarantineParts {
  readonly documents: Documents
  readonly budget: RepairBudget
  readonly choice: PeerChoice
  /** Others may not know of it yet. */
  readonly news: () => void
}

export class Quarantine {
  readonly #context: Context
  readonly #parts: QuarantineParts
  readonly #listed = new Map<string, Fork>()

  constructor(context: Context, parts: QuarantineParts) {
    this.#context = context
    this.#parts = parts
  }

  /** Forks that were found, by a proof or without one, the last ones last. */
  get listed(): readonly Fork[] {
    return [...this.#listed.values()]
  }

  /** What signatures do not prove is only told of. */
  unproven(life: Life, actor: ActorId, from: NodeId): void {
    if (this.#list(life, { life: life.key, actor })) this.#context.emit({ type: 'forked', life: life.key, actor, from })
  }

  /** Proofs that the store had. */
  loaded(life: Life, proofs: readonly ForkProof[]): void {
    for (const proof of proofs) this.#list(life, forkOf(life, proof))
  }

  /** Something came in: it may be half of a proof, or something that nobody takes any more. */
  taken(life: Life, { proofs, quarantined, news }: Taken, via: Via | undefined): void {
    const from = via?.from ?? this.#context.options.node
    for (const proof of proofs) this.#act(life, proof, from)
    // What comes before a fork may have been what was missing, and may contradict it.
    if (news.length > 0) for (const proof of life.signed?.pending() ?? []) this.#act(life, proof, from)
    const known = [...quarantined].flatMap((actor) => life.signed?.forks.get(actor) ?? [])
    if (known.length > 0 && via !== undefined) this.tell(via.from, life, known)
  }

  receive(from: NodeId, { forks }: ForksMessage): void {
    for (const { life: key, proof } of forks) {
      const life = this.#parts.documents.lives.find(key)
      // Whoever gets the document later gets the proof with it.
      if (life === undefined || this.#context.options.signing === undefined) continue
      this.#parts.documents.whenLoaded(life, () => this.#receive(from, life, proof))
    }
  }

  #receive(from: NodeId, life: Life, proof: ForkProof): void {
    const { signing } = this.#context.options
    const { signed } = life
    if (signing === undefined || signed === undefined || signed.isUnsigned || life.tombstone !== undefined) return
    const known = signed.forks.get(proof.actor)
    if (known !== undefined && forkedFrom(known) < forkedFrom(proof)) {
      this.tell(from, life, [known])
      return
    }
    if (known !== undefined && sameBytes(encodeProof(known), encodeProof(proof))) return
    const code = proofRefusal(signing, life.key, proof)
    if (code === undefined) this.#act(life, proof, from)
    else this.#context.emit({ type: 'peer-refused', from, code })
  }

  /** Sends somebody proofs of a life, as far as repair may. */
  tell(to: NodeId, life: Life, proofs: readonly ForkProof[]): void {
    for (let at = 0; at < proofs.length; at += forksPerMessageMax) {
      const some = proofs.slice(at, at + forksPerMessageMax)
      if (!this.#parts.budget.take(to, some.length * PROOF_BYTES)) return
      const forks = some.map((proof) => ({ life: life.key, proof }))
      this.#context.send(to, { kind: 'forks', forks }, 'repair')
    }
  }

  /** Tells a peer of the forks that it does not have as they are here. */
  tellNews(
    to: NodeId,
    life: Life,
    theirs: ReadonlyMap<string, FrontierEntry>,
    isAbout: (actor: ActorId) => boolean,
  ): void {
    const { signed } = life
    if (signed === undefined || signed.forks.size === 0) return
    const news = [...signed.forks.values()].filter((proof) => {
      return isAbout(proof.actor) && signed.isForkNews(proof, theirs.get(proof.actor))
    })
    if (news.length > 0) this.tell(to, life, news)
  }

  #act(life: Life, shown: ForkProof, from: NodeId): void {
    const via: Via = { from, cause: 'repair', hops: 0, told: [], foreign: false }
    const proof = this.#parts.documents.forks.learn(life, shown, via)
    if (proof === undefined) return
    const { choice } = this.#parts
    for (const to of new Set([...choice.targets(new Set([from])), ...choice.across()])) this.tell(to, life, [proof])
    this.#parts.news()
    this.#list(life, forkOf(life, proof))
    const { key } = life
    this.#context.emit({ type: 'forked', life: key, actor: proof.actor, from, proof: encodeProof(proof) })
  }

  /** Answers whether it was not listed. */
  #list(life: Life, fork: Fork): boolean {
    const name = `${fork.actor} ${life.name}`
    const isNew = !this.#listed.has(name)
    this.#listed.set(name, fork)
    if (this.#listed.size > forksListedMax) {
      const [oldest] = this.#listed.keys()
      if (oldest !== undefined) this.#listed.delete(oldest)
    }
    return isNew
  }
}

function forkOf(life: Life, proof: ForkProof): Fork {
  return { life: life.key, actor: proof.actor, from: forkedFrom(proof) }
}
