/**
 * The order of a list or text: which ids there are, in what order, and which of them show. Content lives elsewhere, at
 * the visible position of its id.
 *
 * What users get: Fugue, the plain one (Weidner & Kleppmann, "The Art of the Fugue", 2023). Runs that people write at
 * one place at the same time stay whole, whether they wrote forwards or backwards; an insert into a stretch that someone
 * else deletes survives. The state is a set of (id, placement, deleted): equal sets give equal orders and equal runs,
 * whatever the order of integration. Only `compareActors` decides ties, never the numbers that stand for the actors.
 *
 * Cost: O(log n) per operation in the number of spans (stretches of consecutive ids, see spans.ts), O(1) where editing
 * goes on at the same place; about 65 bytes per span. A recording of 260,000 keystrokes makes 12,400 of them.
 *
 * A cursor remembers the span touched last and the visible ids before it. 96 % of recorded edits extend a run and nine
 * of ten start within 64 characters of the one before, so most calls find their span in the cursor or a few steps away.
 *
 * Left out: FugueMax (its stronger guarantee costs an origin more per run), moves (the list above this one rewrites
 * positions), and purging of ids (unsound while someone may still insert beside one; a deleted run costs O(1)).
 *
 * The caller hands over well-formed arguments: known parents, unknown ids. Breaking this throws where it is cheap to
 * notice. Visitors must not call back into the sequence.
 */
import { FAST_PATHS } from '../fast-paths.ts'
import { assert } from './assert.ts'
import { loadTree } from './bulk-load.ts'
import { type CompareActors, FugueTree } from './fugue-tree.ts'
import type { RunColumns } from './run-columns.ts'
import { type RunVisitor, visitRun } from './runs.ts'
import { CHILDREN, COUNT, LEFT, NEXT, PARENT_ACTOR, PREV, RIGHT, ROOT, SIDE, type Spans, WEIGHT } from './spans.ts'

/** Where an id hangs: the parent's id, and on which of its sides. The root is (-1, 0) and has right children only. */
export interface Placement {
  readonly parentActor: number
  readonly parentCounter: number
  /** 0 left child, 1 right child. */
  readonly side: 0 | 1
}

/** An id handed out. A caller in a hot loop passes the same object to be filled again. */
export interface SequenceId {
  actor: number
  counter: number
}

/** A visible stretch of consecutive ids. */
export interface VisibleRun {
  readonly actor: number
  readonly counter: number
  readonly count: number
  readonly position: number
  readonly parentActor: number
  readonly parentCounter: number
  readonly side: 0 | 1
}

const COUNTER_MAX = 2 ** 32 - 1
const LENGTH_MAX = 2 ** 31 - 1

/** Steps from the cursor before the tree is asked. */
const STEPS_MAX = 8

export class Sequence {
  readonly #compareActors: CompareActors
  #tree: FugueTree
  #spans: Spans
  #idCount = 0
  /** Cursor: a span, and the visible ids before it. */
  #row = ROOT
  #start = 0

  /** `compareActors` orders actor numbers by what they stand for, and must say the same for ever. */
  constructor(compareActors: CompareActors, tree: FugueTree = new FugueTree(compareActors)) {
    this.#compareActors = compareActors
    this.#tree = tree
    this.#spans = tree.spans
  }

  /** A sequence of all these ids, which nobody need have checked. Throws when they are no tree. O(n log n) in the runs. */
  static load(runs: RunColumns, compareActors: CompareActors): Sequence {
    const sequence = new Sequence(compareActors, loadTree(runs, compareActors))
    for (const count of runs.counts) sequence.#idCount += count
    return sequence
  }

  /** Visible ids. */
  get length(): number {
    return this.#tree.order.total
  }

  /** All ids, deleted ones included. */
  get idCount(): number {
    return this.#idCount
  }

  clear(): void {
    this.#tree = new FugueTree(this.#compareActors)
    this.#spans = this.#tree.spans
    this.#idCount = 0
    this.#row = ROOT
    this.#start = 0
  }

  /** Whether the id is known, deleted or not. */
  has(actor: number, counter: number): boolean {
    return this.#locate(actor, counter) >= 0
  }

  /** Local insert: ids counter..counter+count-1 show from `position` on. `placementOf` tells where the first hangs. */
  insert(position: number, actor: number, counter: number, count: number): void {
    this.#checkRange(position, 0)
    if (position > 0) this.#seek(position - 1)
    else this.#moveTo(ROOT, 0)
    this.#insertHere(position > 0 ? position - 1 - this.#start : 0, actor, counter, count)
  }

  /** Local insert right after a known id, deleted or not; (-1, 0) is the very start. */
  insertAfter(
    refActor: number,
    refCounter: number,
    actor: number,
    counter: number,
    count: number,
  ): { placement: Placement; position: number } {
    const row = this.#find(refActor, refCounter)
    this.#moveTo(row, this.#rank(row))
    const offset = refCounter - this.#spans.counter(row)
    const position = this.#start + (this.#spans.weight(row) === 0 ? 0 : offset + 1)
    this.#insertHere(offset, actor, counter, count)
    return { placement: this.placementOf(actor, counter), position }
  }

  /**
   * Takes in a run made elsewhere: the first id has the placement, each other is the right child of its former. The
   * result is the visible position where it landed, and means nothing for a deleted run.
   */
  integrate(actor: number, counter: number, count: number, placement: Placement, deleted: boolean): number {
    const { parentActor, parentCounter, side } = placement
    const spans = this.#spans
    this.#admit(counter, count, deleted)
    const holder = this.#find(parentActor, parentCounter)
    const parent = this.#tree.expose(holder, parentCounter - spans.counter(holder), side)
    const after = this.#tree.place(parent, side, actor, counter)
    const start = deleted ? 0 : this.#rank(after)
    const position = start + spans.weight(after)
    const row = this.#put(after, parent, side, actor, counter, count, deleted)
    if (!deleted) this.#moveTo(row, row === after ? start : position)
    return position
  }

  /** Local delete: visits the runs of ids that `count` visible positions from `position` on stood for. */
  delete(position: number, count: number, visit: (actor: number, counter: number, count: number) => void): void {
    this.#checkRange(position, count)
    const spans = this.#spans
    for (let rest = count; rest > 0; ) {
      this.#seek(position)
      const row = this.#row
      const from = position - this.#start
      const size = Math.min(rest, spans.count(row) - from)
      const actor = spans.actor(row)
      const counter = spans.counter(row) + from
      this.#row = this.#tree.erase(row, from, size)
      rest -= size
      visit(actor, counter, size)
    }
  }

  /**
   * Deletes by id, skipping what is deleted already. Each visit reports a visible range to be cut from the content; its
   * position counts on the earlier ones being cut.
   */
  remove(actor: number, counter: number, count: number, visit: (position: number, count: number) => void): void {
    const spans = this.#spans
    for (let next = counter, end = counter + count; next < end; ) {
      const row = this.#find(actor, next)
      const from = next - spans.counter(row)
      const size = Math.min(end - next, spans.count(row) - from)
      next += size
      if (spans.weight(row) === 0) continue
      const start = this.#rank(row)
      this.#moveTo(this.#tree.erase(row, from, size), start)
      visit(start + from, size)
    }
  }

  /** The id at a visible position, written into `id`. */
  idAt(position: number, id: SequenceId = { actor: 0, counter: 0 }): SequenceId {
    this.#checkRange(position, 1)
    this.#seek(position)
    id.actor = this.#spans.actor(this.#row)
    id.counter = this.#spans.counter(this.#row) + position - this.#start
    return id
  }

  /** How many visible ids from a position on follow each other with nothing, not even deleted ids, between them. */
  stretchAt(position: number): number {
    this.#checkRange(position, 1)
    this.#seek(position)
    return this.#spans.count(this.#row) - (position - this.#start)
  }

  /** Visible ids before an id: its position, or where it would be if it is deleted. */
  positionOf(actor: number, counter: number): number {
    const row = this.#find(actor, counter)
    return this.#rank(row) + (this.#spans.weight(row) === 0 ? 0 : counter - this.#spans.counter(row))
  }

  isVisible(actor: number, counter: number): boolean {
    return this.#spans.weight(this.#find(actor, counter)) > 0
  }

  placementOf(actor: number, counter: number): Placement {
    const spans = this.#spans
    const row = this.#find(actor, counter)
    if (counter > spans.counter(row)) return { parentActor: actor, parentCounter: counter - 1, side: RIGHT }
    return {
      parentActor: spans.cells[row + PARENT_ACTOR]!,
      parentCounter: spans.parentCounter(row),
      side: spans.cells[row + SIDE] as 0 | 1,
    }
  }

  /** Visits maximal runs in document order: neighbours that do not continue each other, or differ in deletion. */
  forEachRun(visit: RunVisitor): void {
    const spans = this.#spans
    for (let row = spans.next(ROOT); row !== ROOT; ) row = spans.next(visitRun(spans, row, 0, COUNTER_MAX, visit))
  }

  /**
   * Visits the runs of one actor's ids from `first` to `last`, ascending by counter: the runs of the document, clipped.
   * The content of a visible one is therefore one stretch from its `positionOf` on.
   */
  forEachRunOf(actor: number, first: number, last: number, visit: RunVisitor): void {
    const spans = this.#spans
    const { ids } = this.#tree
    for (let next = first; next <= last; ) {
      const row = FAST_PATHS && spans.holds(this.#row, actor, next) ? this.#row : ids.ceil(actor, next)
      if (spans.actor(row) !== actor || spans.counter(row) > last) return
      const end = visitRun(spans, row, Math.max(next - spans.counter(row), 0), last, visit)
      next = spans.counter(end) + spans.count(end)
    }
  }

  /** Whether consecutive ids are all known, and in one span. */
  hasAll(actor: number, counter: number, count: number): boolean {
    const row = this.#locate(actor, counter)
    return row >= 0 && counter + count <= this.#spans.counter(row) + this.#spans.count(row)
  }

  /** What of an actor's ids is here, if that is one visible stretch of one span. */
  runAt(actor: number, first: number, last: number): VisibleRun | undefined {
    const spans = this.#spans
    const row = this.#row
    const start = spans.counter(row)
    // Only the span under the cursor is tried: that is where the last edit was.
    if (!FAST_PATHS || !spans.holds(row, actor, last) || spans.weight(row) === 0) return undefined
    if (start > first) {
      const former = this.#tree.ids.floor(actor, start - 1)
      if (spans.actor(former) === actor && spans.counter(former) + spans.count(former) > first) return undefined
    }
    const { cells } = spans
    const counter = Math.max(first, start)
    const inner = counter > start
    return {
      actor,
      counter,
      count: last - counter + 1,
      position: this.#start + counter - start,
      parentActor: inner ? actor : cells[row + PARENT_ACTOR]!,
      parentCounter: inner ? counter - 1 : spans.parentCounter(row),
      side: inner ? RIGHT : (cells[row + SIDE] as 0 | 1),
    }
  }

  /** Adds one actor's ids from `first` to `last`, ascending by counter. */
  collect(runs: RunColumns, actor: number, first = 1, last: number = COUNTER_MAX): void {
    const spans = this.#spans
    const { ids } = this.#tree
    for (let row = ids.ceil(actor, first); spans.actor(row) === actor && spans.counter(row) <= last; row = ids.next()) {
      const start = spans.counter(row)
      const from = Math.max(start, first)
      const end = start + spans.count(row)
      const count = Math.min(end, last + 1) - from
      const deleted = spans.weight(row) === 0
      if (from > start) runs.add(actor, from, count, deleted, actor, from - 1, RIGHT)
      else {
        const { cells } = spans
        const side = cells[row + SIDE] as 0 | 1
        runs.add(actor, from, count, deleted, cells[row + PARENT_ACTOR]!, spans.parentCounter(row), side)
      }
    }
  }

  /** What checkSequence looks at. */
  inspect(): { tree: FugueTree; idCount: number; row: number; start: number } {
    return { tree: this.#tree, idCount: this.#idCount, row: this.#row, start: this.#start }
  }

  /** Inserts behind an id of the span under the cursor. */
  #insertHere(offset: number, actor: number, counter: number, count: number): void {
    this.#admit(counter, count, false)
    const spans = this.#spans
    const row = this.#row
    this.#tree.expose(row, offset, RIGHT)
    // Where the left origin has right children, the id that follows it is the first of them or the leftmost below that
    // one: it is the right origin, and gets its first left child.
    const side = spans.cells[row + CHILDREN + RIGHT] === ROOT ? RIGHT : LEFT
    const end = this.#start + spans.weight(row)
    const created = this.#put(row, side === RIGHT ? row : spans.next(row), side, actor, counter, count, false)
    if (created !== row) this.#moveTo(created, end)
  }

  /** Adds a run behind the span `after`, in place if it goes on where its parent ends. Returns the span that has it. */
  #put(
    after: number,
    parent: number,
    side: number,
    actor: number,
    counter: number,
    count: number,
    deleted: boolean,
  ): number {
    const spans = this.#spans
    let row = parent
    if (
      side === RIGHT &&
      spans.cells[parent + CHILDREN + RIGHT] === ROOT &&
      spans.actor(parent) === actor &&
      spans.counter(parent) + spans.count(parent) === counter &&
      (spans.weight(parent) === 0) === deleted
    ) {
      spans.cells[parent + COUNT]! += count
      if (!deleted) this.#tree.order.add(parent, count)
    } else row = this.#tree.insert(after, parent, side, actor, counter, count, deleted)
    this.#idCount += count
    return row
  }

  #checkRange(position: number, count: number): void {
    const isWhole = position >>> 0 === position && count >>> 0 === count
    assert(isWhole && position + count <= this.length, 'position out of range')
  }

  #admit(counter: number, count: number, deleted: boolean): void {
    assert(counter >= 1 && count >= 1 && counter + count - 1 <= COUNTER_MAX, 'counter out of range')
    assert(deleted || this.length + count <= LENGTH_MAX, 'too long')
  }

  /** The span that holds the id, or -1. */
  #locate(actor: number, counter: number): number {
    if (FAST_PATHS && this.#spans.holds(this.#row, actor, counter)) return this.#row
    const row = this.#tree.ids.floor(actor, counter)
    return this.#spans.holds(row, actor, counter) ? row : -1
  }

  /** The span that holds a known id. */
  #find(actor: number, counter: number): number {
    const row = this.#locate(actor, counter)
    assert(row >= 0, 'unknown id')
    return row
  }

  /** Visible ids before a span. */
  #rank(row: number): number {
    return FAST_PATHS && row === this.#row ? this.#start : this.#tree.order.rank(row)
  }

  #moveTo(row: number, start: number): void {
    this.#row = row
    this.#start = start
  }

  /** Moves the cursor to the span that shows a visible position. */
  #seek(position: number): void {
    const { cells } = this.#spans
    let row = this.#row
    let start = this.#start
    for (let steps = FAST_PATHS ? 0 : STEPS_MAX; steps < STEPS_MAX; steps++) {
      if (position < start) {
        row = cells[row + PREV]!
        start -= cells[row + WEIGHT]!
      } else if (position < start + cells[row + WEIGHT]!) {
        this.#moveTo(row, start)
        return
      } else {
        start += cells[row + WEIGHT]!
        row = cells[row + NEXT]!
      }
    }
    const found = this.#tree.order.find(position)
    this.#moveTo(found, this.#tree.order.before)
  }
}
