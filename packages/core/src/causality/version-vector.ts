/**
 * A version vector: per actor how many of its dots are known, all of them from 1 on (Parker et al., 1983). Two replicas
 * compare vectors to learn what the other lacks. Immutable.
 */
import { type ActorId, compareActorIds } from './actor.ts'
import type { Dot } from './dot.ts'

/** How two points of causal time relate. */
export type CausalOrder = 'equal' | 'before' | 'after' | 'concurrent'

export class VersionVector {
  readonly #counters: ReadonlyMap<ActorId, number>

  /** Entries of 0 are left out: a vector has one form. */
  constructor(entries: Iterable<readonly [ActorId, number]> = []) {
    this.#counters = new Map(
      [...entries].filter(([, counter]) => counter > 0).sort(([a], [b]) => compareActorIds(a, b)),
    )
  }

  /** Dots of this actor that are known; 0 for an actor never heard of. */
  get(actor: ActorId): number {
    return this.#counters.get(actor) ?? 0
  }

  contains(dot: Dot): boolean {
    return dot.counter <= this.get(dot.actor)
  }

  /** Entries ascending by actor. */
  entries(): IterableIterator<[ActorId, number]> {
    return this.#counters.entries()
  }

  get size(): number {
    return this.#counters.size
  }

  /** The smallest vector that is at least both. */
  join(other: VersionVector): VersionVector {
    const joined = new Map(this.#counters)
    for (const [actor, counter] of other.entries()) joined.set(actor, Math.max(counter, this.get(actor)))
    return new VersionVector(joined)
  }

  /** `before` means that everything known here is known there, and there is more there. */
  compare(other: VersionVector): CausalOrder {
    let less = false
    let more = false
    for (const [actor, counter] of this.entries()) if (counter > other.get(actor)) more = true
    for (const [actor, counter] of other.entries()) if (counter > this.get(actor)) less = true
    if (less) return more ? 'concurrent' : 'before'
    return more ? 'after' : 'equal'
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.entries())
  }
}
