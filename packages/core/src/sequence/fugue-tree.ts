/**
 * The tree of Fugue (Weidner & Kleppmann, "The Art of the Fugue", 2023) over spans.
 *
 * Every id has a parent and a side. The document is the traversal: left children, the id, right children; siblings on
 * one side ascend by actor, then counter. The traversal is what Spans lists; the tree itself is kept only where it is
 * not plain from the list: a reference to the children of a span's first and last id.
 *
 *   reference   ROOT (none) | IMPLIED (the next id of the same actor) | handle of the only child | -2 - group number
 *
 * A group is a sorted array of the children on one side of one id. It exists where there are two or more, that is,
 * where someone wrote concurrently; a document without concurrent inserts at one place has none. A span whose first id
 * is in a group or is an only explicit child never merges into its neighbour, so its handle is good for ever.
 *
 * Finding the place of a new sibling means finding where a neighbour sibling's subtree ends. Subtrees can be deep (who
 * prepends a thousand times makes a path of a thousand), so the end is sought from both sides of it at once, see
 * `beyond`. Cost of an insertion: O(log n) amortised, whatever the shape of the tree.
 */
import { assert } from './assert.ts'
import { IdIndex } from './id-index.ts'
import { OrderTree } from './order-tree.ts'
import { IMPLIED, LEFT, RIGHT, ROOT, Spans } from './spans.ts'

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

  /** Cuts a span before its element `at`, 0 < at < count. The span keeps the first part; the result is the second. */
  cut(row: number, at: number): number {
    const { spans } = this
    const rest = spans.create(row)
    spans.actor[rest] = spans.actor[row]!
    spans.counter[rest] = spans.counter[row]! + at
    spans.count[rest] = spans.count[row]! - at
    spans.deleted[rest] = spans.deleted[row]!
    spans.parentActor[rest] = spans.actor[row]!
    spans.parentCounter[rest] = spans.counter[row]! + at - 1
    spans.side[rest] = RIGHT
    spans.right[rest] = spans.right[row]!
    spans.right[row] = IMPLIED
    spans.count[row] = at
    const weight = spans.deleted[rest] ? 0 : spans.count[rest]!
    if (weight !== 0) this.order.add(row, -weight)
    this.order.insert(row, rest, weight)
    this.ids.add(rest)
    return rest
  }

  /** Puts a new span after another one in the document; `attach` then makes it known by id and as a child. */
  insert(after: number, actor: number, counter: number, count: number, deleted: boolean): number {
    const { spans } = this
    const row = spans.create(after)
    spans.actor[row] = actor
    spans.counter[row] = counter
    spans.count[row] = count
    spans.deleted[row] = deleted ? 1 : 0
    this.order.insert(after, row, deleted ? 0 : count)
    return row
  }

  /** Makes a span a child of the last (right) or first (left) id of another span. */
  attach(row: number, parent: number, side: number): void {
    const { spans } = this
    spans.parentActor[row] = spans.actor[parent]!
    spans.parentCounter[row] =
      side === RIGHT ? spans.counter[parent]! + spans.count[parent]! - 1 : spans.counter[parent]!
    spans.side[row] = side
    this.ids.add(row)
    this.register(row, parent, side)
  }

  /** Enters a span among the children of its parent. */
  register(row: number, parent: number, side: number): void {
    const { spans } = this
    const children = side === RIGHT ? spans.right : spans.left
    const old = children[parent]!
    if (old === ROOT) {
      children[parent] = spans.isImplied(row) ? IMPLIED : row
      return
    }
    let group = this.#group(old)
    if (group === undefined) {
      group = [this.#outermost(parent, side)]
      children[parent] = -2 - this.#groups.length
      this.#groups.push(group)
    }
    group.splice(this.#lowerBound(group, spans.actor[row]!, spans.counter[row]!), 0, row)
  }

  /** The span after which a new child of the span `parent` goes. */
  place(parent: number, side: number, actor: number, counter: number): number {
    const { spans } = this
    const children = (side === RIGHT ? spans.right : spans.left)[parent]!
    if (children !== ROOT) {
      const siblings = this.#group(children) ?? [this.#outermost(parent, side)]
      const index = this.#lowerBound(siblings, actor, counter)
      const inner = siblings[side === RIGHT ? index - 1 : index]
      if (inner !== undefined) return this.#beyond(inner, side)
    }
    return side === RIGHT ? parent : spans.prev[parent]!
  }

  /**
   * Deletes visible ids of a span; deleted neighbours grow together. The result is a span before which as many visible
   * ids stand as stood before the given one, which may be gone.
   */
  erase(row: number, from: number, count: number): number {
    const { spans } = this
    if (from + count < spans.count[row]!) {
      const former = spans.prev[row]!
      if (from === 0 && spans.deleted[former] && this.#adjoins(former, row)) {
        // Deleting forwards: the ids pass to the deleted span before, and the order of the index stays as it is.
        spans.count[former]! += count
        spans.counter[row]! += count
        spans.parentCounter[row]! += count
        spans.count[row]! -= count
        this.order.add(row, -count)
        return row
      }
      this.cut(row, from + count)
    }
    if (from === 0) return this.#bury(row)
    const following = spans.next[row]!
    if (spans.deleted[following] && this.#adjoins(row, following)) {
      // Deleting backwards: likewise to the deleted span behind.
      spans.counter[following]! -= count
      spans.parentCounter[following]! -= count
      spans.count[following]! += count
      spans.count[row]! -= count
      this.order.add(row, -count)
    } else {
      this.#bury(this.cut(row, from))
    }
    return row
  }

  /**
   * After spans were only put in the list and the tree: makes them known by id and to their parents. The spans are in
   * document order, which this does not check.
   */
  settle(): void {
    const { spans } = this
    for (let row = spans.next[ROOT]!; row !== ROOT; row = spans.next[row]!) this.ids.add(row)
    for (let row = spans.next[ROOT]!; row !== ROOT; row = spans.next[row]!) {
      const parent = this.ids.floor(spans.parentActor[row]!, spans.parentCounter[row]!)
      assert(spans.holds(parent, spans.parentActor[row]!, spans.parentCounter[row]!), 'a run without its parent')
      const at = spans.parentCounter[row]! - spans.counter[parent]!
      if (spans.side[row] === LEFT) assert(at === 0 && parent !== ROOT, 'a left child follows its parent')
      else if (at < spans.count[parent]! - 1) this.cut(parent, at + 1)
      this.register(row, parent, spans.side[row]!)
    }
  }

  #bury(row: number): number {
    const { spans } = this
    spans.deleted[row] = 1
    this.order.add(row, -spans.count[row]!)
    const former = spans.prev[row]!
    const following = spans.next[row]!
    if (spans.deleted[following] && this.#adjoins(row, following)) this.#absorb(row, following)
    if (!spans.deleted[former] || !this.#adjoins(former, row)) return row
    this.#absorb(former, row)
    return former
  }

  #absorb(row: number, following: number): void {
    const { spans } = this
    this.ids.remove(following)
    this.order.remove(following)
    spans.count[row]! += spans.count[following]!
    spans.right[row] = spans.right[following]!
    spans.release(following)
  }

  /** Whether ids may pass between two neighbours: the second goes on where the first ends, with no other child between. */
  #adjoins(row: number, following: number): boolean {
    const { actor, counter, count, right } = this.spans
    return (
      right[row] === IMPLIED && actor[row] === actor[following] && counter[row]! + count[row]! === counter[following]
    )
  }

  /**
   * The last span of a child's subtree (side right), or the span before its first (side left).
   *
   * Two walkers seek the same gap in lockstep. The inner one goes down the outermost children of the child. The outer
   * one goes to the next sibling beyond, or up until there is one, and then down its innermost children. Whichever ends
   * first has it, so a call costs twice the shorter path. That makes it O(log n) amortised: the new sibling that comes
   * into the gap has no subtree, so the long path on either side is cut off from the other, and every further call that
   * walks as far needs that many new ids first.
   */
  #beyond(child: number, side: number): number {
    const { prev, side: sides } = this.spans
    let inner = child
    let outer = child
    for (let rising = true; ; ) {
      const below = this.#outermost(inner, side)
      if (below === ROOT) return side === RIGHT ? inner : prev[inner]!
      inner = below
      if (!rising) {
        const nearer = this.#outermost(outer, 1 - side)
        if (nearer === ROOT) return side === RIGHT ? prev[outer]! : outer
        outer = nearer
        continue
      }
      const parent = this.ids.floor(this.spans.parentActor[outer]!, this.spans.parentCounter[outer]!)
      const sibling = this.#sibling(parent, outer, side)
      if (sibling !== ROOT) {
        outer = sibling
        rising = false
      } else if (sides[outer] !== side) {
        return side === RIGHT ? prev[parent]! : parent
      } else if (parent === ROOT) {
        return prev[ROOT]!
      } else {
        outer = parent
      }
    }
  }

  /** The children on a side of a span, in order. For checks. */
  children(row: number, side: number): readonly number[] {
    const only = this.#outermost(row, side)
    return this.#group((side === RIGHT ? this.spans.right : this.spans.left)[row]!) ?? (only === ROOT ? [] : [only])
  }

  /** The outermost child on a side of a span: the last right one of its last id, the first left one of its first. */
  #outermost(row: number, side: number): number {
    const { spans } = this
    const children = (side === RIGHT ? spans.right : spans.left)[row]!
    if (children >= ROOT) return children
    if (children === IMPLIED) return this.ids.floor(spans.actor[row]!, spans.counter[row]! + spans.count[row]!)
    const group = this.#group(children)!
    return group[side === RIGHT ? group.length - 1 : 0]!
  }

  /** The next sibling of a span towards a side. */
  #sibling(parent: number, row: number, towards: number): number {
    const { spans } = this
    const children = (spans.side[row] === RIGHT ? spans.right : spans.left)[parent]!
    const group = this.#group(children)
    if (group === undefined) return ROOT
    const index = this.#lowerBound(group, spans.actor[row]!, spans.counter[row]!)
    return group[towards === RIGHT ? index + 1 : index - 1] ?? ROOT
  }

  #group(children: number): number[] | undefined {
    return children < IMPLIED ? this.#groups[-2 - children] : undefined
  }

  #lowerBound(group: readonly number[], actor: number, counter: number): number {
    const { spans } = this
    let low = 0
    let high = group.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const row = group[middle]!
      const order =
        spans.actor[row] === actor ? spans.counter[row]! - counter : this.#compareActors(spans.actor[row]!, actor)
      if (order < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
