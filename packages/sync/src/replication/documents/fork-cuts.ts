/**
 * Takes out of lives what actors wrote from their forks on, and ends these actors there. To make a document anew costs all of it, so
 * forks that are found one after the other are cut together.
 */
import { type ActorId, limits, type SchemaDoc } from '@joinery/core'
import type { Context } from '../context.ts'
import type { ActorChoice } from '../ports.ts'
import { encodeProof, type ForkProof } from '../signing/fork-proof.ts'
import { Intake, type Taken } from './intake.ts'
import type { Life, Staged, Via } from './life.ts'

export interface ForkCutsParts {
  readonly open: (life: Life, parts: readonly Uint8Array[], choice: ActorChoice) => SchemaDoc
  /** Has these stored. */
  readonly stage: (life: Life, parts: readonly Staged[]) => void
  /** What waited for an actor that has ended came in. */
  readonly taken: (life: Life, taken: Taken, via: Via) => void
  readonly damaged: (life: Life) => void
}

export class ForkCuts {
  readonly #context: Context
  readonly #parts: ForkCutsParts
  /** Something is to be taken out of them, later. */
  readonly #waiting = new Set<Life>()

  constructor(context: Context, parts: ForkCutsParts) {
    this.#context = context
    this.#parts = parts
  }

  /** When there is something to do by itself. */
  get dueMs(): number {
    let due = Number.POSITIVE_INFINITY
    for (const life of this.#waiting) due = Math.min(due, life.cutAtMs)
    return due
  }

  wake(): void {
    for (const life of this.#waiting) {
      if (life.cutAtMs > this.#context.nowMs) continue
      this.#waiting.delete(life)
      // One that has left memory is cut when it is back.
      if (life.document !== undefined) this.#rebuild(life, life.document, this.#byItself)
    }
  }

  /** Takes note of a proof, and does what follows. Answers the fork that holds now; undefined where it was known. */
  learn(life: Life, shown: ForkProof, via: Via): ForkProof | undefined {
    const proof = life.signed?.learn(shown)
    if (proof === 'unsound') {
      this.#parts.damaged(life)
      return undefined
    }
    if (proof !== undefined) this.#parts.stage(life, [{ bytes: encodeProof(proof), knows: [], headers: [], via }])
    this.#end(life, shown.actor, via)
    return proof
  }

  /** A proof may have become durable alone. */
  loaded(life: Life): void {
    for (const { actor } of life.signed?.pending() ?? []) this.#end(life, actor, this.#byItself)
  }

  /** Ends a forked actor before its fork, as soon as all that comes before is here. */
  #end(life: Life, actor: ActorId, via: Via): void {
    const cut = life.signed?.cut(actor)
    const { document } = life
    if (cut === undefined || document === undefined) return
    if (cut.removes || document.actor.id === actor) {
      if (life.cutAtMs <= this.#context.nowMs) this.#rebuild(life, document, via)
      else this.#waiting.add(life)
      return
    }
    const taken = new Intake(life, document, via).takeVoid(cut.bytes)
    this.#parts.stage(life, taken.news)
    this.#parts.taken(life, taken, via)
    this.#context.emit({ type: 'changed', life: life.key, headers: [] })
  }

  /** Makes the document anew from what stays, and has what is stored of it written anew. */
  #rebuild(life: Life, { actor }: SchemaDoc, via: Via): void {
    const { signed } = life
    const cuts = signed?.pending().flatMap((fork) => signed.cut(fork.actor) ?? []) ?? []
    if (signed === undefined || cuts.length === 0) return
    const isOwn = cuts.some((cut) => cut.actor === actor.id)
    for (const cut of cuts) signed.log.replace(cut.actor, cut.from, cut.bytes)
    life.early.clear()
    const document = this.#parts.open(life, signed.parts(), isOwn ? 'new' : 'own')
    life.document = document
    life.rewrites += 1
    life.cutAtMs = this.#context.nowMs + this.#context.limits.cutAgainMs
    const voids = cuts.map((cut) => {
      life.recede(cut.actor, cut.boundary)
      const knows = [{ actor: cut.actor, counter: limits.dotCounterMax, check: document.checkOf(cut.actor) }]
      return { bytes: cut.bytes, knows, headers: [], via }
    })
    this.#parts.stage(life, voids)
    this.#context.emit({ type: 'changed', life: life.key, headers: [] })
    if (isOwn) this.#context.emit({ type: 'renewed', life: life.key })
  }

  /** How something came that nobody sent. */
  get #byItself(): Via {
    return { from: this.#context.options.node, cause: 'repair', hops: 0, told: [], foreign: false }
  }
}
