/**
 * One document, or one stand-alone value, as its containers see it: who stamps, what is known, what time it is. Containers
 * hold no identity and no causality of their own; they ask their site.
 */
import { type Actor, ActorTable } from '../causality/actor.ts'
import type { CausalContext } from '../causality/causal-context.ts'
import type { HybridClock } from '../causality/hybrid-clock.ts'
import { refuse } from '../errors.ts'
import * as limits from '../limits.ts'
import type { Effect, Place } from './container.ts'
import type { Patch, Path } from './patch.ts'
import type { TypeTable } from './spec.ts'
import type { Tally } from './tally.ts'

/** Index of the local actor. Its dots are therefore plain counters. */
export const SELF = 0

export class Site {
  readonly actors: ActorTable = new ActorTable()
  readonly clock: HybridClock
  /**
   * Dots known, where something here is causal. Of the local actor only those of finished changes; `settle` adds the pending
   * ones.
   */
  context: CausalContext | undefined
  /**
   * Actors that may be mentioned though none of their dots is known: in dots removed before they arrived, in transfers. Their
   * names belong in the encoded table all the same.
   */
  readonly mentioned: Set<number> = new Set()
  /** Counter of the last dot handed out. */
  last = 0
  /** First counter of the change in progress: everything from here on is pending. */
  first = 1
  /** Counter up to which pending dots were shown already: a state was encoded before its delta was taken. */
  shown = 0
  /** Number of the change in progress; containers compare it to see whether they were touched in it. */
  stamp = 1
  /** Whether mutators may run. A document opens it for the time of `change`. */
  open: boolean
  readonly standalone: boolean
  /** Makes containers of the types that arrive from elsewhere. */
  types: TypeTable | undefined
  /** How counters below a removable key count: whoever has such keys brings it. */
  cutTally: ((place: Place) => Tally) | undefined
  /** The latest time that is believed of what is read. */
  timeMax: number = Number.POSITIVE_INFINITY
  /** Containers made so far. */
  made = 0
  /** While something is taken back that made containers: how many there were before it. */
  madeMax: number = Number.POSITIVE_INFINITY
  /** While a state is loaded that the local actor wrote itself. */
  resuming = false
  /** What the author of the change in progress had seen; absent: everything that is here. */
  observes: ((dot: number) => boolean) | undefined
  /**
   * The container at a path as the author of the change in progress saw it, where that is not as it is now: counters have no
   * dots that `observes` could be asked about.
   */
  twin: ((path: Path) => unknown) | undefined
  /** Where mutators note what takes their effect back, while somebody may want to undo. */
  inverses: Effect[] | undefined
  /** Actors under which the local one wrote before, as far as undo knows. */
  readonly selves: Set<number> = new Set([SELF])
  /** Elements of sequences that undo brought back, by what they are copies of. */
  readonly copies: Map<number, number> = new Map()
  /** Where patches go while someone listens. */
  patches: Patch[] | undefined
  #time = 0

  constructor(actor: Actor, standalone: boolean, context?: CausalContext) {
    this.context = context
    this.clock = actor.clock
    this.actors.intern(actor.id)
    this.standalone = standalone
    this.open = standalone
  }

  /** A new dot of the local actor. */
  dot(): number {
    return this.dots(1)
  }

  /** `count` consecutive new dots; answers the first. */
  dots(count: number): number {
    if (this.last + count > limits.dotCounterMax) refuse('CORE_LIMIT_EXCEEDED', 'above limits.dotCounterMax')
    const first = this.last + 1
    this.last += count
    return first
  }

  /**
   * The dot that operations of the change in progress may share: removals, increments, and writes to different registers need
   * a dot, but not each its own.
   */
  mark(): number {
    const own = this.shown < this.first ? this.first : this.shown + 1
    return this.last < own ? this.dot() : own
  }

  /** Time of the change in progress in microseconds. A document's change has one, a stand-alone value one per write. */
  time(): number {
    if (this.standalone) return this.clock.now()
    if (this.#time === 0) this.#time = this.clock.now()
    return this.#time
  }

  /** Sets the time of the change in progress. */
  startAt(micros: number): void {
    this.#time = micros
  }

  /** A whole state leaves with what is pending in it: from here on that is no longer private. */
  show(): void {
    this.settle()
    this.shown = this.last
    this.stamp += 1
  }

  /** Makes the context include the local actor's own dots. */
  settle(): void {
    if (this.last > 0) this.context?.advance(SELF, this.last)
  }

  /** Joins a stored state that was left unread until now: as if nothing had been known yet, and told to nobody. */
  load(apply: () => void): void {
    const { context, patches, resuming } = this
    this.context = undefined
    this.patches = undefined
    this.resuming = true
    apply()
    this.context = context
    this.patches = patches
    this.resuming = resuming
  }

  /** Ends the change in progress: what follows is a new one. */
  next(): void {
    this.settle()
    this.first = this.last + 1
    this.stamp += 1
    this.#time = 0
  }

  /** Takes back the change in progress, after its containers were cleared. */
  abandon(): void {
    this.last = this.first - 1
    this.stamp += 1
    this.#time = 0
  }

  /** Continues after `last` own dots: after loading. */
  resumeAfter(last: number): void {
    this.last = last
    this.next()
  }
}
