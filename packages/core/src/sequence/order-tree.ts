/**
 * A counted B-tree over the spans in document order: from a visible index to its span, and from a span to the number
 * of visible ids before it, both in O(log n).
 *
 * Nodes lie in one array of cells like the spans, and are named likewise; a leaf's kids are spans, an inner node's kids
 * are nodes. Each node caches the visible ids below it. A change of one span's weight is one addition per level, so there
 * is nothing to gain from holding it back in a cursor. Steps to a neighbour go by the linked list in Spans, which the tree
 * keeps too.
 *
 * Left out: refilling nodes after removals. Spans disappear only when deleted neighbours merge, an empty node goes with
 * its last kid, and the height is bounded by the most spans there ever were.
 */
import { doubled, LEAF, ROOT, type Spans, WEIGHT } from './spans.ts'

/** Kids per node: 128 bytes, two cache lines to scan. */
const WIDTH = 32

/** Cells of a node, in front of its kids. */
const FILL = 0
const UP = 1
const SUM = 2
const KIDS = 3
const NODE = KIDS + WIDTH

/** What the topmost node has above it. */
const NOTHING = -1

export class OrderTree {
  /** Visible ids before the span that `find` returned last. */
  before = 0

  readonly #spans: Spans
  #nodes = new Int32Array(NODE)
  readonly #free: number[] = []
  #used = NODE
  #top = 0
  /** Levels above the leaves. */
  #height = 0

  /** A tree that holds the root span. */
  constructor(spans: Spans) {
    this.#spans = spans
    this.#nodes[FILL] = 1
    this.#nodes[UP] = NOTHING
    this.#nodes[KIDS] = ROOT
  }

  /** All visible ids. */
  get total(): number {
    return this.#nodes[this.#top + SUM]!
  }

  /** Changes a span's number of visible ids. */
  add(row: number, delta: number): void {
    const { cells } = this.#spans
    cells[row + WEIGHT]! += delta
    this.#addUp(cells[row + LEAF]!, delta)
  }

  /** Puts a span behind another one. */
  insert(after: number, row: number, weight: number): void {
    this.#spans.link(after, row)
    this.#insertKid(this.#spans.cells[after + LEAF]!, 0, after, row)
    if (weight > 0) this.add(row, weight)
  }

  /** Takes out a span that shows nothing. */
  remove(row: number): void {
    const nodes = this.#nodes
    let node = this.#spans.cells[row + LEAF]!
    this.#spans.release(row)
    for (let kid = row; ; ) {
      const slot = this.#slotOf(node, kid)
      nodes.copyWithin(slot, slot + 1, node + KIDS + nodes[node + FILL]!--)
      if (nodes[node + FILL]! > 0) break
      // The leaf of the root span never empties, so there is always a parent here.
      this.#free.push(node)
      kid = node
      node = nodes[node + UP]!
    }
    while (this.#height > 0 && nodes[this.#top + FILL] === 1) {
      this.#free.push(this.#top)
      this.#top = nodes[this.#top + KIDS]!
      nodes[this.#top + UP] = NOTHING
      this.#height--
    }
  }

  /** The span that shows the visible index, which must be below `total`; `before` then says where it starts. */
  find(index: number): number {
    const nodes = this.#nodes
    let rest = index
    let node = this.#top
    for (let level = this.#height; level >= 0; level--) {
      const weights = level > 0 ? nodes : this.#spans.cells
      const at = level > 0 ? SUM : WEIGHT
      let slot = node + KIDS
      node = nodes[slot]!
      for (let weight = weights[node + at]!; rest >= weight; weight = weights[node + at]!) {
        rest -= weight
        node = nodes[++slot]!
      }
    }
    this.before = index - rest
    return node
  }

  /** Visible ids before a span. */
  rank(row: number): number {
    const nodes = this.#nodes
    const { cells } = this.#spans
    let node = cells[row + LEAF]!
    let before = 0
    for (let slot = node + KIDS; nodes[slot] !== row; slot++) before += cells[nodes[slot]! + WEIGHT]!
    for (let up = nodes[node + UP]!; up !== NOTHING; up = nodes[node + UP]!) {
      for (let slot = up + KIDS; nodes[slot] !== node; slot++) before += nodes[nodes[slot]! + SUM]!
      node = up
    }
    return before
  }

  #slotOf(node: number, kid: number): number {
    const nodes = this.#nodes
    let slot = node + KIDS
    while (nodes[slot] !== kid) slot++
    return slot
  }

  #addUp(from: number, delta: number): void {
    const nodes = this.#nodes
    for (let node = from; node !== NOTHING; node = nodes[node + UP]!) nodes[node + SUM]! += delta
  }

  /** Puts a kid behind another kid of the node, leaving the sums to the caller. */
  #insertKid(node: number, level: number, after: number, kid: number): void {
    let target = node
    const fill = this.#nodes[node + FILL]!
    let index = this.#nodes[node + KIDS + fill - 1] === after ? fill : this.#slotOf(node, after) + 1 - node - KIDS
    if (this.#nodes[node + FILL] === WIDTH) {
      // Growth at the end leaves full nodes behind: documents are mostly typed, and loaded, front to back.
      const kept = index === WIDTH ? WIDTH : WIDTH / 2
      const sibling = this.#split(node, level, kept)
      if (index > kept || kept === WIDTH) {
        target = sibling
        index -= kept
      }
    }
    const nodes = this.#nodes
    const slot = target + KIDS + index
    for (let to = target + KIDS + nodes[target + FILL]!++; to > slot; to--) nodes[to] = nodes[to - 1]!
    nodes[slot] = kid
    this.#adopt(kid, level, target)
  }

  #adopt(kid: number, level: number, node: number): void {
    if (level > 0) this.#nodes[kid + UP] = node
    else this.#spans.cells[kid + LEAF] = node
  }

  /** Moves all but the first kids to a new right sibling. */
  #split(node: number, level: number, kept: number): number {
    const sibling = this.#create()
    const nodes = this.#nodes
    let moved = 0
    for (let index = kept; index < WIDTH; index++) {
      const kid = nodes[node + KIDS + index]!
      nodes[sibling + KIDS + index - kept] = kid
      this.#adopt(kid, level, sibling)
      moved += level > 0 ? nodes[kid + SUM]! : this.#spans.weight(kid)
    }
    nodes[sibling + FILL] = WIDTH - kept
    nodes[node + FILL] = kept
    if (node === this.#top) this.#raise()
    // What moved leaves the sums before the sibling is linked and joins them after, as its parent may be another one.
    this.#addUp(node, -moved)
    this.#insertKid(this.#nodes[node + UP]!, level + 1, node, sibling)
    this.#addUp(sibling, moved)
    return sibling
  }

  /** Puts a new node above the topmost one. */
  #raise(): void {
    const above = this.#create()
    const nodes = this.#nodes
    nodes[above + FILL] = 1
    nodes[above + UP] = NOTHING
    nodes[above + SUM] = nodes[this.#top + SUM]!
    nodes[above + KIDS] = this.#top
    nodes[this.#top + UP] = above
    this.#top = above
    this.#height++
  }

  /** An empty node. */
  #create(): number {
    let node = this.#free.pop()
    if (node === undefined) {
      node = this.#used
      this.#used += NODE
      if (node === this.#nodes.length) this.#nodes = doubled(this.#nodes)
    }
    this.#nodes[node + SUM] = 0
    return node
  }
}
