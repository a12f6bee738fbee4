/**
 * Changes that arrived before what they depend on. Bounded: a sender that is too far ahead is asked to start with what is
 * missing. Each change waits for one thing at a time, so that a release looks only at changes it may release.
 */
import type { ActorId } from '../causality/actor.ts'
import { refuse } from '../errors.ts'
import { limits } from '../limits.ts'
import { type Change, lastOf } from './change.ts'

/** Counters `from .. to` of an actor that others have and this replica lacks. */
export interface MissingRange {
  readonly actor: ActorId
  readonly from: number
  readonly to: number
}

export class CausalBuffer {
  readonly #waiting = new Map<string, Change>()
  #bytes = 0

  get size(): number {
    return this.#waiting.size
  }

  /** Keeps a change. Answers false when it is here already. Throws `CORE_BUFFER_FULL`, keeping what it has. */
  add(change: Change): boolean {
    const key = `${change.header.first}@${change.header.actor}`
    const twin = this.#waiting.get(key)
    if (twin !== undefined) {
      if (twin.check !== change.check) refuse('CORE_ACTOR_FORKED', 'two different changes under the same dots')
      return false
    }
    if (this.#waiting.size >= limits.bufferedChangesMax || this.#bytes + change.bytes.length > limits.bufferedBytesMax) {
      refuse('CORE_BUFFER_FULL', `${this.#waiting.size} changes wait already: send what is missing first`)
    }
    this.#waiting.set(key, change)
    this.#bytes += change.bytes.length
    return true
  }

  /** Takes out the changes that can be applied now, and those that are known by now. */
  take(ready: (change: Change) => boolean): Change[] {
    const taken: Change[] = []
    for (const [key, change] of this.#waiting) {
      if (!ready(change)) continue
      this.#waiting.delete(key)
      this.#bytes -= change.bytes.length
      taken.push(change)
    }
    return taken
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
    for (const { header } of this.#waiting.values()) {
      want(header.actor, header.first - 1)
      for (const { actor, counter } of header.deps) want(actor, counter)
    }
    return [...wanted].flatMap(([actor, to]) => this.#gaps(actor, known(actor) + 1, to))
  }

  #gaps(actor: ActorId, from: number, to: number): MissingRange[] {
    const own = [...this.#waiting.values()].filter(({ header }) => header.actor === actor)
    own.sort((a, b) => a.header.first - b.header.first)
    const gaps: MissingRange[] = []
    let at = from
    for (const { header } of own) {
      if (header.first > at && at <= to) gaps.push({ actor, from: at, to: Math.min(to, header.first - 1) })
      at = Math.max(at, lastOf(header) + 1)
    }
    if (at <= to) gaps.push({ actor, from: at, to })
    return gaps
  }
}
