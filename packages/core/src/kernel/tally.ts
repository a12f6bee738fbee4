/**
 * The kernel of every counter: per actor a total that only its actor raises, joined by maximum (G-Counter, Shapiro et al.
 * 2011). Below a removable key totals must be removable too, see `CutTally`.
 */
import { refuse } from '../errors.ts'
import { type Decoder, type Encoder, reusedActor } from './codec.ts'
import type { Place } from './container.ts'
import { SELF, type Site } from './site.ts'

export interface Entry {
  readonly actor: number
  readonly sum: number
}

/** The tally that a place needs. */
export function newTally(place: Place): Tally {
  return place.removable && place.site.cutTally !== undefined ? place.site.cutTally(place) : new Tally(place)
}

export class Tally<E extends Entry = Entry> {
  protected readonly site: Site
  protected readonly sums: number[] = [0]
  protected raised = false
  /** A stand-alone counter needs no dots: its totals tell by themselves what is new. */
  readonly #dotless: boolean

  constructor({ site, parent }: Place) {
    this.site = site
    this.#dotless = site.standalone && parent === undefined
  }

  /** What the local actor has counted in its present entry. */
  own(): number {
    return this.sums[SELF] as number
  }

  /** Refuses what `raise` could not do. Throws `CORE_VALUE_INVALID`, `CORE_LIMIT_EXCEEDED`. */
  requireRoom(by: number): void {
    if (!(by > 0) || !Number.isSafeInteger(by)) {
      refuse('CORE_VALUE_INVALID', 'not a positive safe integer')
    }
    if (this.own() + by > Number.MAX_SAFE_INTEGER) refuse('CORE_LIMIT_EXCEEDED', 'above 2^53 - 1')
  }

  /** Raises the local actor's total. Room is the caller's duty. */
  raise(by: number): void {
    this.raised = true
    if (!this.#dotless) this.site.mark()
    this.sums[SELF] = this.own() + by
  }

  /** What an actor's entry adds to the total. */
  protected counted(actor: number): number {
    return this.sums[actor] as number
  }

  /** The total as a number; not exact once it leaves the safe integers. */
  total(): number {
    let total = 0
    for (let actor = 0; actor < this.sums.length; actor += 1) total += this.counted(actor)
    return total
  }

  bigTotal(): bigint {
    let total = 0n
    for (let actor = 0; actor < this.sums.length; actor += 1) total += BigInt(this.counted(actor))
    return total
  }

  /**
   * Cuts every entry to what the author has seen of it.
   * @param _seen the same counter as the author saw it, when that is not its present state.
   */
  cut(_seen: Tally | undefined): void {
    refuse('CORE_PRECONDITION_FAILED', 'cannot be reset')
  }

  mentions(actor: number): boolean {
    return (this.sums[actor] ?? 0) > 0
  }

  isBottom(): boolean {
    return this.sums.every((sum) => sum === 0)
  }

  clear(): void {
    this.sums.fill(0)
    this.raised = false
  }

  writePending(out: Encoder): void {
    this.write(out, this.raised ? [SELF] : [])
    this.raised = false
  }

  writeState(out: Encoder): void {
    this.write(
      out,
      out.table.filter((actor) => this.mentions(actor)),
    )
  }

  protected write(out: Encoder, actors: readonly number[]): void {
    out.writer.varint(actors.length)
    for (const actor of actors) {
      out.actor(actor)
      this.writeEntry(out, actor)
    }
  }

  protected writeEntry({ writer }: Encoder, actor: number): void {
    writer.varint(this.sums[actor] as number)
  }

  /** Reads and checks a block; touches nothing. */
  read(input: Decoder): E[] {
    const entries: E[] = []
    for (let count = input.reader.count(2); count > 0; count -= 1) {
      const actor = input.actor()
      const sum = input.reader.varint()
      if (sum === 0) input.reader.invalid('not canonical')
      entries.push(this.readEntry(input, { actor, sum }))
    }
    return entries
  }

  protected readEntry({ reader, author, site }: Decoder, entry: Entry): E {
    const { actor, sum } = entry
    if (author !== undefined && actor !== author) reader.invalid('not vouched for')
    if (actor === SELF && this.#dotless && !site.resuming && sum > this.own()) reusedActor()
    return entry as E
  }

  join(entries: readonly E[]): void {
    for (const entry of entries) {
      const { actor } = entry
      if (!this.#dotless) this.site.mentioned.add(actor)
      while (this.sums.length <= actor) this.sums.push(0)
      this.joinEntry(entry)
    }
  }

  protected joinEntry({ actor, sum }: E): void {
    this.sums[actor] = Math.max(sum, this.sums[actor] as number)
  }
}
