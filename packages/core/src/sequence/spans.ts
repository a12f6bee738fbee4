/**
 * The columns of the sequence: one row per span, a span being a stretch of ids that are neighbours in the document.
 *
 * A span holds ids of one actor with consecutive counters, each the right child of the one before, all visible or all
 * deleted. Two further rules keep every tree walk at the level of spans:
 * - only the first id of a span may have left children (they would lie between two ids of the span);
 * - only the last id of a span may have right children other than the id that follows it in the span.
 *
 * A row is named by its handle, an index into the columns. A cut leaves the handle with the first part, so the handle of
 * a span whose first id is an explicit child never changes. Row 0 is the root: one deleted id (-1, 0) at the start of
 * the document, of which everything else descends; no code has to treat "before everything" apart.
 *
 * Cost: 46 bytes per span, nothing on the heap per span or per id. Columns rather than objects, which would cost several
 * times the memory and the pauses to collect it.
 */

/** Handle of the root span. As a child reference it means "no child", since the root is nobody's child. */
export const ROOT = 0

/** Sides of a parent. */
export const LEFT = 0
export const RIGHT = 1

/** Child reference: the only right child is the same actor's next id. It is found by id, as its row may change. */
export const IMPLIED = -1

const ROWS_MIN = 8

type Column = Int32Array | Uint32Array | Uint8Array

function grown<C extends Column>(column: C, length: number): C {
  const copy = new (column.constructor as new (length: number) => C)(length)
  copy.set(column)
  return copy
}

export class Spans {
  /** Id of the first element. Counters use all 32 bits. */
  actor: Int32Array = new Int32Array(ROWS_MIN)
  counter: Uint32Array = new Uint32Array(ROWS_MIN)
  /** Ids in the span. */
  count: Uint32Array = new Uint32Array(ROWS_MIN)
  deleted: Uint8Array = new Uint8Array(ROWS_MIN)
  /** Placement of the first id. */
  parentActor: Int32Array = new Int32Array(ROWS_MIN)
  parentCounter: Uint32Array = new Uint32Array(ROWS_MIN)
  side: Uint8Array = new Uint8Array(ROWS_MIN)
  /** At 2 * row: left children of the first id; behind: right children of the last. References as in FugueTree. */
  children: Int32Array = new Int32Array(2 * ROWS_MIN)
  /** Neighbours in document order; the list is a ring through the root. */
  next: Int32Array = new Int32Array(ROWS_MIN)
  prev: Int32Array = new Int32Array(ROWS_MIN)
  /** Owned by OrderTree: the visible ids of the span, and the leaf it is in. */
  weight: Int32Array = new Int32Array(ROWS_MIN)
  leaf: Int32Array = new Int32Array(ROWS_MIN)

  #used = 1
  /** Released rows, chained by `next`. */
  #free = ROOT

  constructor() {
    this.actor[ROOT] = -1
    this.count[ROOT] = 1
    this.deleted[ROOT] = 1
    this.side[ROOT] = RIGHT
  }

  /** A row linked in behind another one, without children; its other columns are the caller's to fill. */
  create(after: number): number {
    let row = this.#free
    if (row !== ROOT) this.#free = this.next[row]!
    else {
      row = this.#used++
      if (row === this.actor.length) this.#grow(2 * row)
    }
    const following = this.next[after]!
    this.next[after] = row
    this.prev[row] = after
    this.next[row] = following
    this.prev[following] = row
    this.children[2 * row + LEFT] = ROOT
    this.children[2 * row + RIGHT] = ROOT
    return row
  }

  /** Unlinks a row and keeps it for reuse. */
  release(row: number): void {
    const { next, prev } = this
    next[prev[row]!] = next[row]!
    prev[next[row]!] = prev[row]!
    next[row] = this.#free
    this.#free = row
  }

  /** Whether a span has the id. */
  holds(row: number, actor: number, counter: number): boolean {
    const offset = counter - this.counter[row]!
    return this.actor[row] === actor && offset >= 0 && offset < this.count[row]!
  }

  /** Whether the first id is the right child of its actor's previous id, which then need not be written down. */
  isImplied(row: number): boolean {
    return (
      this.parentActor[row] === this.actor[row] &&
      this.parentCounter[row] === this.counter[row]! - 1 &&
      this.side[row] === RIGHT
    )
  }

  #grow(rows: number): void {
    this.actor = grown(this.actor, rows)
    this.counter = grown(this.counter, rows)
    this.count = grown(this.count, rows)
    this.deleted = grown(this.deleted, rows)
    this.parentActor = grown(this.parentActor, rows)
    this.parentCounter = grown(this.parentCounter, rows)
    this.side = grown(this.side, rows)
    this.children = grown(this.children, 2 * rows)
    this.next = grown(this.next, rows)
    this.prev = grown(this.prev, rows)
    this.weight = grown(this.weight, rows)
    this.leaf = grown(this.leaf, rows)
  }
}
