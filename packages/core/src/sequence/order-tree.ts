/**
 * A counted B-tree over the spans in document order: from a visible index to its span, and from a span to the number
 * of visible ids before it, both in O(log n).
 *
 * Nodes live in typed arrays like the spans and are named by number; a leaf's kids are spans, an inner node's kids are
 * nodes. Each node caches the visible ids below it. A change of one span's weight is one addition per level, so there is
 * nothing to gain from holding it back in a cursor. Order itself is the linked list in Spans: the tree never has to step
 * to a neighbour.
 *
 * Left out: refilling nodes after removals. Spans disappear only when deleted neighbours merge, an empty node goes with
 * its last kid, and the height is bounded by the most spans there ever were.
 */
import { ROOT, type Spans } from './spans.ts'

/** Kids per node: 128 bytes, two cache lines to scan. */
const WIDTH = 32
const NODES_MIN = 4

export class OrderTree {
  /** Visible ids before the span that `find` returned last. */
  before = 0

  readonly #spans: Spans
  #kids = new Int32Array(NODES_MIN * WIDTH)
  #fill = new Int32Array(NODES_MIN)
  #up = new Int32Array(NODES_MIN)
  #sum = new Int32Array(NODES_MIN)
  #free: number[] = []
  #used = 1
  #root = 0
  /** Levels above the leaves. */
  #height = 0

  /** A tree that holds the root span. */
  constructor(spans: Spans) {
    this.#spans = spans
    this.#kids[0] = ROOT
    this.#fill[0] = 1
    this.#up[0] = -1
    spans.leaf[ROOT] = 0
  }

  /** All visible ids. */
  get total(): number {
    return this.#sum[this.#root]!
  }

  /** Changes a span's number of visible ids. */
  add(row: number, delta: number): void {
    this.#spans.weight[row]! += delta
    this.#addUp(this.#spans.leaf[row]!, delta)
  }

  /** Puts a span after another one. */
  insert(after: number, row: number, weight: number): void {
    this.#spans.weight[row] = 0
    this.#insertKid(this.#spans.leaf[after]!, 0, after, row)
    if (weight !== 0) this.add(row, weight)
  }

  /** Takes out a span that shows nothing. */
  remove(row: number): void {
    let node = this.#spans.leaf[row]!
    let kid = row
    for (;;) {
      const kids = this.#kids
      const end = node * WIDTH + --this.#fill[node]!
      for (let slot = this.#slotOf(node, kid); slot < end; slot++) kids[slot] = kids[slot + 1]!
      if (this.#fill[node]! > 0) break
      // The root span is never removed, so the leftmost path never empties and there is always a parent here.
      this.#free.push(node)
      kid = node
      node = this.#up[node]!
    }
    while (this.#height > 0 && this.#fill[this.#root] === 1) {
      this.#free.push(this.#root)
      this.#root = this.#kids[this.#root * WIDTH]!
      this.#up[this.#root] = -1
      this.#height--
    }
  }

  /** The span that shows the visible index, which must be below `total`; `before` then says where it starts. */
  find(index: number): number {
    const kids = this.#kids
    let rest = index
    let node = this.#root
    for (let level = this.#height; level >= 0; level--) {
      const weights = level === 0 ? this.#spans.weight : this.#sum
      let slot = node * WIDTH
      node = kids[slot]!
      for (let weight = weights[node]!; rest >= weight; weight = weights[node]!) {
        rest -= weight
        node = kids[++slot]!
      }
    }
    this.before = index - rest
    return node
  }

  /** Visible ids before a span. */
  rank(row: number): number {
    const kids = this.#kids
    const up = this.#up
    let weights = this.#spans.weight
    let kid = row
    let before = 0
    for (let node = this.#spans.leaf[row]!; node >= 0; node = up[node]!) {
      for (let slot = node * WIDTH; kids[slot] !== kid; slot++) before += weights[kids[slot]!]!
      weights = this.#sum
      kid = node
    }
    return before
  }

  #slotOf(node: number, kid: number): number {
    const kids = this.#kids
    let slot = node * WIDTH
    while (kids[slot] !== kid) slot++
    return slot
  }

  /** Puts a kid after another kid of the node, leaving the sums to the caller. */
  #insertKid(node: number, level: number, after: number, kid: number): void {
    let target = node
    let slot = this.#slotOf(node, after) + 1
    if (this.#fill[node] === WIDTH) {
      const index = slot - node * WIDTH
      // Growth at the end leaves full nodes behind: documents are mostly typed, and loaded, front to back.
      const kept = index === WIDTH ? WIDTH : WIDTH / 2
      const sibling = this.#split(node, level, kept)
      if (index > kept || kept === WIDTH) {
        target = sibling
        slot = sibling * WIDTH + index - kept
      }
    }
    const kids = this.#kids
    for (let to = target * WIDTH + this.#fill[target]!++; to > slot; to--) kids[to] = kids[to - 1]!
    kids[slot] = kid
    if (level === 0) this.#spans.leaf[kid] = target
    else this.#up[kid] = target
  }

  /** Moves all but the first kids to a new right sibling. */
  #split(node: number, level: number, kept: number): number {
    const sibling = this.#allocate()
    const kids = this.#kids
    const homes = level === 0 ? this.#spans.leaf : this.#up
    const weights = level === 0 ? this.#spans.weight : this.#sum
    let moved = 0
    for (let index = kept; index < WIDTH; index++) {
      const kid = kids[node * WIDTH + index]!
      kids[sibling * WIDTH + index - kept] = kid
      homes[kid] = sibling
      moved += weights[kid]!
    }
    this.#fill[sibling] = WIDTH - kept
    this.#fill[node] = kept
    if (node === this.#root) this.#raise(node)
    // What moved leaves the sums before the sibling is linked and joins them after, as its parent may be another one.
    this.#addUp(node, -moved)
    this.#sum[sibling] = 0
    this.#insertKid(this.#up[node]!, level + 1, node, sibling)
    this.#addUp(sibling, moved)
    return sibling
  }

  #addUp(from: number, delta: number): void {
    const up = this.#up
    const sum = this.#sum
    for (let node = from; node >= 0; node = up[node]!) sum[node]! += delta
  }

  #raise(node: number): void {
    const root = this.#allocate()
    this.#kids[root * WIDTH] = node
    this.#fill[root] = 1
    this.#sum[root] = this.#sum[node]!
    this.#up[root] = -1
    this.#up[node] = root
    this.#root = root
    this.#height++
  }

  #allocate(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#used === this.#fill.length) this.#grow()
    return this.#used++
  }

  #grow(): void {
    const nodes = this.#used * 2
    const grown = (column: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> => {
      const copy = new Int32Array(length)
      copy.set(column)
      return copy
    }
    this.#kids = grown(this.#kids, nodes * WIDTH)
    this.#fill = grown(this.#fill, nodes)
    this.#up = grown(this.#up, nodes)
    this.#sum = grown(this.#sum, nodes)
  }
}
