/**
 * A Fugue tree from all its ids at once. Nothing about the runs is trusted: what does not hang together is refused. Spans are
 * cut where a run has children in its middle and where deletion begins or ends; then the traversal of the tree is the document.
 *
 * Cost: O(n log n) in the number of runs, and no tree search per run that an insertion one by one would take.
 */
import { assert } from './assert.ts'
import { type CompareActors, FugueTree } from './fugue-tree.ts'
import type { RunColumns } from './run-columns.ts'
import { CHILDREN, LEFT, RIGHT, ROOT, WEIGHT } from './spans.ts'

/** @param runs of actors that ascend by `compareActors`, each at most once. Throws when they are no tree. */
export function loadTree(runs: RunColumns, compareActors: CompareActors): FugueTree {
  const tree = new FugueTree(compareActors)
  const groups = groupsOf(runs)
  const parents = findParents(runs, groups)
  const created = createSpans(tree, runs, cuts(runs, parents))
  tree.ids.load(byActor(groups, created))
  registerChildren(tree, runs, parents, created)
  const order = inOrder(tree, created.handles.length)
  tree.order.load(order)
  return tree
}

/** The runs of one actor. */
interface Group {
  readonly actor: number
  readonly from: number
  to: number
}

function groupsOf({ actors }: RunColumns): Group[] {
  const groups: Group[] = []
  let group: Group | undefined
  for (let i = 0; i < actors.length; i += 1) {
    const actor = actors[i] as number
    if (group?.actor === actor) group.to = i
    else {
      group = { actor, from: i, to: i }
      groups.push(group)
    }
  }
  return groups
}

/** Where each run hangs and where it begins, in ids from the first of all. */
interface Parents {
  /** The run that holds the id that the run hangs on. */
  readonly holders: Int32Array
  /** Of that id; -1 for the root. */
  readonly offsets: Float64Array
  readonly bases: Float64Array
}

function findParents(runs: RunColumns, groups: readonly Group[]): Parents {
  const { length, counters, counts, parentActors, parentCounters, sides } = runs
  const bases = new Float64Array(length + 1)
  let base = 0
  for (let i = 0; i < length; i += 1) {
    base += counts[i] as number
    bases[i + 1] = base
  }
  const byActor = new Map(groups.map((group) => [group.actor, group]))
  const offsets = new Float64Array(length)
  const holders = new Int32Array(length)
  let group: Group | undefined
  let holder = 0
  for (let i = 0; i < length; i += 1) {
    const parentActor = parentActors[i] as number
    if (parentActor < 0) {
      assert(sides[i] === RIGHT, 'the root has no left children')
      offsets[i] = -1
      continue
    }
    if (group?.actor !== parentActor) {
      group = byActor.get(parentActor)
      assert(group !== undefined, 'a run without its parent')
      holder = group.from
    }
    const counter = parentCounters[i] as number
    holder = holderOf(runs, group, counter, holder, i)
    const inside = counter - (counters[holder] as number)
    assert(inside >= 0 && inside < (counts[holder] as number), 'a run without its parent')
    offsets[i] = (bases[holder] as number) + inside
    holders[i] = holder
  }
  return { holders, offsets, bases }
}

/** The run of a group that holds an id, if any does. Two of three hang on the run before, or near what the one before hangs on. */
function holderOf(
  { counters, counts }: RunColumns,
  { from, to }: Group,
  id: number,
  last: number,
  run: number,
): number {
  const holds = (i: number): boolean =>
    i >= from && i <= to && id >= (counters[i] as number) && id < (counters[i] as number) + (counts[i] as number)
  if (holds(last)) return last
  if (holds(run - 1)) return run - 1
  if (holds(last + 1)) return last + 1
  return lastAtMost(counters, from, to, id)
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
  /** By run, its first span; behind the last run, the number of spans. */
  readonly firsts: Int32Array
}

/** Makes the spans, each with the weight that it has in the document. */
function createSpans({ spans }: FugueTree, runs: RunColumns, cut: Float64Array): Created {
  const { actors, counters, counts, parentActors, parentCounters, sides, stretches, length } = runs
  const most = length + cut.length
  const handles = new Int32Array(most)
  const starts = new Float64Array(most)
  const firsts = new Int32Array(length + 1)
  spans.reserve(most)
  let created = 0
  let nextCut = 0
  let stretch = 0
  let stretchEnd = stretches[0] ?? Number.POSITIVE_INFINITY
  let base = 0
  for (let i = 0; i < length; i += 1) {
    const actor = actors[i] as number
    const counter = counters[i] as number
    const end = base + (counts[i] as number)
    firsts[i] = created
    for (let from = base; from < end; ) {
      while (nextCut < cut.length && (cut[nextCut] as number) <= from) nextCut += 1
      const to = nextCut < cut.length && (cut[nextCut] as number) < end ? (cut[nextCut] as number) : end
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
              parentActors[i] as number,
              parentCounters[i] as number,
              sides[i] as number,
            )
          : spans.create(actor, first, to - from, actor, first - 1, RIGHT)
      if (stretch % 2 === 0) spans.cells[row + WEIGHT] = to - from
      handles[created] = row
      starts[created] = from
      created += 1
      from = to
    }
    base = end
  }
  firsts[length] = created
  assert(stretches.length === 0 || base >= sum(stretches), 'more ids deleted than there are')
  return { handles: handles.subarray(0, created), starts, firsts }
}

function sum(numbers: readonly number[]): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}

/** Enters every span among the children of its parent; siblings come in their order, because runs ascend. */
function registerChildren(tree: FugueTree, runs: RunColumns, parents: Parents, created: Created): void {
  const { holders, offsets } = parents
  const { handles, starts, firsts } = created
  const { cells } = tree.spans
  const enter = (row: number, parent: number, side: number): void => {
    const at = parent + CHILDREN + side
    if (cells[at] === ROOT) cells[at] = row
    else tree.register(row, parent, side)
  }
  for (let run = 0; run < runs.length; run += 1) {
    const first = firsts[run] as number
    const behind = firsts[run + 1] as number
    const offset = offsets[run] as number
    const holder = holders[run] as number
    const parent =
      offset < 0
        ? ROOT
        : handles[lastAtMost(starts, firsts[holder] as number, (firsts[holder + 1] as number) - 1, offset)]
    enter(handles[first] as number, parent as number, runs.sides[run] as number)
    for (let i = first + 1; i < behind; i += 1) enter(handles[i] as number, handles[i - 1] as number, RIGHT)
  }
}

/** The spans in the order of the tree's traversal. What hangs on itself is not reached. */
function inOrder(tree: FugueTree, count: number): Int32Array {
  const { cells } = tree.spans
  const order = new Int32Array(count)
  let placed = 0
  // A span stands for its subtree, the complement of a span for that span and what is on its right.
  const stack: number[] = []
  for (let top: number | undefined = ROOT; top !== undefined; ) {
    if (top >= 0 && cells[top + CHILDREN + LEFT] !== ROOT) {
      stack.push(~top)
      for (const child of tree.children(top, LEFT).toReversed()) stack.push(child)
    } else {
      const row: number = top < 0 ? ~top : top
      if (row !== ROOT) order[placed++] = row
      const right = cells[row + CHILDREN + RIGHT] as number
      if (right > 0) {
        top = right
        continue
      }
      if (right < 0) for (const child of tree.children(row, RIGHT).toReversed()) stack.push(child)
    }
    top = stack.pop()
  }
  assert(placed === count, 'runs that hang on each other')
  return order
}

/** The spans by actor, whatever the order of the actors in the runs. */
function byActor(groups: readonly Group[], { handles, firsts }: Created): Int32Array {
  if (groups.every(({ actor }, i) => i === 0 || actor > (groups[i - 1] as Group).actor)) return handles
  const sorted = new Int32Array(handles.length)
  let at = 0
  for (const { from, to } of groups.toSorted((a, b) => a.actor - b.actor)) {
    const part = handles.subarray(firsts[from] as number, firsts[to + 1] as number)
    sorted.set(part, at)
    at += part.length
  }
  return sorted
}
