/** What the three counters share: totals counted up and, for those that go down too, totals counted down. */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import type { Decoder, Encoder } from './codec.ts'
import { type Apply, Container, emitValue, type Inverse, noteInverse, type Place } from './container.ts'
import { newTally, type Tally } from './tally.ts'

export abstract class Counter extends Container {
  protected readonly up: Tally
  /** The same tally as `up` where nothing counts down. */
  protected readonly down: Tally
  readonly #tallies: readonly Tally[]

  /** @param directions 1 for a counter that only goes up, 2 for one that goes down too. */
  constructor(at: Actor | Place, directions: 1 | 2) {
    super(at)
    this.up = newTally(this.place)
    this.down = directions === 1 ? this.up : newTally(this.place)
    this.#tallies = directions === 1 ? [this.up] : [this.up, this.down]
  }

  protected count(tally: Tally, by: number): void {
    tally.requireRoom(by)
    this.touch()
    if (this.place.site.inverses !== undefined) noteInverse(this, tally === this.up ? 'up' : 'down', by)
    tally.raise(by)
    if (this.place.site.patches !== undefined) emitValue(this)
  }

  /** Undo of counting: as much the other way, where there is one. */
  protected uncount(tally: Tally, by: number): void {
    if (this.up !== this.down) this.count(tally === this.up ? this.down : this.up, by)
  }

  /** The value over all replicas. Throws `CORE_VALUE_UNSAFE` outside ±(2^53-1). O(actors). */
  get value(): number {
    const up = this.up.total()
    const value = up - (this.#tallies[1]?.total() ?? 0)
    // What was rounded may hide a small difference of large totals: count again exactly.
    const exact = Number.isSafeInteger(up) && Number.isSafeInteger(value) ? value : Number(this.bigValue)
    if (!Number.isSafeInteger(exact)) refuse('CORE_VALUE_UNSAFE', 'read it as bigint')
    return exact
  }

  /** The value, whatever its size. */
  get bigValue(): bigint {
    return this.up.bigTotal() - (this.#tallies[1]?.bigTotal() ?? 0n)
  }

  /** A number, or the digits as text where a number would not be exact. */
  toJSON(): JsonValue {
    const number = Number(this.bigValue)
    return Number.isSafeInteger(number) ? number : this.bigValue.toString()
  }

  override revert([counted, by]: Inverse): void {
    this.uncount(counted === 'up' ? this.up : this.down, by as number)
  }

  copy(): JsonValue {
    return this.value
  }

  paste(copied: JsonValue): void {
    const value = copied as number
    if (value !== 0) this.count(value > 0 ? this.up : this.down, Math.abs(value))
  }

  isBottom(): boolean {
    return this.#tallies.every((tally) => tally.isBottom())
  }

  mentions(actor: number): boolean {
    return this.#tallies.some((tally) => tally.mentions(actor))
  }

  writePending(out: Encoder): void {
    for (const tally of this.#tallies) tally.writePending(out)
  }

  writeState(out: Encoder): void {
    for (const tally of this.#tallies) tally.writeState(out)
  }

  read(input: Decoder): Apply {
    const deltas = this.#tallies.map((tally) => tally.read(input))
    return () => {
      for (const [i, tally] of this.#tallies.entries()) tally.join(deltas[i] ?? [])
      emitValue(this)
    }
  }

  reset(): void {
    const twin = this.place.site.twin?.(this.path())
    const seen = twin instanceof Counter && twin.tag === this.tag ? twin.#tallies : []
    for (const [i, tally] of this.#tallies.entries()) tally.cut(seen[i])
  }

  clear(): void {
    for (const tally of this.#tallies) tally.clear()
  }
}
