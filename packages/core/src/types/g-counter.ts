/**
 * G-Counter: a counter that only goes up (Shapiro, Preguiça, Baquero, Zawirski, "A comprehensive study of convergent and
 * commutative replicated data types", 2011).
 *
 * For users: every replica counts on its own, the value is the sum, no increment is ever lost or counted twice.
 * Conflicts: there are none; per actor the larger total wins. Space: one number per actor that ever counted. Left out:
 * decrements (see `PnCounter`) and a bound (see `BoundedCounter`).
 */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, Container, emitValue, type Place } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { exact, Tally } from '../kernel/tally.ts'
import { tags } from './tags.ts'

export class GCounter extends Container {
  readonly tag: number = tags.gcounter
  readonly #up: Tally

  constructor(at: Actor | Place) {
    super(at)
    this.#up = new Tally(this.place)
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
    this.#up.requireRoom(by)
    this.touch()
    const { site } = this.place
    this.#up.raise(site, by)
    if (site.patches !== undefined) emitValue(this)
  }

  /** The sum over all replicas. Throws `CORE_VALUE_UNSAFE` beyond 2^53-1. O(actors). */
  get value(): number {
    return exact(this.#up.total())
  }

  /** The sum, whatever its size. */
  get bigValue(): bigint {
    return this.#up.bigTotal()
  }

  /** A number, or the digits as text where a number would not be exact. */
  toJSON(): JsonValue {
    return countToJson(this.bigValue)
  }

  isBottom(): boolean {
    return this.#up.isBottom()
  }

  mentions(actor: number): boolean {
    return this.#up.mentions(actor)
  }

  writePending(out: Encoder): void {
    this.#up.writePending(out)
  }

  writeState(out: Encoder): void {
    this.#up.writeState(out)
  }

  read(input: Decoder): Apply {
    const delta = this.#up.read(input)
    return () => {
      this.#up.join(input.site, delta)
      emitValue(this)
    }
  }

  reset(): void {
    if (!this.place.removable) refuse('CORE_PRECONDITION_FAILED', 'a counter is reset below a removable key only')
    const seen = this.place.site.twin?.(this.path())
    this.#up.cut(this.place.site, seen instanceof GCounter ? seen.#up : undefined)
  }

  clear(): void {
    this.#up.clear()
  }
}

/** A count as JSON: a number where it is exact, else its digits. */
export function countToJson(count: bigint): JsonValue {
  const number = Number(count)
  return Number.isSafeInteger(number) ? number : count.toString()
}
