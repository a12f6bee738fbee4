/**
 * A Fugue tree from all its ids at once. Nothing about the runs is trusted: what does not hang together is refused. Spans are
 * cut where a run has children in its middle and where deletion begins or ends; then the traversal of the tree is the document.
 *
 * Cost: O(n log n) in the number of runs, and no tree search per run that an insertion one by one would take.
 */
import { assert } from './assert.ts'
import { type CompareActors, FugueTree } from './fugue-tree.ts'
import type { RunColumns } from './run-columns.ts'
import { CHILDREN, LEFT, RIGHT, ROOT, ROW } from './spans.ts'

/** @param runs of actors that ascend by `compareActors`, each at most once. Throws when they are no tree. */
export function loadTree(runs: RunColumns, compareActors: CompareActors): FugueTree {
  const tree = new FugueTree(compareActors)
  const parents = findParents(runs)
  const created = createSpans(tree, runs, cuts(runs, parents))
  tree.ids.load(byActor(created.handles, tree))
  registerChildren(tree, runs, parents, created)
  linkInOrder(tree, created)
  return tree
}

/** Where each run hangs and where it begins, in ids from the first of all. */
interface Parents {
  /** Of the id that the run hangs on; -1 for the root. */
  readonly offsets: Float64Array
  readonly bases: Float64Array
}

function findParents(runs: RunColumns): Parents {
  const { length, actors, counters, counts, parentActors, parentCounters, sides } = runs
  const bases = new Float64Array(length + 1)
  const groups = new Map<number, [number, number]>()
  for (let i = 0; i < length; i += 1) {
    bases[i + 1] = (bases[i] as number) + (counts[i] as number)
    if (i === 0 || actors[i] !== actors[i - 1]) groups.set(actors[i] as number, [i, i])
    ;(groups.get(actors[i] as number) as [number, number])[1] = i
  }
  const offsets = new Float64Array(length)
  for (let i = 0; i < length; i += 1) {
    const parentActor = parentActors[i] as number
    if (parentActor < 0) {
      assert(sides[i] === RIGHT, 'the root has no left children')
      offsets[i] = -1
      continue
    }
    const group = groups.get(parentActor)
    assert(group !== undefined, 'a run without its parent')
    const holder = lastAtMost(counters, group[0], group[1], parentCounters[i] as number)
    const inside = (parentCounters[i] as number) - (counters[holder] as number)
    assert(inside >= 0 && inside < (counts[holder] as number), 'a run without its parent')
    offsets[i] = (bases[holder] as number) + inside
  }
  return { offsets, bases }
}

/** Index of the last number in an ascending range that is not above a value; `from` when there is none. */
function lastAtMost(numbers: ArrayLike<number>, from: number, to: number, value: number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if ((numbers[middle] as number) <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** Offsets at which spans begin within runs: ascending, with repetitions. */
function cuts({ length, sides, stretches }: RunColumns, { offsets }: Parents): Float64Array {
  const found = new Float64Array(length + stretches.length)
  let count = 0
  for (let i = 0; i < length; i += 1) {
    const offset = offsets[i] as number
    if (offset >= 0) found[count++] = sides[i] === RIGHT ? offset + 1 : offset
  }
  let at = 0
  for (const stretch of stretches) {
    at += stretch
    found[count++] = at
  }
  return found.subarray(0, count).sort()
}

interface Created {
  /** In the order of the runs. */
  readonly handles: Int32Array
  /** Offset of the first id of each span. */
  readonly starts: Float64Array
  readonly deleted: Uint8Array
}

function createSpans({ spans }: FugueTree, runs: RunColumns, cut: Float64Array): Created {
  const most = runs.length + cut.length
  const handles = new Int32Array(most)
  const starts = new Float64Array(most)
  const deleted = new Uint8Array(most)
  const { stretches } = runs
  spans.reserve(most)
  let created = 0
  let nextCut = 0
  let stretch = 0
  let stretchEnd = stretches[0] ?? Number.POSITIVE_INFINITY
  let base = 0
  for (let i = 0; i < runs.length; i += 1) {
    const actor = runs.actors[i] as number
    const counter = runs.counters[i] as number
    const end = base + (runs.counts[i] as number)
    for (let from = base; from < end; ) {
      while (nextCut < cut.length && (cut[nextCut] as number) <= from) nextCut += 1
      const to = Math.min(end, nextCut < cut.length ? (cut[nextCut] as number) : end)
      while (from >= stretchEnd) {
        stretch += 1
        stretchEnd += stretch < stretches.length ? (stretches[stretch] as number) : Number.POSITIVE_INFINITY
      }
      const first = counter + from - base
      const row =
        from === base
          ? spans.create(
              actor,
              first,
              to - from,
              runs.parentActors[i] as number,
              runs.parentCounters[i] as number,
              runs.sides[i] as number,
            )
          : spans.create(actor, first, to - from, actor, first - 1, RIGHT)
      handles[created] = row
      deleted[created] = stretch % 2
      starts[created] = from
      created += 1
      from = to
    }
    base = end
  }
  assert(stretches.length === 0 || base >= sum(stretches), 'more ids deleted than there are')
  return { handles: handles.subarray(0, created), starts: starts.subarray(0, created), deleted }
}

function sum(numbers: readonly number[]): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}

/** Enters every span among the children of its parent; siblings come in their order, because runs ascend. */
function registerChildren(tree: FugueTree, runs: RunColumns, { offsets, bases }: Parents, created: Created): void {
  const { handles, starts } = created
  let run = 0
  for (let i = 0; i < handles.length; i += 1) {
    const row = handles[i] as number
    const start = starts[i] as number
    if (start === bases[run + 1]) run += 1
    if (start > (bases[run] as number)) tree.register(row, handles[i - 1] as number, RIGHT)
    else {
      const offset = offsets[run] as number
      const parent = offset < 0 ? ROOT : (handles[lastAtMost(starts, 0, starts.length - 1, offset)] as number)
      tree.register(row, parent, runs.sides[run] as number)
    }
  }
}

/** Puts the spans in the order of the tree's traversal. What hangs on itself is not reached. */
function linkInOrder(tree: FugueTree, { handles, deleted }: Created): void {
  const { spans, order } = tree
  const { cells } = spans
  const first = handles[0] ?? ROOT
  let linked = 0
  // A span stands for its subtree, the complement of a span for that span alone.
  const stack: number[] = [ROOT]
  const push = (row: number, side: number): void => {
    const reference = cells[row + CHILDREN + side] as number
    if (reference > 0) stack.push(reference)
    else if (reference < 0) for (const child of tree.children(row, side).toReversed()) stack.push(child)
  }
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top >= 0) {
      push(top, RIGHT)
      if (cells[top + CHILDREN + LEFT] !== ROOT) {
        stack.push(~top)
        push(top, LEFT)
        continue
      }
    }
    const row = top < 0 ? ~top : top
    if (row === ROOT) continue
    // Rows were made one after the other.
    order.append(row, deleted[(row - first) / ROW] === 1)
    linked += 1
  }
  assert(linked === handles.length, 'runs that hang on each other')
}

/** The spans by actor, whatever the order of the actors in the runs. */
function byActor(handles: Int32Array, { spans }: FugueTree): Int32Array {
  const groups: { actor: number; from: number }[] = []
  for (let i = 0; i < handles.length; i += 1) {
    const actor = spans.actor(handles[i] as number)
    if (groups.at(-1)?.actor !== actor) groups.push({ actor, from: i })
  }
  const ends = new Map(groups.map(({ from }, i) => [from, groups[i + 1]?.from ?? handles.length]))
  const sorted = new Int32Array(handles.length)
  let at = 0
  for (const { from } of groups.sort((a, b) => a.actor - b.actor)) {
    const part = handles.subarray(from, ends.get(from))
    sorted.set(part, at)
    at += part.length
  }
  return sorted
}
