/**
 * The kernel of every counter: per actor a total that only its actor raises, joined by maximum (G-Counter, Shapiro et al.
 * 2011).
 *
 * Below a removable key an entry is `(first, sum, cut)`: `first` the dot with which the actor began it, `cut` what of `sum`
 * was removed. A removal raises `cut` to the sum it had observed, so concurrent increments survive it and nothing else does.
 * An actor whose entry is cut whole begins a new one; since the sum of the old one can no longer grow, the entry with the
 * larger `first` stands alone, and space stays one entry per actor.
 */
import { refuse } from '../errors.ts'
import { limits } from '../limits.ts'
import { type Decoder, type Encoder, reusedActor } from './codec.ts'
import type { Place } from './container.ts'
import { SELF, type Site } from './site.ts'

interface Entry {
  readonly actor: number
  readonly first: number
  readonly sum: number
  readonly cut: number
}

export type TallyDelta = readonly Entry[]

export class Tally {
  readonly #sums: number[] = [0]
  #firsts: number[] = []
  #cuts: number[] = []
  readonly #removable: boolean
  /** A stand-alone counter needs no dots: its totals tell by themselves what is new. */
  readonly #dotless: boolean
  #raised = false
  #cutPending: Set<number> | undefined

  constructor({ removable, parent, site }: Place) {
    this.#removable = removable
    this.#dotless = site.standalone && parent === undefined
  }

  /** Refuses what `raise` could not do. Throws `CORE_VALUE_INVALID`, `CORE_LIMIT_EXCEEDED`. */
  requireRoom(by: number): void {
    if (!(by > 0) || !Number.isSafeInteger(by)) {
      refuse('CORE_VALUE_INVALID', 'a counter goes up by a positive safe integer')
    }
    const sum = this.#removable && this.#isSpent() ? 0 : (this.#sums[SELF] as number)
    if (sum + by > Number.MAX_SAFE_INTEGER) refuse('CORE_LIMIT_EXCEEDED', 'this actor has counted up to 2^53 - 1')
  }

  /** Raises the local actor's total. Room is the caller's duty. */
  raise(site: Site, by: number): void {
    this.#raised = true
    if (!this.#removable) {
      if (!this.#dotless) site.mark()
      this.#sums[SELF] = (this.#sums[SELF] as number) + by
      return
    }
    const mark = site.mark()
    if (this.#isSpent()) this.#set({ actor: SELF, first: mark, sum: by, cut: 0 })
    else this.#sums[SELF] = this.#sum(SELF) + by
  }

  /** Whether the local actor must begin a new entry: it has none, or all of it was removed. */
  #isSpent(): boolean {
    return this.#first(SELF) === 0 || this.#cut(SELF) === this.#sum(SELF)
  }

  #sum(actor: number): number {
    return this.#sums[actor] ?? 0
  }

  #cut(actor: number): number {
    return this.#cuts[actor] ?? 0
  }

  #first(actor: number): number {
    return this.#firsts[actor] ?? 0
  }

  #set({ actor, first, sum, cut }: Entry): void {
    while (this.#sums.length <= actor) this.#sums.push(0)
    this.#sums[actor] = sum
    if (!this.#removable) return
    while (this.#firsts.length <= actor) {
      this.#firsts.push(0)
      this.#cuts.push(0)
    }
    this.#firsts[actor] = first
    this.#cuts[actor] = cut
  }

  /** What the local actor has contributed and still counts. */
  own(): number {
    return this.#sum(SELF) - this.#cut(SELF)
  }

  /** The total as a number; not exact once it leaves the safe integers. */
  total(): number {
    let total = 0
    for (let actor = 0; actor < this.#sums.length; actor += 1) total += this.#sum(actor) - this.#cut(actor)
    return total
  }

  bigTotal(): bigint {
    let total = 0n
    for (let actor = 0; actor < this.#sums.length; actor += 1) total += BigInt(this.#sum(actor) - this.#cut(actor))
    return total
  }

  /**
   * Cuts every entry to what the author has seen of it.
   * @param seen the same counter as the author saw it, when that is not its present state.
   */
  cut(site: Site, seen: Tally = this): void {
    for (let actor = 0; actor < this.#sums.length; actor += 1) {
      const observed = seen.#first(actor) === this.#first(actor) ? seen.#sum(actor) : 0
      if (observed <= this.#cut(actor)) continue
      site.mark()
      this.#cuts[actor] = observed
      this.#cutPending ??= new Set()
      this.#cutPending.add(actor)
    }
  }

  isBottom(): boolean {
    return this.#sums.every((sum) => sum === 0)
  }

  mentions(actor: number): boolean {
    return this.#sum(actor) > 0
  }

  clear(): void {
    this.#sums.fill(0)
    this.#firsts = []
    this.#cuts = []
    this.#raised = false
    this.#cutPending = undefined
  }

  writePending(out: Encoder): void {
    const actors = new Set(this.#cutPending)
    if (this.#raised) actors.add(SELF)
    this.#write(out, [...actors])
    this.#raised = false
    this.#cutPending = undefined
  }

  writeState(out: Encoder): void {
    this.#write(
      out,
      out.table.filter((actor) => this.#sum(actor) > 0),
    )
  }

  #write(out: Encoder, actors: readonly number[]): void {
    const { writer } = out
    writer.varint(actors.length)
    for (const actor of actors) {
      out.actor(actor)
      writer.varint(this.#sum(actor))
      if (this.#removable) {
        writer.varint(this.#first(actor))
        writer.varint(this.#cut(actor))
      }
    }
  }

  /** Reads and checks a block; touches nothing. */
  read(input: Decoder): TallyDelta {
    const { reader, site } = input
    const count = reader.count(2)
    const entries: Entry[] = []
    for (let i = 0; i < count; i += 1) {
      const actor = input.actor()
      const sum = reader.varint()
      const first = this.#removable ? reader.varint(limits.dotCounterMax) : 0
      const cut = this.#removable ? reader.varint(sum) : 0
      if (sum === 0 || (this.#removable && first === 0)) reader.invalid('empty entry of a counter')
      if (!this.#removable && input.author !== undefined && actor !== input.author) {
        reader.invalid('entry of another actor than the author')
      }
      if (actor === SELF && this.#dotless && !site.resuming && sum > this.#sum(SELF)) reusedActor()
      entries.push({ actor, first, sum, cut })
    }
    return entries
  }

  join(site: Site, delta: TallyDelta): void {
    for (const entry of delta) {
      const { actor, first } = entry
      if (!this.#dotless) site.mentioned.add(actor)
      const present = this.#first(actor)
      if (first > present) this.#set(entry)
      else if (first === present) {
        const sum = Math.max(entry.sum, this.#sum(actor))
        this.#set({ actor, first, sum, cut: Math.max(entry.cut, this.#cut(actor)) })
      }
    }
  }
}

/** A total as a number. Throws `CORE_VALUE_UNSAFE` where a number cannot say it exactly. */
export function exact(total: number): number {
  if (!Number.isSafeInteger(total)) refuse('CORE_VALUE_UNSAFE', 'the total exceeds 2^53 - 1: read it as bigint')
  return total
}
