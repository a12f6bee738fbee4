/**
 * G-Counter: a counter that only goes up (Shapiro, Preguiça, Baquero, Zawirski, "A comprehensive study of convergent and
 * commutative replicated data types", 2011).
 *
 * For users: every replica counts on its own, the value is the sum, no increment is ever lost or counted twice.
 * Conflicts: there are none; per actor the larger total wins. Space: one number per actor that ever counted. Left out:
 * decrements (see `PnCounter`) and a bound (see `BoundedCounter`).
 */
import type { Actor } from '../causality/actor.ts'
import type { Place } from '../kernel/container.ts'
import { Counter } from '../kernel/counter.ts'
import { loadEncoded } from '../kernel/frame.ts'
import * as tags from './tag-numbers.ts'

export class GCounter extends Counter {
  readonly tag: number = tags.gcounter

  constructor(at: Actor | Place) {
    super(at, 1)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): GCounter {
    return loadEncoded(new GCounter(actor), bytes)
  }

  /**
   * Counts up. O(1).
   * @param by a positive safe integer; `CORE_VALUE_INVALID` otherwise, `CORE_LIMIT_EXCEEDED` past 2^53-1 for this actor.
   */
  increment(by = 1): void {
    this.count(this.up, by)
  }
}
