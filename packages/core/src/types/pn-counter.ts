/**
 * PN-Counter: a counter that goes up and down (Shapiro et al. 2011).
 *
 * For users: increments and decrements of all replicas add up, none is lost or counted twice; the value may go below zero.
 * Conflicts: there are none. Space: two numbers per actor. Left out: a lower bound (see `BoundedCounter`).
 */
import type { Actor } from '../causality/actor.ts'
import type { Place } from '../kernel/container.ts'
import { Counter } from '../kernel/counter.ts'
import { loadEncoded } from '../kernel/frame.ts'
import * as tags from './tag-numbers.ts'

export class PnCounter extends Counter {
  readonly tag: number = tags.pncounter

  constructor(at: Actor | Place) {
    super(at, 2)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): PnCounter {
    return loadEncoded(new PnCounter(actor), bytes)
  }

  /** Counts up by a positive safe integer. O(1). Throws `CORE_VALUE_INVALID`, `CORE_LIMIT_EXCEEDED`. */
  increment(by = 1): void {
    this.count(this.up, by)
  }

  /** Counts down by a positive safe integer. O(1). Throws `CORE_VALUE_INVALID`, `CORE_LIMIT_EXCEEDED`. */
  decrement(by = 1): void {
    this.count(this.down, by)
  }
}
