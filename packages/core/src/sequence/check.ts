/** The promises of the structures to each other, O(n), for tests. */
import { assert } from './assert.ts'
import type { FugueTree } from './fugue-tree.ts'
import type { Sequence } from './sequence.ts'
import { LEFT, RIGHT, ROOT } from './spans.ts'

/** Throws unless the order is Fugue's, and every structure agrees with every other. */
export function checkSequence(sequence: Sequence): void {
  checkOrder(sequence)
  const { tree, row, start } = sequence.inspect()
  checkWeights(tree)
  assert(tree.order.rank(row) === start, 'the cursor is not where it says')
}

/**
 * Throws unless the list and the index fit the tree. The traversal has a stack of its own, since trees get as deep as documents
 * are long: a span on it stands for its whole subtree, the complement of a span for that span alone.
 */
function checkOrder(sequence: Sequence): void {
  const { tree, idCount } = sequence.inspect()
  const { spans, ids } = tree
  let known = 0
  let row = ROOT
  for (const stack = [ROOT]; stack.length > 0; ) {
    const top = stack.pop()!
    if (top >= 0) {
      for (const child of tree.children(top, RIGHT).toReversed()) stack.push(child)
      stack.push(~top)
      for (const child of tree.children(top, LEFT).toReversed()) stack.push(child)
      continue
    }
    assert(~top === row, 'the document is not in Fugue order')
    if (row !== ROOT) {
      assert(ids.floor(spans.actor(row), spans.counter(row)) === row, 'a span is not indexed')
      known += spans.count(row)
    }
    assert(spans.prev(spans.next(row)) === row, 'the list is broken')
    row = spans.next(row)
  }
  assert(row === ROOT && known === idCount, 'ids are missing in the tree')
}

function checkWeights({ spans, order }: FugueTree): void {
  let before = 0
  let row = ROOT
  do {
    assert(spans.weight(row) === 0 || spans.weight(row) === spans.count(row), 'a span has the wrong weight')
    assert(order.rank(row) === before, 'a span has the wrong rank')
    before += spans.weight(row)
    if (spans.weight(row) > 0) assert(order.find(before - 1) === row, 'a position is found in the wrong span')
    row = spans.next(row)
  } while (row !== ROOT)
  assert(order.total === before, 'the total is wrong')
}
