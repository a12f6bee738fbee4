/**
 * A tally below a removable key: an entry is `(sum, first, cut)`, `first` the dot with which the actor began it, `cut` what of
 * `sum` was removed. A removal raises `cut` to the sum it had observed, so concurrent increments survive it and nothing else
 * does. An actor whose entry is cut whole begins a new one; since the sum of the old one can no longer grow, the entry with
 * the larger `first` stands alone, and space stays one entry per actor.
 */
import * as limits from '../limits.ts'
import type { Decoder, Encoder } from './codec.ts'
import { SELF } from './site.ts'
import { type Entry, Tally } from './tally.ts'

interface CutEntry extends Entry {
  readonly first: number
  readonly cut: number
}

export class CutTally extends Tally<CutEntry> {
  #firsts: number[] = []
  #cuts: number[] = []
  #cutPending = new Set<number>()

  #sum(actor: number): number {
    return this.sums[actor] ?? 0
  }

  #first(actor: number): number {
    return this.#firsts[actor] ?? 0
  }

  #cut(actor: number): number {
    return this.#cuts[actor] ?? 0
  }

  /** The local actor must begin a new entry when it has none, or all of it was removed. */
  override own(): number {
    return this.counted(SELF) === 0 ? 0 : this.#sum(SELF)
  }

  override raise(by: number): void {
    const mark = this.site.mark()
    this.raised = true
    if (this.own() > 0) this.sums[SELF] = this.#sum(SELF) + by
    else this.#set({ actor: SELF, first: mark, sum: by, cut: 0 })
  }

  protected override counted(actor: number): number {
    return this.#sum(actor) - this.#cut(actor)
  }

  #set({ actor, first, sum, cut }: CutEntry): void {
    while (this.#firsts.length <= actor) {
      this.#firsts.push(0)
      this.#cuts.push(0)
    }
    this.sums[actor] = sum
    this.#firsts[actor] = first
    this.#cuts[actor] = cut
  }

  override cut(seen: Tally | undefined): void {
    const author = seen instanceof CutTally ? seen : this
    for (let actor = 0; actor < this.sums.length; actor += 1) {
      const observed = author.#first(actor) === this.#first(actor) ? author.#sum(actor) : 0
      if (observed <= this.#cut(actor)) continue
      this.site.mark()
      this.#cuts[actor] = observed
      this.#cutPending.add(actor)
    }
  }

  override clear(): void {
    super.clear()
    this.#firsts = []
    this.#cuts = []
    this.#cutPending.clear()
  }

  override writePending(out: Encoder): void {
    if (this.raised) this.#cutPending.add(SELF)
    this.write(out, [...this.#cutPending])
    this.#cutPending.clear()
    this.raised = false
  }

  protected override writeEntry(out: Encoder, actor: number): void {
    super.writeEntry(out, actor)
    out.writer.varint(this.#first(actor))
    out.writer.varint(this.#cut(actor))
  }

  protected override readEntry({ reader }: Decoder, { actor, sum }: Entry): CutEntry {
    const first = reader.varint(limits.dotCounterMax)
    const cut = reader.varint(sum)
    if (first === 0) reader.invalid('not canonical')
    return { actor, first, sum, cut }
  }

  protected override joinEntry(entry: CutEntry): void {
    const { actor, first } = entry
    const present = this.#first(actor)
    if (first > present) this.#set(entry)
    else if (first === present) {
      this.#set({
        actor,
        first,
        sum: Math.max(entry.sum, this.#sum(actor)),
        cut: Math.max(entry.cut, this.#cut(actor)),
      })
    }
  }
}
