/**
 * The tree of Fugue (Weidner & Kleppmann, "The Art of the Fugue", 2023) over spans.
 *
 * Every id has a parent and a side. The document is the traversal: left children, the id, right children; siblings on
 * one side ascend by actor, then counter. The traversal is what Spans lists. Of the tree itself, a span refers to the
 * children on the left of its first id and on the right of its last:
 *
 *   ROOT (none) | handle of the only child | -1 - number of a group
 *
 * A group is a sorted array of the children on one side of one id. It exists where there are two or more, that is,
 * where someone wrote concurrently; a document without concurrent inserts at one place has none. References stay good:
 * a span only ever vanishes into the one before it, which is its parent and then refers to its children.
 *
 * Finding the place of a new sibling means finding where a neighbour sibling's subtree ends. Subtrees can be deep (who
 * prepends a thousand times makes a path of a thousand), so the end is sought from both sides at once, see `#beyond`.
 * Cost of an insertion: O(log n) amortised whatever the shape of the tree, plus the shift of a group's array.
 */
import { assert } from './assert.ts'
import { IdIndex } from './id-index.ts'
import { OrderTree } from './order-tree.ts'
import { CHILDREN, COUNT, COUNTER, PARENT_ACTOR, PARENT_COUNTER, RIGHT, ROOT, SIDE, Spans } from './spans.ts'

export type CompareActors = (a: number, b: number) => number

export class FugueTree {
  readonly spans: Spans
  readonly order: OrderTree
  readonly ids: IdIndex
  readonly #compareActors: CompareActors
  readonly #groups: number[][] = []

  constructor(compareActors: CompareActors) {
    this.#compareActors = compareActors
    this.spans = new Spans()
    this.order = new OrderTree(this.spans)
    this.ids = new IdIndex(this.spans)
  }

  /** Makes an id the first (left) or last (right) of its span, as it must be to get a child there. Returns the span. */
  expose(row: number, at: number, side: number): number {
    if (side === RIGHT) {
      if (at + 1 < this.spans.count(row)) this.#cut(row, at + 1)
      return row
    }
    assert(row !== ROOT, 'the root has no left children')
    return at > 0 ? this.#cut(row, at) : row
  }

  /** The span behind which a new child of the span `parent` goes. */
  place(parent: number, side: number, actor: number, counter: number): number {
    if (this.spans.cells[parent + CHILDREN + side] !== ROOT) {
      const siblings = this.children(parent, side)
      const inner = siblings[this.#lowerBound(siblings, actor, counter) - side]
      if (inner !== undefined) return this.#beyond(inner, side)
    }
    return side === RIGHT ? parent : this.spans.prev(parent)
  }

  /** Inserts a run behind a span, as a child of the first (left) or last (right) id of the span `parent`. */
  insert(
    after: number,
    parent: number,
    side: number,
    actor: number,
    counter: number,
    count: number,
    deleted: boolean,
  ): number {
    const { spans } = this
    const parentCounter = spans.counter(parent) + (side === RIGHT ? spans.count(parent) - 1 : 0)
    const row = spans.create(actor, counter, count, spans.actor(parent), parentCounter, side)
    // First, as it throws for known ids, and then nothing has changed.
    this.ids.add(row)
    this.order.insert(after, row, deleted ? 0 : count)
    this.register(row, parent, side)
    return row
  }

  /**
   * Deletes visible ids of a span; deleted neighbours grow together. The result is a span before which as many visible
   * ids stand as stood before the given one, which may be gone.
   */
  erase(row: number, from: number, count: number): number {
    const { spans, order } = this
    if (from + count < spans.count(row)) {
      const former = spans.prev(row)
      if (from === 0 && this.#joins(former, row, former)) {
        this.#slide(former, row, count)
        order.add(row, -count)
        return row
      }
      this.#cut(row, from + count)
    }
    if (from === 0) return this.#bury(row)
    const following = spans.next(row)
    if (this.#joins(row, following, following)) {
      this.#slide(row, following, -count)
      order.add(row, -count)
    } else this.#bury(this.#cut(row, from))
    return row
  }

  /** Children on a side of a span, in order. */
  children(row: number, side: number): readonly number[] {
    const reference = this.spans.cells[row + CHILDREN + side]!
    return reference < 0 ? this.#groups[-1 - reference]! : reference === ROOT ? [] : [reference]
  }

  /** Cuts a span before its element `at`. The span keeps the first part and its handle; the result is the second. */
  #cut(row: number, at: number): number {
    const { spans, order } = this
    const actor = spans.actor(row)
    const counter = spans.counter(row) + at
    const count = spans.count(row) - at
    const deleted = spans.weight(row) === 0
    spans.cells[row + COUNT] = at
    if (!deleted) order.add(row, -count)
    const rest = spans.create(actor, counter, count, actor, counter - 1, RIGHT)
    order.insert(row, rest, deleted ? 0 : count)
    const { cells } = spans
    cells[rest + CHILDREN + RIGHT] = cells[row + CHILDREN + RIGHT]!
    cells[row + CHILDREN + RIGHT] = rest
    this.ids.add(rest)
    return rest
  }

  /** Deletes a whole span. Returns it, or the one before if that took it in. */
  #bury(row: number): number {
    const { spans, order } = this
    order.add(row, -spans.count(row))
    const former = spans.prev(row)
    const following = spans.next(row)
    if (this.#joins(row, following, following)) this.#absorb(row, following)
    if (!this.#joins(former, row, former)) return row
    this.#absorb(former, row)
    return former
  }

  /** Joins a deleted span with the next one. */
  #absorb(row: number, following: number): void {
    const { spans } = this
    const { cells } = spans
    this.ids.remove(following)
    cells[row + COUNT]! += spans.count(following)
    cells[row + CHILDREN + RIGHT] = cells[following + CHILDREN + RIGHT]!
    this.order.remove(following)
  }

  /** Moves the border between two neighbours by some ids. The order of the index stays as it is. */
  #slide(row: number, following: number, by: number): void {
    const { cells } = this.spans
    cells[row + COUNT]! += by
    cells[following + COUNTER]! += by
    cells[following + PARENT_COUNTER]! += by
    cells[following + COUNT]! -= by
  }

  /** Whether ids may pass between two neighbours: one goes on where the other ends, with no sibling, and `other` is deleted. */
  #joins(row: number, following: number, other: number): boolean {
    const { spans } = this
    const isOnlyChild = spans.cells[row + CHILDREN + RIGHT] === following
    return isOnlyChild && spans.weight(other) === 0 && spans.follows(following, row)
  }

  /** Enters a span among the children of its parent. */
  register(row: number, parent: number, side: number): void {
    const { spans } = this
    const { cells } = spans
    const at = parent + CHILDREN + side
    const reference = cells[at]!
    if (reference === ROOT) cells[at] = row
    else {
      const group = reference < 0 ? this.#groups[-1 - reference]! : [reference]
      if (reference > 0) cells[at] = -this.#groups.push(group)
      group.splice(this.#lowerBound(group, spans.actor(row), spans.counter(row)), 0, row)
    }
  }

  /**
   * The last span of a child's subtree (side right), or the span before its first (side left).
   *
   * Two walkers seek the same gap in lockstep. The inner one goes down the outermost children of the child. The outer
   * one goes to the next sibling beyond, or up until there is one, and then down its innermost children. Whichever ends
   * first has it, so a call costs twice the shorter path. That is O(log n) amortised: the new sibling that comes into the
   * gap has no subtree and parts the two paths, so another walk as long needs as many new ids first.
   */
  #beyond(child: number, side: number): number {
    const { spans } = this
    const { cells } = spans
    const inside = (row: number): number => (side === RIGHT ? row : spans.prev(row))
    const outside = (row: number): number => (side === RIGHT ? spans.prev(row) : row)
    let inner = child
    let outer = child
    for (let rising = true; ; ) {
      const below = this.#outermost(inner, side)
      if (below === ROOT) return inside(inner)
      inner = below
      if (!rising) {
        const nearer = this.#outermost(outer, 1 - side)
        if (nearer === ROOT) return outside(outer)
        outer = nearer
        continue
      }
      const parent = this.ids.floor(cells[outer + PARENT_ACTOR]!, spans.parentCounter(outer))
      const sibling = this.#sibling(parent, outer, side)
      if (sibling !== ROOT) {
        outer = sibling
        rising = false
      } else if (cells[outer + SIDE] !== side || parent === ROOT) {
        // Behind the last child of the root is the end, where the ring comes back to the root.
        return outside(parent)
      } else outer = parent
    }
  }

  /** The outermost child on a side of a span: the last right one of its last id, the first left one of its first. */
  #outermost(row: number, side: number): number {
    const reference = this.spans.cells[row + CHILDREN + side]!
    return reference < 0 ? this.#groups[-1 - reference]!.at(-side)! : reference
  }

  /** The next sibling of a span towards a side. */
  #sibling(parent: number, row: number, towards: number): number {
    const { spans } = this
    const siblings = this.children(parent, spans.cells[row + SIDE]!)
    if (siblings.length < 2) return ROOT
    const index = this.#lowerBound(siblings, spans.actor(row), spans.counter(row))
    return siblings[towards === RIGHT ? index + 1 : index - 1] ?? ROOT
  }

  #lowerBound(group: readonly number[], actor: number, counter: number): number {
    const { spans } = this
    let low = 0
    let high = group.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const row = group[middle]!
      const by = spans.actor(row)
      const order = by === actor ? spans.counter(row) - counter : this.#compareActors(by, actor)
      if (order < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
