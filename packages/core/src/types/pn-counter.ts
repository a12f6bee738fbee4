/**
 * PN-Counter: a counter that goes up and down (Shapiro et al. 2011).
 *
 * For users: increments and decrements of all replicas add up, none is lost or counted twice; the value may go below zero.
 * Conflicts: there are none. Space: two numbers per actor. Left out: a lower bound (see `BoundedCounter`).
 */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Apply, Container, emitValue, type Place } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { exact, Tally } from '../kernel/tally.ts'
import { countToJson } from './g-counter.ts'
import { tags } from './tags.ts'

export class PnCounter extends Container {
  readonly tag: number = tags.pncounter
  readonly #up: Tally
  readonly #down: Tally

  constructor(at: Actor | Place) {
    super(at)
    this.#up = new Tally(this.place)
    this.#down = new Tally(this.place)
  }

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): PnCounter {
    return loadEncoded(new PnCounter(actor), bytes)
  }

  /** Counts up by a positive safe integer. O(1). Throws `CORE_VALUE_INVALID`, `CORE_LIMIT_EXCEEDED`. */
  increment(by = 1): void {
    this.#count(this.#up, by)
  }

  /** Counts down by a positive safe integer. O(1). Throws `CORE_VALUE_INVALID`, `CORE_LIMIT_EXCEEDED`. */
  decrement(by = 1): void {
    this.#count(this.#down, by)
  }

  #count(tally: Tally, by: number): void {
    tally.requireRoom(by)
    this.touch()
    tally.raise(this.place.site, by)
    if (this.place.site.patches !== undefined) emitValue(this)
  }

  /** Ups minus downs over all replicas. Throws `CORE_VALUE_UNSAFE` outside ±(2^53-1). O(actors). */
  get value(): number {
    const up = this.#up.total()
    const down = this.#down.total()
    // Each total may have been rounded though their difference is small: count again exactly.
    return Number.isSafeInteger(up) && Number.isSafeInteger(down) ? up - down : exact(Number(this.bigValue))
  }

  /** The value, whatever its size. */
  get bigValue(): bigint {
    return this.#up.bigTotal() - this.#down.bigTotal()
  }

  toJSON(): JsonValue {
    return countToJson(this.bigValue)
  }

  isBottom(): boolean {
    return this.#up.isBottom() && this.#down.isBottom()
  }

  mentions(actor: number): boolean {
    return this.#up.mentions(actor) || this.#down.mentions(actor)
  }

  writePending(out: Encoder): void {
    this.#up.writePending(out)
    this.#down.writePending(out)
  }

  writeState(out: Encoder): void {
    this.#up.writeState(out)
    this.#down.writeState(out)
  }

  read(input: Decoder): Apply {
    const up = this.#up.read(input)
    const down = this.#down.read(input)
    return () => {
      this.#up.join(input.site, up)
      this.#down.join(input.site, down)
      emitValue(this)
    }
  }

  reset(): void {
    if (!this.place.removable) refuse('CORE_PRECONDITION_FAILED', 'a counter is reset below a removable key only')
    const seen = this.place.site.twin?.(this.path())
    this.#up.cut(this.place.site, seen instanceof PnCounter ? seen.#up : undefined)
    this.#down.cut(this.place.site, seen instanceof PnCounter ? seen.#down : undefined)
  }

  clear(): void {
    this.#up.clear()
    this.#down.clear()
  }
}
