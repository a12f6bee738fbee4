/**
 * What list and text share: a sequence of ids (`sequence/`), content at the visible positions, and their common encoding.
 *
 *     runs, content of those that are not deleted, deleted ids, runs that wait for their parent, their content
 *
 * Ids are never dropped, so a join needs no causal context: it is the union of ids and of deletions. In a stand-alone value,
 * whose deltas may arrive in any order, a run whose parent is unknown waits, and a deletion of an unknown id waits for the id;
 * both are part of the state. In a document, which applies changes in causal order, nothing ever waits.
 */

import type { Actor } from '../causality/actor.ts'
import { CausalContext, subtractRuns } from '../causality/causal-context.ts'
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { refuse } from '../errors.ts'
import { checkOrder } from '../sequence/check.ts'
import type { RunVisitor } from '../sequence/runs.ts'
import { Sequence } from '../sequence/sequence.ts'
import { CausalContainer } from './causal-container.ts'
import type { Decoder, Encoder } from './codec.ts'
import { type Apply, emit, type Place } from './container.ts'
import { dotOrder } from './dots.ts'
import { formatElementId, parseElementId } from './element-id.ts'
import { hasTwins, orderRuns, withoutTwins } from './run-order.ts'
import {
  firstDot,
  type Ids,
  type Run,
  readIds,
  readRuns,
  shownIn,
  sliceRun,
  toIds,
  writeIds,
  writeRuns,
} from './runs.ts'
import { isPrivate, sees } from './seen.ts'
import { SELF } from './site.ts'

/** A run that waits for its parent, with the content of the block it came in. */
interface Waiting<C> {
  readonly run: Run
  readonly content: C
}

/** Content of a run: where to read it. */
export interface Source<C> {
  readonly run: Run
  /** The block a waiting run came in; absent for runs that are in place, whose content is at their position. */
  readonly content: C | undefined
}

export abstract class Ordered<C> extends CausalContainer {
  protected sequence: Sequence
  #gone: Ids[] = []
  #waiting: Waiting<C>[] = []
  /** Ids deleted before they arrived. */
  #early: CausalContext | undefined

  constructor(at: Actor | Place) {
    super(at)
    this.sequence = new Sequence(this.place.site.actors.compare)
  }

  /** Puts `count` items of a block's content, from `offset` on, at a visible position. */
  protected abstract insertContent(position: number, content: C, offset: number, count: number): void
  protected abstract deleteContent(position: number, count: number): void
  /** Writes the content of runs that are not deleted, one after the other. */
  protected abstract writeContent(out: Encoder, sources: readonly Source<C>[]): void
  /** Reads content of as many items. */
  protected abstract readContent(input: Decoder, count: number): C

  /** Number of visible elements (of a text: UTF-16 units). */
  get length(): number {
    return this.sequence.length
  }

  /** New ids at a visible position. */
  protected insertIds(position: number, count: number): void {
    this.sequence.insert(position, SELF, this.place.site.dots(count), count)
  }

  /** New content behind the element with an id (deleted or not), or at the start. Answers the new ids. */
  protected insertBehind(id: string | undefined, content: C, count: number): string[] {
    const { site } = this.place
    const reference = id === undefined ? undefined : this.#known(id)
    if (count === 0) return []
    this.touch()
    const first = site.dots(count)
    const actor = reference === undefined ? -1 : dotActor(reference)
    const counter = reference === undefined ? 0 : dotCounter(reference)
    this.insertContent(this.sequence.insertAfter(actor, counter, SELF, first, count).position, content, 0, count)
    return Array.from({ length: count }, (_, i) => formatElementId(site, first + i))
  }

  /** Deletes by visible position, content included. */
  protected deleteRange(position: number, count: number): void {
    const { site } = this.place
    site.mark()
    this.sequence.delete(position, count, (actor, counter, size) => this.#forget(actor, counter, size))
    this.#cut(position, count)
  }

  /** Deletes one id if it shows. Answers whether it did. */
  #deleteId(dot: number): boolean {
    const actor = dotActor(dot)
    const counter = dotCounter(dot)
    if (!this.sequence.has(actor, counter) || !this.sequence.isVisible(actor, counter)) return false
    this.touch()
    this.place.site.mark()
    this.#remove(actor, counter, 1)
    this.#forget(actor, counter, 1)
    return true
  }

  #cut(position: number, count: number): void {
    this.deleteContent(position, count)
    if (this.place.site.patches === undefined) return
    emit(this, (path) => ({ type: 'delete', path, index: position, count }))
  }

  #forget(actor: number, counter: number, count: number): void {
    if (actor !== SELF || !isPrivate(this.place.site, counter)) this.#gone.push({ actor, counter, count })
  }

  #remove(actor: number, counter: number, count: number): void {
    this.sequence.remove(actor, counter, count, (position, size) => this.#cut(position, size))
  }

  reset(): void {
    const { site } = this.place
    for (const { run } of this.#waiting) this.#deleteWaiting(run)
    if (this.length === 0) return
    if (site.observes === undefined) {
      this.deleteRange(0, this.length)
      return
    }
    for (const dot of this.visibleDots()) if (sees(site, dot)) this.#deleteId(dot)
  }

  /** A removal takes away what has arrived, also where it waits for something else before it can show. */
  #deleteWaiting({ actor, counter, count, deleted }: Run): void {
    if (deleted || this.#early?.covers(packDot(actor, counter), count)) return
    this.place.site.mark()
    this.#deleteEarly(actor, counter, counter + count - 1)
    this.#gone.push({ actor, counter, count })
  }

  /** The id at each visible position. O(n). */
  protected visibleDots(): number[] {
    const dots: number[] = []
    this.sequence.forEachRun((actor, counter, count, deleted) => {
      if (!deleted) for (let i = 0; i < count; i += 1) dots.push(packDot(actor, counter + i))
    })
    return dots
  }

  /** The id shown at a position. */
  protected dotAt(position: number): number {
    const { actor, counter } = this.sequence.idAt(position)
    return packDot(actor, counter)
  }

  /** The dot of an id that a caller named. Throws `CORE_POSITION_INVALID` when it is not known here. */
  #known(id: string): number {
    const dot = parseElementId(this.place.site, id)
    if (!this.sequence.has(dotActor(dot), dotCounter(dot))) refuse('CORE_POSITION_INVALID', 'no such element here')
    return dot
  }

  /** Deletes the element with an id. Answers whether it was there. Throws `CORE_POSITION_INVALID` for an unknown id. */
  deleteById(id: string): boolean {
    return this.#deleteId(this.#known(id))
  }

  /** The id of an element: stays the same whatever is edited around it. Throws `CORE_POSITION_INVALID` for no position. */
  idAt(position: number): string {
    this.checkRange(position, 1)
    return formatElementId(this.place.site, this.dotAt(position))
  }

  /** Ids of all elements, in order. O(n). */
  ids(): string[] {
    return this.visibleDots().map((dot) => formatElementId(this.place.site, dot))
  }

  /** Where the element with an id stands; undefined when it is deleted or unknown. */
  protected placeOfId(id: string): number | undefined {
    return this.shownAt(parseElementId(this.place.site, id))
  }

  /** Where an id shows; undefined when it is deleted or unknown. */
  protected shownAt(dot: number): number | undefined {
    const actor = dotActor(dot)
    const counter = dotCounter(dot)
    const shows = this.sequence.has(actor, counter) && this.sequence.isVisible(actor, counter)
    return shows ? this.sequence.positionOf(actor, counter) : undefined
  }

  protected checkRange(index: number, count: number): void {
    if (!Number.isInteger(index) || !Number.isInteger(count) || index < 0 || count < 0 || index + count > this.length) {
      refuse('CORE_POSITION_INVALID', `${count} at ${index} is outside a length of ${this.length}`)
    }
  }

  isBottom(): boolean {
    return this.sequence.idCount === 0 && this.#waiting.length === 0 && this.#early === undefined
  }

  mentions(actor: number): boolean {
    if (this.#waiting.some(({ run }) => run.actor === actor || run.placement.parentActor === actor)) return true
    return this.#early !== undefined && !this.#early.isEmpty(actor)
  }

  clear(): void {
    this.sequence.clear()
    this.#gone = []
    this.#waiting = []
    this.#early = undefined
  }

  writePending(out: Encoder): void {
    const { first, last } = out.site
    const runs: Run[] = []
    if (last >= first) this.sequence.forEachRunOf(SELF, first, last, collect(runs))
    this.#write(out, inPlace(runs))
    writeIds(out, this.#gone)
    this.#write(out, [])
    this.#gone = []
  }

  writeState(out: Encoder): void {
    const runs: Run[] = []
    this.sequence.forEachRun(collect(runs))
    this.#write(out, inPlace(runs))
    writeIds(out, this.#earlyIds(out.table))
    const order = dotOrder(out)
    this.#write(
      out,
      [...this.#waiting].sort((a, b) => order(firstDot(a.run), firstDot(b.run))),
    )
  }

  #write(out: Encoder, sources: readonly Source<C>[]): void {
    writeRuns(
      out,
      sources.map(({ run }) => run),
    )
    this.writeContent(
      out,
      sources.filter(({ run }) => !run.deleted),
    )
  }

  /** Early deletions whose ids have not arrived; those of ids in place have done their work. */
  #earlyIds(table: readonly number[]): Ids[] {
    const early = this.#early
    if (early === undefined) return []
    const left = table.flatMap((actor) => {
      const runs = early.runs(actor)
      if (runs.length === 0) return []
      return toIds(actor, subtractRuns(runs, this.#knownIn(actor, runs[0] as number, runs.at(-1) as number)))
    })
    this.#early = undefined
    for (const { actor, counter, count } of left) this.#deleteEarly(actor, counter, counter + count - 1)
    return left
  }

  read(input: Decoder): Apply {
    const runs = this.#readPart(input)
    const gone = readIds(input)
    const waiting = this.#readPart(input)
    const whole = input.context !== undefined
    if (runs.length > 1 && hasTwins(runs)) input.reader.invalid('id listed twice')
    const { ordered, circular, orphans } = orderRuns(runs)
    if (circular.length > 0) input.reader.invalid('runs that hang on each other')
    if (whole && orphans > 0) input.reader.invalid('run without its parent')
    const loaded = whole && this.isBottom() ? this.#load(input, runs) : undefined
    return () => {
      if (loaded !== undefined) this.#show(loaded, runs)
      else for (const entry of ordered) this.#integrate(entry)
      for (const ids of gone) this.#delete(ids)
      if (waiting.length > 0 || this.#waiting.length > 0) this.#release(waiting)
    }
  }

  #readPart(input: Decoder): Waiting<C>[] {
    const runs = readRuns(input)
    const content = this.readContent(input, shownIn(runs))
    return runs.map((run) => ({ run, content }))
  }

  /**
   * A whole state into an empty sequence: runs stand in document order already, which is checked, since from here on
   * everything relies on it.
   */
  #load(input: Decoder, runs: readonly Waiting<C>[]): Sequence {
    const sequence = new Sequence(this.place.site.actors.compare)
    try {
      for (const { run } of runs) sequence.append(run.actor, run.counter, run.count, run.deleted, run.placement)
      checkOrder(sequence)
    } catch {
      input.reader.invalid('runs out of document order')
    }
    return sequence
  }

  #show(sequence: Sequence, runs: readonly Waiting<C>[]): void {
    this.sequence = sequence
    let position = 0
    for (const { run, content } of runs) {
      if (run.deleted) continue
      this.insertContent(position, content, run.offset, run.count)
      position += run.count
    }
  }

  #integrate(entry: Waiting<C>): void {
    const { run, content } = entry
    this.#pieces(run, (known, from, to) => {
      if (!known) this.#place({ run: sliceRun(run, from, to), content })
      else if (run.deleted) this.#remove(run.actor, run.counter + from, to - from)
    })
  }

  /** The stretches of ids that are all here, or all not. */
  #pieces({ actor, counter, count }: Ids, visit: (known: boolean, from: number, to: number) => void): void {
    // In runs, not in ids: a few bytes can announce any number of ids.
    const known = this.#knownIn(actor, counter, counter + count - 1)
    let at = 0
    for (let i = 0; i < known.length; i += 2) {
      const from = (known[i] as number) - counter
      const to = (known[i + 1] as number) - counter + 1
      if (from > at) visit(false, at, from)
      visit(true, from, to)
      at = to
    }
    if (at < count) visit(false, at, count)
  }

  /** Ids of an actor in the sequence, as `[first, last, …]`. */
  #knownIn(actor: number, first: number, last: number): number[] {
    const known: number[] = []
    this.sequence.forEachRunOf(actor, first, last, (_, counter, count) => known.push(counter, counter + count - 1))
    return known
  }

  #place(entry: Waiting<C>): void {
    const { run, content } = entry
    const { parentActor, parentCounter } = run.placement
    if (parentActor >= 0 && !this.sequence.has(parentActor, parentCounter)) {
      this.place.site.mentioned.add(run.actor).add(parentActor)
      this.#waiting.push(entry)
      return
    }
    const position = this.sequence.integrate(run.actor, run.counter, run.count, run.placement, run.deleted)
    if (!run.deleted) this.insertContent(position, content, run.offset, run.count)
    if (this.#early === undefined) return
    const early = this.#early.runs(run.actor)
    for (let i = 0; i < early.length; i += 2) {
      const first = Math.max(run.counter, early[i] as number)
      const last = Math.min(run.counter + run.count - 1, early[i + 1] as number)
      if (first <= last) this.#remove(run.actor, first, last - first + 1)
    }
  }

  /** Tries the waiting runs again, those that just came among them. */
  #release(arrived: readonly Waiting<C>[]): void {
    const entries = withoutTwins([...this.#waiting, ...arrived], (run) =>
      this.#deleteEarly(run.actor, run.counter, run.counter + run.count - 1),
    )
    const { ordered, circular } = orderRuns(entries)
    this.#waiting = [...circular]
    for (const entry of ordered) this.#integrate(entry)
  }

  #deleteEarly(actor: number, first: number, last: number): void {
    this.place.site.mentioned.add(actor)
    this.#early ??= new CausalContext()
    this.#early.add(actor, first, last)
  }

  #delete(ids: Ids): void {
    const { actor, counter } = ids
    this.#pieces(ids, (known, from, to) => {
      if (known) {
        this.#remove(actor, counter + from, to - from)
        return
      }
      // In a document every id is known before its deletion.
      if (!this.place.site.standalone) return
      this.#deleteEarly(actor, counter + from, counter + to - 1)
    })
  }
}

/** Collects runs as they are visited. */
function collect(runs: Run[]): RunVisitor {
  let offset = 0
  return (actor, counter, count, deleted, parentActor, parentCounter, side) => {
    runs.push({ actor, counter, count, deleted, placement: { parentActor, parentCounter, side }, offset })
    if (!deleted) offset += count
  }
}

function inPlace(runs: readonly Run[]): { run: Run; content: undefined }[] {
  return runs.map((run) => ({ run, content: undefined }))
}
