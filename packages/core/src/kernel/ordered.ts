/**
 * What list and text share: a sequence of ids (`sequence/`), content at the visible positions, and their common encoding.
 *
 *     [visible ids + 1, content, columns of runs]  deleted ids  [the same of runs that wait for their parent]
 *
 * What is in brackets is a zero when there are no runs. Content of a whole state stands in document order, so that it can be
 * read without the runs; that of a delta in the order of the ids.
 *
 * Ids are never dropped, so a join needs no causal context: it is the union of ids and of deletions. In a stand-alone value,
 * whose deltas may arrive in any order, a run whose parent is unknown waits, and a deletion of an unknown id waits for the id;
 * both are part of the state. In a document, which applies changes in causal order, nothing ever waits.
 */

import type { Actor } from '../causality/actor.ts'
import { CausalContext, subtractRuns } from '../causality/causal-context.ts'
import { packDot } from '../causality/dot.ts'
import { dotCounterMax } from '../limits.ts'
import { NO_RUNS, RunColumns } from '../sequence/run-columns.ts'
import { Sequence } from '../sequence/sequence.ts'
import type { Decoder, Encoder } from './codec.ts'
import type { Apply, Place } from './container.ts'
import { dotOrder } from './dots.ts'
import { LocalEdits } from './local-edits.ts'
import { knownIn, piecesOf } from './pieces.ts'
import { type Entry, inDocument, loadRuns, type ReadContent, readDelta, readEntries, readPart } from './run-block.ts'
import { orderRuns, withoutTwins } from './run-order.ts'
import {
  firstDot,
  type Ids,
  ROOT,
  type Run,
  readIds,
  sliceRun,
  toIds,
  writeColumns,
  writeIds,
  writeSingle,
} from './runs.ts'
import { sees } from './seen.ts'
import { SELF } from './site.ts'
import { openUnread, type Unread } from './unread.ts'

/** Some content: of a block where there is one, else of what is in place. */
export interface Source<C> {
  readonly content: C | undefined
  readonly from: number
  readonly count: number
}

/** A sequence that was loaded and not needed yet. */
interface UnreadIds extends Unread {
  /** Visible ids. */
  readonly shown: number
}

export abstract class Ordered<C> extends LocalEdits<C> {
  #sequence: Sequence
  readonly #content: ReadContent<C> = (input, count) => this.readContent(input, count)
  #unread: UnreadIds | undefined
  #waiting: Entry<C>[] = []
  /** Ids deleted before they arrived. */
  #early: CausalContext | undefined

  constructor(at: Actor | Place) {
    super(at)
    this.#sequence = new Sequence(this.place.site.actors.compare)
  }

  /** The order of the ids. Throws `CORE_DECODE_*` when a state that was loaded without being looked into is damaged. */
  protected get sequence(): Sequence {
    if (this.#unread !== undefined) this.#open(this.#unread)
    return this.#sequence
  }

  /** Writes content that is in place. */
  protected abstract writePlaced(out: Encoder, from: number, count: number): void
  /** Writes content, one part after the other. */
  protected abstract writeContent(out: Encoder, sources: readonly Source<C>[]): void
  /** Takes note of where content is instead of reading it, where a type can and has nothing behind what is encoded here. */
  protected passContent?(input: Decoder): void
  /** Reads where elements were moved to, in types that can. What it answers runs before anything else is applied. */
  protected readMoves?(input: Decoder, loaded: Sequence | undefined): Apply
  /** Reads content of as many items. */
  protected abstract readContent(input: Decoder, count: number): C

  /** Number of visible elements (of a text: UTF-16 units). */
  get length(): number {
    return this.#unread === undefined ? this.#sequence.length : this.#unread.shown
  }

  /** Somebody deleted ids that are here. */
  protected bury(actor: number, counter: number, count: number): void {
    this.hide(actor, counter, count)
  }

  /** Somebody deleted ids that are not here yet. */
  protected buryEarly(actor: number, counter: number, count: number): void {
    this.#deleteEarly(actor, counter, counter + count - 1)
  }

  /** A block shows ids as deleted that are here. */
  protected joinDeleted(actor: number, counter: number, count: number): void {
    this.hide(actor, counter, count)
  }

  /** A block shows ids as deleted, be they here or not. */
  protected arriveDeleted(_ids: Ids): void {}

  /** Whether an id was deleted before it arrived. */
  protected isEarly(dot: number): boolean {
    if (this.#early?.has(dot)) return true
    const holds = ({ run }: Entry<C>): boolean => run.deleted && dot >= firstDot(run) && dot < firstDot(run) + run.count
    return this.#waiting.some(holds)
  }

  reset(): void {
    const { site } = this.place
    for (const { run } of this.#waiting) this.#deleteWaiting(run)
    if (this.length === 0) return
    if (site.observes === undefined) {
      this.deleteRange(0, this.length)
      return
    }
    for (const dot of this.visibleDots()) if (sees(site, dot)) this.deleteElement(dot)
  }

  /** A removal takes away what has arrived, also where it waits for something else before it can show. */
  #deleteWaiting({ actor, counter, count, deleted }: Run): void {
    if (deleted || this.#early?.covers(packDot(actor, counter), count)) return
    this.place.site.mark()
    this.buryEarly(actor, counter, count)
    this.gone.push({ actor, counter, count })
  }

  isBottom(): boolean {
    return (
      this.#unread === undefined &&
      this.#sequence.idCount === 0 &&
      this.#waiting.length === 0 &&
      this.#early === undefined
    )
  }

  mentions(actor: number): boolean {
    if (this.#waiting.some(({ run }) => run.actor === actor || run.placement.parentActor === actor)) return true
    return this.#early !== undefined && !this.#early.isEmpty(actor)
  }

  clear(): void {
    this.#unread = undefined
    this.#sequence.clear()
    this.gone = []
    this.inserted = false
    this.#waiting = []
    this.#early = undefined
  }

  writePending(out: Encoder): void {
    const { first, last } = out.site
    if (!this.inserted) out.writer.byte(0)
    else if (!this.#writeOne(out, first, last)) this.#writeOwn(out, first, last)
    this.inserted = false
    writeIds(out, this.gone)
    out.writer.byte(0)
    if (this.gone.length > 0) this.gone = []
  }

  /** Writes ids that are one visible run, as nearly all are. Answers false, with nothing written, for others. */
  #writeOne(out: Encoder, first: number, last: number): boolean {
    const run = this.sequence.runAt(SELF, first, last)
    if (run === undefined) return false
    out.writer.varint(run.count + 1)
    this.writePlaced(out, run.position, run.count)
    writeSingle(out, run)
    return true
  }

  #writeOwn(out: Encoder, first: number, last: number): void {
    const runs = new RunColumns()
    const sources: Source<C>[] = []
    this.sequence.forEachRunOf(SELF, first, last, (actor, counter, count, deleted, ...parent) => {
      if (deleted) this.#writeHidden(runs, sources, actor, counter, count, parent)
      else {
        runs.add(actor, counter, count, false, ...parent)
        sources.push({ content: undefined, from: this.sequence.positionOf(actor, counter), count })
      }
    })
    this.#write(out, runs, sources)
  }

  /** Ids that do not show where they were put: deleted, or taken elsewhere by others, which their delta has no part in. */
  #writeHidden(
    runs: RunColumns,
    sources: Source<C>[],
    actor: number,
    counter: number,
    count: number,
    parent: [number, number, 0 | 1],
  ): void {
    for (let i = 0; i < count; i += 1) {
      const from = this.showsElsewhere(packDot(actor, counter + i))
      const placement: [number, number, 0 | 1] = i === 0 ? parent : [actor, counter + i - 1, 1]
      runs.add(actor, counter + i, 1, from === undefined, ...placement)
      if (from !== undefined) sources.push({ content: undefined, from, count: 1 })
    }
  }

  /** Where an element of the change in progress shows that others moved meanwhile. */
  protected showsElsewhere(_element: number): number | undefined {
    return undefined
  }

  writeState(out: Encoder): void {
    const runs = new RunColumns()
    for (const actor of out.table) this.sequence.collect(runs, actor)
    this.#write(out, runs, [{ content: undefined, from: 0, count: this.length }])
    writeIds(out, this.#earlyIds(out.table))
    const order = dotOrder(out)
    const waiting = [...this.#waiting].sort((a, b) => order(firstDot(a.run), firstDot(b.run)))
    const columns = waiting.length === 0 ? NO_RUNS : new RunColumns()
    for (const { run } of waiting) {
      const { parentActor, parentCounter, side } = run.placement
      columns.add(run.actor, run.counter, run.count, run.deleted, parentActor, parentCounter, side)
    }
    const shown = waiting.filter(({ run }) => !run.deleted)
    this.#write(
      out,
      columns,
      shown.map(({ run, content }) => ({ content, from: run.offset, count: run.count })),
    )
  }

  #write(out: Encoder, runs: RunColumns, sources: readonly Source<C>[]): void {
    if (runs.length === 0) {
      out.writer.byte(0)
      return
    }
    out.writer.varint(runs.shown + 1)
    this.writeContent(out, sources)
    writeColumns(out, runs)
  }

  /** Early deletions whose ids have not arrived; those of ids in place have done their work. */
  #earlyIds(table: readonly number[]): Ids[] {
    const early = this.#early
    if (early === undefined) return []
    const left = table.flatMap((actor) => {
      const runs = early.runs(actor)
      if (runs.length === 0) return []
      return toIds(actor, subtractRuns(runs, knownIn(this.sequence, actor, runs[0] as number, runs.at(-1) as number)))
    })
    this.#early = undefined
    for (const { actor, counter, count } of left) this.#deleteEarly(actor, counter, counter + count - 1)
    return left
  }

  read(input: Decoder): Apply {
    const unread = input.lazy && this.isBottom() ? this.#skip(input) : undefined
    if (unread !== undefined) {
      return () => {
        this.#unread = unread
      }
    }
    // What is damaged is refused now, not half-way through applying.
    if (this.#unread !== undefined) this.#open(this.#unread)
    return input.context === undefined ? this.#readDelta(input) : this.#readWhole(input)
  }

  #readDelta(input: Decoder): Apply {
    const { standalone } = this.place.site
    const entries = readDelta(input, this.#content)
    const gone = readIds(input)
    const waiting = readEntries(input, this.#content)
    const prepare = this.readMoves?.(input, undefined)
    return () => {
      prepare?.()
      this.#arriveAll(entries)
      for (const entry of this.arrange(entries)) {
        // What a change brings is new: a change is applied once.
        if (standalone) this.#integrate(entry)
        else this.put(entry)
      }
      for (const ids of gone) this.#delete(ids)
      if (waiting.length > 0 || this.#waiting.length > 0) this.#release(waiting)
    }
  }

  #readWhole(input: Decoder, adopts: boolean = this.isBottom()): Apply {
    const part = readPart(input, this.#content)
    const gone = readIds(input)
    const waiting = readEntries(input, this.#content)
    const loaded = part && loadRuns(input, part.runs)
    const prepare = this.readMoves?.(input, loaded)
    const entries = adopts || loaded === undefined ? [] : orderRuns(inDocument(loaded, part?.content as C)).ordered
    return () => {
      prepare?.()
      if (adopts && loaded !== undefined) this.#adopt(loaded, part?.content as C)
      this.#arriveAll(entries)
      for (const entry of this.arrange(entries)) this.#integrate(entry)
      for (const ids of gone) this.#delete(ids)
      if (waiting.length > 0 || this.#waiting.length > 0) this.#release(waiting)
    }
  }

  #arriveAll(entries: readonly Entry<C>[]): void {
    for (const { run } of entries) if (run.deleted) this.arriveDeleted(run)
  }

  #adopt(sequence: Sequence, content: C): void {
    this.#sequence = sequence
    if (sequence.length > 0) this.loadContent(content, sequence.length)
  }

  /** Puts a block's content where there is none. */
  protected loadContent(content: C, count: number): void {
    this.insertContent(0, content, 0, count)
  }

  /** Passes over a whole state: what shows is read when somebody asks for it, and the runs when somebody edits. */
  #skip(input: Decoder): UnreadIds | undefined {
    const { reader } = input
    const { at } = reader
    const shown = this.passContent ? reader.varint() : 0
    // Without runs there may still be ids that wait for others.
    if (shown === 0) {
      reader.at = at
      return
    }
    this.passContent?.(input)
    reader.at = input.partEnd
    return { input, at, end: reader.at, shown: shown - 1 }
  }

  #open(unread: UnreadIds): void {
    openUnread(unread, (input) => {
      const apply = this.#readWhole(input, true)
      return () => {
        this.#unread = undefined
        apply()
      }
    })
  }

  #integrate(entry: Entry<C>): void {
    const { run, content } = entry
    piecesOf(this.sequence, run, (known, from, to) => {
      if (!known) this.put({ run: sliceRun(run, from, to), content })
      else if (run.deleted) this.joinDeleted(run.actor, run.counter + from, to - from)
    })
  }

  /** Puts runs that stand behind their parents behind whatever else they need, too. */
  protected arrange(entries: readonly Entry<C>[]): readonly Entry<C>[] {
    return entries
  }

  /** Keeps a run until what it needs has arrived. */
  protected wait(entry: Entry<C>): void {
    this.place.site.mentioned.add(entry.run.actor)
    this.#waiting.push(entry)
  }

  /** Drops runs that wait and have just these ids. */
  protected dropWaiting(actor: number, counter: number, count: number): void {
    this.#waiting = this.#waiting.filter(
      ({ run }) => run.actor !== actor || run.counter !== counter || run.count !== count,
    )
  }

  protected lacksParent({ placement: { parentActor, parentCounter } }: Run): boolean {
    return parentActor >= 0 && !this.sequence.has(parentActor, parentCounter)
  }

  /** Takes in a run of new ids. */
  protected put(entry: Entry<C>): void {
    const { run, content } = entry
    if (this.lacksParent(run)) {
      // An actor that has all dots there can be was ended, and what it wrote is gone: what hung on that hangs on the root.
      if (this.place.site.context?.prefix(run.placement.parentActor) === dotCounterMax) {
        this.put({ run: { ...run, placement: ROOT }, content })
        return
      }
      this.place.site.mentioned.add(run.placement.parentActor)
      this.wait(entry)
      return
    }
    const position = this.sequence.integrate(run.actor, run.counter, run.count, run.placement, run.deleted)
    if (!run.deleted) this.insertContent(position, content, run.offset, run.count)
    if (this.#early === undefined) return
    const early = this.#early.runs(run.actor)
    for (let i = 0; i < early.length; i += 2) {
      const first = Math.max(run.counter, early[i] as number)
      const last = Math.min(run.counter + run.count - 1, early[i + 1] as number)
      if (first <= last) this.bury(run.actor, first, last - first + 1)
    }
  }

  /** Tries the waiting runs again, those that just came among them. */
  #release(arrived: readonly Entry<C>[]): void {
    this.#arriveAll(arrived)
    const entries = withoutTwins([...this.#waiting, ...arrived], (run) =>
      this.#deleteEarly(run.actor, run.counter, run.counter + run.count - 1),
    )
    const { ordered, circular } = orderRuns(entries)
    this.#waiting = [...circular]
    for (const entry of this.arrange(ordered)) this.#integrate(entry)
  }

  #deleteEarly(actor: number, first: number, last: number): void {
    this.place.site.mentioned.add(actor)
    this.#early ??= new CausalContext()
    this.#early.add(actor, first, last)
  }

  #delete(ids: Ids): void {
    const { actor, counter, count } = ids
    if (this.sequence.hasAll(actor, counter, count)) {
      this.bury(actor, counter, count)
      return
    }
    piecesOf(this.sequence, ids, (known, from, to) => {
      if (known) this.bury(actor, counter + from, to - from)
      // In a document every id is known before its deletion.
      else if (this.place.site.standalone) this.buryEarly(actor, counter + from, to - from)
    })
  }
}
