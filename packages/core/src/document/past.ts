/**
 * What a document knows of its own past: per actor a counter and the check over its last change, and the frontier. The
 * frontier is a set of actors, because a head of an actor is always its last dot.
 */
import type { ActorId } from '../causality/actor.ts'
import { CausalContext } from '../causality/causal-context.ts'
import { VersionVector } from '../causality/version-vector.ts'
import type { Site } from '../kernel/site.ts'
import { type ChangeHeader, type Head, lastOf } from './change.ts'
import { versionHash } from './version-hash.ts'

/** A past as a snapshot carries it, by actor index. */
export interface PastState {
  readonly context: CausalContext
  /** Check over the last change of each actor. */
  readonly checks: readonly number[]
  /** Actors whose last dot nothing known comes after. */
  readonly heads: ReadonlySet<number>
  /** The largest time of a change. */
  readonly timeMicros: number
}

/** The history of one actor as far as it is known: two histories with equal counters differ in the check. */
export interface ChainEntry extends Head {
  /** Check over the bytes of the change that ends with this dot. */
  readonly check: number
}

/** No index of an actor. */
export const NO_ACTOR = -1

export class Past implements PastState {
  readonly context: CausalContext = new CausalContext()
  readonly checks: number[] = []
  heads: Set<number> = new Set()
  timeMicros = 0
  readonly #site: Site

  /** @param site whose actors the past is told of. */
  constructor(site: Site) {
    this.#site = site
    site.context = this.context
  }

  /** The largest counter known of an actor. */
  known(actor: ActorId): number {
    const index = this.#site.actors.find(actor)
    return index === undefined ? 0 : this.context.prefix(index)
  }

  /** The check over the last change of an actor; 0 when there is none. */
  checkOf(actor: ActorId): number {
    const index = this.#site.actors.find(actor)
    return index === undefined ? 0 : (this.checks[index] ?? 0)
  }

  isKnown(header: ChangeHeader): boolean {
    return lastOf(header) <= this.known(header.actor)
  }

  /** Whether a change contradicts its actor's history. */
  isFork({ actor, first, previous }: ChangeHeader): boolean {
    const known = this.known(actor)
    return first <= known || (first === known + 1 && previous !== this.checkOf(actor))
  }

  /** A dot that must be known before a change can be applied; undefined when there is none. */
  need({ actor, first, deps }: ChangeHeader): Head | undefined {
    if (first > this.known(actor) + 1) return { actor, counter: first - 1 }
    return deps.find((dep) => this.known(dep.actor) < dep.counter)
  }

  /** Takes note of a change that follows what is known. */
  append(actor: number, last: number, check: number, timeMicros: number): void {
    const { heads } = this
    if (heads.size !== 1 || !heads.has(actor)) heads.add(actor)
    this.context.advance(actor, last)
    this.checks[actor] = check
    if (timeMicros > this.timeMicros) this.timeMicros = timeMicros
  }

  /** A change is about to follow dots of others: what was a head until now no longer is. */
  follow(actor: number, counter: number): void {
    if (this.context.prefix(actor) === counter) this.heads.delete(actor)
  }

  /** Returns to what a snapshot tells of. */
  restore(saved: PastState): void {
    this.context.clear()
    this.context.join(saved.context)
    // Not by a spread: there may be more actors than a call may have arguments.
    this.checks.length = 0
    for (const check of saved.checks) this.checks.push(check)
    this.heads = new Set(saved.heads)
    this.timeMicros = saved.timeMicros
  }

  /** @param news actors of whom the other past knows more. */
  join(other: PastState, news: readonly number[]): void {
    this.heads = joinHeads(this, other)
    for (const actor of news) {
      this.context.advance(actor, other.context.prefix(actor))
      this.checks[actor] = other.checks[actor] ?? 0
    }
    this.timeMicros = Math.max(this.timeMicros, other.timeMicros)
  }

  /** Heads of all actors but one, sorted. */
  headsBut(except: number): number[] {
    return [...this.heads].filter((actor) => actor !== except).sort(this.#site.actors.compare)
  }

  head(actor: number): Head {
    return { actor: this.#site.actors.id(actor), counter: this.context.prefix(actor) }
  }

  /** What is known of each actor, ascending, with the check over its last change. */
  chain(): ChainEntry[] {
    const { actors } = this.#site
    const known = actors.ids.map((_, actor) => actor).filter((actor) => this.context.prefix(actor) > 0)
    return known.sort(actors.compare).map((actor) => ({ ...this.head(actor), check: this.checks[actor] ?? 0 }))
  }

  version(): VersionVector {
    return new VersionVector(this.#site.actors.ids.map((id, actor) => [id, this.context.prefix(actor)]))
  }

  versionHash(): string {
    return versionHash(this.#site.actors, this.context, this.checks)
  }
}

type Heads = Pick<PastState, 'heads' | 'context'>

/** The heads of two pasts together: a head stays one unless the other knows its dot and knows it to be followed. */
function joinHeads(a: Heads, b: Heads): Set<number> {
  const heads = new Set<number>()
  const keep = (one: Heads, other: Heads): void => {
    for (const actor of one.heads) {
      if (one.context.prefix(actor) > other.context.prefix(actor) || other.heads.has(actor)) heads.add(actor)
    }
  }
  keep(a, b)
  keep(b, a)
  return heads
}
