/**
 * The rows of the sequence: one per span, a span being a stretch of ids that are neighbours in the document.
 *
 * A span holds ids of one actor with consecutive counters, each the right child of the one before, all visible or all
 * deleted. Two further rules keep every tree walk at the level of spans:
 * - only the first id of a span may have left children (they would lie between two ids of the span);
 * - only the last id of a span may have right children other than the id that follows it in the span.
 *
 * All rows lie in one array of 32-bit cells, and a row is named by its handle, the index of its first cell. A cut leaves
 * the handle with the first part. The row at 0 is the root: one deleted id (-1, 0) at the start of the document, of which
 * everything else descends; no code has to treat "before everything" apart.
 *
 * Cost: 48 bytes per span, one array per sequence. Rows rather than columns: an edit looks at most cells of few spans,
 * and a row is one cache line where columns are ten; a dozen arrays would also cost a short text 4 kB.
 */

/** Handle of the root span. As a child reference it means "no child", since the root is nobody's child. */
export const ROOT = 0

/** Sides of a parent. */
export const LEFT = 0
export const RIGHT = 1

/** What the cells of a row hold. Counters use all 32 bits and are read through the methods below. */
const ACTOR = 0
export const COUNTER = 1
export const COUNT = 2
/** Placement of the first id. */
export const PARENT_ACTOR = 3
export const PARENT_COUNTER = 4
export const SIDE = 5
/** Left children of the first id; in the next cell right children of the last. References as FugueTree explains. */
export const CHILDREN = 6
/** Neighbours in document order; the list is a ring through the root. */
export const NEXT = 8
export const PREV = 9
/** Visible ids: all of the span, or none when it is deleted. Owned, like the leaf it is in, by OrderTree. */
export const WEIGHT = 10
export const LEAF = 11
/** Cells of a row. */
export const ROW = 12

const ROWS_MIN = 4

export function doubled(cells: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(2 * cells.length)
  copy.set(cells)
  return copy
}

export class Spans {
  cells: Int32Array = new Int32Array(ROWS_MIN * ROW)
  #used = ROW
  /** Released rows, chained by `NEXT`. */
  #free = ROOT

  constructor() {
    this.cells[ACTOR] = -1
    this.cells[COUNT] = 1
    this.cells[SIDE] = RIGHT
  }

  actor(row: number): number {
    return this.cells[row + ACTOR]!
  }

  /** Counter of the first id. */
  counter(row: number): number {
    return this.cells[row + COUNTER]! >>> 0
  }

  /** Ids in the span. */
  count(row: number): number {
    return this.cells[row + COUNT]! >>> 0
  }

  parentCounter(row: number): number {
    return this.cells[row + PARENT_COUNTER]! >>> 0
  }

  next(row: number): number {
    return this.cells[row + NEXT]!
  }

  prev(row: number): number {
    return this.cells[row + PREV]!
  }

  weight(row: number): number {
    return this.cells[row + WEIGHT]!
  }

  /** Whether a span has the id. */
  holds(row: number, actor: number, counter: number): boolean {
    const offset = counter - this.counter(row)
    return this.actor(row) === actor && offset >= 0 && offset < this.count(row)
  }

  /** Whether a span of the same actor begins with the id behind the last one of another. */
  follows(row: number, former: number): boolean {
    return this.actor(row) === this.actor(former) && this.counter(row) === this.counter(former) + this.count(former)
  }

  /** Whether the first id is the right child of its actor's previous id, which then need not be written down. */
  isImplied(row: number): boolean {
    const { cells } = this
    return (
      cells[row + PARENT_ACTOR] === cells[row + ACTOR] &&
      this.parentCounter(row) === this.counter(row) - 1 &&
      cells[row + SIDE] === RIGHT
    )
  }

  /** A row without neighbours, children or weight. */
  create(
    actor: number,
    counter: number,
    count: number,
    parentActor: number,
    parentCounter: number,
    side: number,
  ): number {
    let row = this.#free
    if (row !== ROOT) this.#free = this.next(row)
    else {
      row = this.#used
      this.#used += ROW
      if (row >= this.cells.length) this.cells = doubled(this.cells)
    }
    const { cells } = this
    cells[row + ACTOR] = actor
    cells[row + COUNTER] = counter
    cells[row + COUNT] = count
    cells[row + PARENT_ACTOR] = parentActor
    cells[row + PARENT_COUNTER] = parentCounter
    cells[row + SIDE] = side
    return row
  }

  /** Makes room for as many more rows. */
  reserve(rows: number): void {
    const needed = this.#used + rows * ROW
    if (needed <= this.cells.length) return
    // Room for edits as well: a document is loaded to be edited.
    const cells = new Int32Array((needed / ROW + ROWS_MIN + (rows >>> 3)) * ROW)
    cells.set(this.cells)
    this.cells = cells
  }

  /** Links a row in behind another one. */
  link(after: number, row: number): void {
    const { cells } = this
    const following = this.next(after)
    cells[after + NEXT] = row
    cells[row + PREV] = after
    cells[row + NEXT] = following
    cells[following + PREV] = row
  }

  /** Unlinks a row and keeps it for reuse. */
  release(row: number): void {
    const { cells } = this
    cells[this.prev(row) + NEXT] = this.next(row)
    cells[this.next(row) + PREV] = this.prev(row)
    cells.fill(0, row, row + ROW)
    cells[row + NEXT] = this.#free
    this.#free = row
  }
}
