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
import type { RunVisitor } from '../sequence/runs.ts'
import { Sequence } from '../sequence/sequence.ts'
import type { Decoder, Encoder } from './codec.ts'
import { type Apply, Container, type Place } from './container.ts'
import { firstDot, type Ids, type Run, readIds, readRuns, shownIn, sliceRun, toIds, writeIds, writeRuns } from './runs.ts'
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

export abstract class Ordered<C> extends Container {
  protected readonly sequence: Sequence
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

  /** New ids behind a known id (deleted or not), or at the start; answers the visible position of the first. */
  protected insertIdsAfter(reference: number | undefined, count: number): number {
    const first = this.place.site.dots(count)
    const actor = reference === undefined ? -1 : dotActor(reference)
    const counter = reference === undefined ? 0 : dotCounter(reference)
    return this.sequence.insertAfter(actor, counter, SELF, first, count).position
  }

  /** Deletes by visible position, content included. */
  protected deleteRange(position: number, count: number): void {
    const { site } = this.place
    site.mark()
    this.sequence.delete(position, count, (actor, counter, size) => this.#forget(actor, counter, size))
    this.deleteContent(position, count)
  }

  /** Deletes one id if it shows. Answers whether it did. */
  protected deleteId(dot: number): boolean {
    const actor = dotActor(dot)
    const counter = dotCounter(dot)
    if (!this.sequence.has(actor, counter) || !this.sequence.isVisible(actor, counter)) return false
    this.place.site.mark()
    this.#remove(actor, counter, 1)
    this.#forget(actor, counter, 1)
    return true
  }

  #forget(actor: number, counter: number, count: number): void {
    if (actor !== SELF || counter < this.place.site.first) this.#gone.push({ actor, counter, count })
  }

  #remove(actor: number, counter: number, count: number): void {
    this.sequence.remove(actor, counter, count, (position, size) => this.deleteContent(position, size))
  }

  reset(): void {
    const { site } = this.place
    if (this.length === 0) return
    if (site.observes === undefined) {
      this.deleteRange(0, this.length)
      return
    }
    for (const dot of this.visibleDots()) if (site.sees(dot)) this.deleteId(dot)
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

  /** An id that a caller named. Throws `CORE_POSITION_INVALID` when it is not known here. */
  protected knownDot(dot: number): number {
    if (!this.sequence.has(dotActor(dot), dotCounter(dot))) refuse('CORE_POSITION_INVALID', 'no such element here')
    return dot
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
    this.#write(
      out,
      [...this.#waiting].sort((a, b) => out.compareDots(firstDot(a.run), firstDot(b.run))),
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

  /** Early deletions whose ids have not arrived. */
  #earlyIds(table: readonly number[]): Ids[] {
    const { context } = this.place.site
    return table.flatMap((actor) => toIds(actor, subtractRuns(this.#early?.runs(actor) ?? [], context.runs(actor))))
  }

  read(input: Decoder): Apply {
    const runs = readRuns(input)
    const content = this.readContent(input, shownIn(runs))
    const gone = readIds(input)
    const waiting = readRuns(input)
    const waitingContent = this.readContent(input, shownIn(waiting))
    if (input.context !== undefined) this.#checkParents(input, runs)
    return () => {
      if (input.context !== undefined && this.isBottom()) this.#load(runs, content)
      else for (const run of runs) this.#integrate(run, content)
      for (const run of waiting) this.#integrate(run, waitingContent)
      for (const ids of gone) this.#delete(ids)
      this.#release()
    }
  }

  /** A whole state holds the parents of all its runs, and no id twice: without this it could not be loaded in one sweep. */
  #checkParents(input: Decoder, runs: readonly Run[]): void {
    const known = new CausalContext()
    for (const { actor, counter, count } of [...runs].sort((a, b) => a.counter - b.counter)) {
      if (known.has(packDot(actor, counter))) input.reader.invalid('id listed twice')
      known.add(actor, counter, counter + count - 1)
    }
    for (const { placement } of runs) {
      const { parentActor, parentCounter } = placement
      if (parentActor >= 0 && !known.has(packDot(parentActor, parentCounter))) input.reader.invalid('run without its parent')
    }
  }

  #load(runs: readonly Run[], content: C): void {
    for (const run of runs) {
      const position = this.length
      this.sequence.append(run.actor, run.counter, run.count, run.deleted, run.placement)
      if (!run.deleted) this.insertContent(position, content, run.offset, run.count)
    }
  }

  #integrate(run: Run, content: C): void {
    this.#pieces(run, (known, from, to) => {
      if (!known) this.#place(sliceRun(run, from, to), content)
      else if (run.deleted) this.#remove(run.actor, run.counter + from, to - from)
    })
  }

  /** The stretches of ids that are all here, or all not. */
  #pieces({ actor, counter, count }: Ids, visit: (known: boolean, from: number, to: number) => void): void {
    // Nothing beyond the last dot heard of can be here, however many ids a block announces.
    const { context } = this.place.site
    const heard = Math.min(count, (context.runs(actor).at(-1) ?? 0) - counter + 1)
    let from = 0
    while (from < heard) {
      const known = this.sequence.has(actor, counter + from)
      let to = from + 1
      while (to < heard && this.sequence.has(actor, counter + to) === known) to += 1
      visit(known, from, to)
      from = to
    }
    if (from < count) visit(false, from, count)
  }

  #place(run: Run, content: C): void {
    const { parentActor, parentCounter } = run.placement
    if (parentActor >= 0 && !this.sequence.has(parentActor, parentCounter)) {
      this.place.site.mentioned.add(run.actor).add(parentActor)
      this.#waiting.push({ run, content })
      return
    }
    const position = this.sequence.integrate(run.actor, run.counter, run.count, run.placement, run.deleted)
    if (!run.deleted) this.insertContent(position, content, run.offset, run.count)
    if (this.#early === undefined) return
    for (let i = 0; i < run.count; i += 1) {
      if (this.#early.has(packDot(run.actor, run.counter + i))) this.#remove(run.actor, run.counter + i, 1)
    }
  }

  /** Tries the waiting runs again until none finds its parent. Repeated blocks leave twins, which are known by then. */
  #release(): void {
    for (let before = -1; this.#waiting.length > 0 && before !== this.#waiting.length; ) {
      const entries = this.#waiting
      before = entries.length
      const twins = new Set<string>()
      this.#waiting = []
      for (const { run, content } of entries) {
        const key = `${firstDot(run)}/${run.count}/${run.deleted}`
        if (!twins.has(key)) this.#integrate(run, content)
        twins.add(key)
      }
    }
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
      this.place.site.mentioned.add(actor)
      this.#early ??= new CausalContext()
      this.#early.add(actor, counter + from, counter + to - 1)
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
