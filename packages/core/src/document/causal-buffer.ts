/**
 * Changes that arrived before what they depend on. Bounded: a sender that is too far ahead is asked to start with what is
 * missing. Each change waits for one thing at a time, so that a release looks only at changes it may release.
 */
import type { ActorId } from '../causality/actor.ts'
import { subtractRuns } from '../causality/causal-context.ts'
import type { Dot } from '../causality/dot.ts'
import { refuse } from '../errors.ts'
import * as limits from '../limits.ts'
import { pushTo } from '../lists.ts'
import { firstWhere } from '../search.ts'
import { type Change, lastOf } from './change.ts'

/** Counters `from .. to` of an actor that others have and this replica lacks. */
export interface MissingRange {
  readonly actor: ActorId
  readonly from: number
  readonly to: number
}

interface Filed {
  /** Counter of the actor it is filed under that must be known first. */
  readonly counter: number
  readonly change: Change
}

export class CausalBuffer {
  readonly #waiting = new Map<string, Change>()
  /** By the actor they wait for, the largest counter first, so that what is released stands at the end. */
  readonly #filed = new Map<ActorId, Filed[]>()
  #bytes = 0

  get size(): number {
    return this.#waiting.size
  }

  /** The change that waits under the same dots. */
  twin(change: Change): Change | undefined {
    return this.#waiting.get(keyOf(change))
  }

  /** Throws `CORE_BUFFER_FULL` when there is no room for so many more. */
  requireRoom(changes: number, bytes: number): void {
    if (changes === 0) return
    if (this.#waiting.size + changes > limits.bufferedChangesMax || this.#bytes + bytes > limits.bufferedBytesMax) {
      refuse('CORE_BUFFER_FULL', `${this.#waiting.size} changes wait already`)
    }
  }

  /** Keeps a change until `need` is known. Answers false when it is here already. Room is the caller's duty. */
  add(change: Change, need: Dot): boolean {
    const key = keyOf(change)
    if (this.#waiting.has(key)) return false
    this.#waiting.set(key, change)
    this.#bytes += change.bytes.length
    const filed = this.#filed.get(need.actor) ?? []
    this.#filed.set(need.actor, filed)
    filed.splice(placeOf(filed, need.counter), 0, { counter: need.counter, change })
    return true
  }

  /** Takes out the changes that waited for no more than `known` dots of an actor. */
  release(actor: ActorId, known: number): Change[] {
    const filed = this.#filed.get(actor)
    if (filed === undefined) return []
    const released = filed.splice(placeOf(filed, known)).map(({ change }) => change)
    if (filed.length === 0) this.#filed.delete(actor)
    for (const change of released) {
      this.#waiting.delete(keyOf(change))
      this.#bytes -= change.bytes.length
    }
    return released.reverse()
  }

  /**
   * What to ask for: everything the waiting changes depend on that is neither known nor waiting itself.
   * @param known the largest counter known of an actor.
   */
  missing(known: (actor: ActorId) => number): MissingRange[] {
    const wanted = new Map<ActorId, number>()
    const want = (actor: ActorId, counter: number): void => {
      if (counter > Math.max(known(actor), wanted.get(actor) ?? 0)) wanted.set(actor, counter)
    }
    const own = new Map<ActorId, Change[]>()
    for (const change of this.#waiting.values()) {
      const { actor, first, deps } = change.header
      want(actor, first - 1)
      for (const dep of deps) want(dep.actor, dep.counter)
      pushTo(own, actor, change)
    }
    return [...wanted].flatMap(([actor, to]) => gaps(own.get(actor) ?? [], { actor, from: known(actor) + 1, to }))
  }
}

function keyOf({ header }: Change): string {
  return `${header.first}@${header.actor}`
}

/** Index of the first entry that waits for no more than a counter. */
function placeOf(filed: readonly Filed[], counter: number): number {
  return firstWhere(filed.length, (i) => (filed[i] as Filed).counter <= counter)
}

/** What of a range the waiting changes of its actor do not have. */
function gaps(own: Change[], { actor, from, to }: MissingRange): MissingRange[] {
  own.sort((a, b) => a.header.first - b.header.first)
  const waiting = own.flatMap(({ header }) => [header.first, lastOf(header)])
  const missing: MissingRange[] = []
  const runs = subtractRuns([from, to], waiting)
  for (let i = 0; i < runs.length; i += 2) missing.push({ actor, from: runs[i] as number, to: runs[i + 1] as number })
  return missing
}
