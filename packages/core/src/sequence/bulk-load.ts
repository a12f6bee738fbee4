/**
 * A Fugue tree from all its ids at once. Nothing about the runs is trusted: what does not hang together is refused. Spans are
 * cut where a run has children in its middle and where deletion begins or ends; then the traversal of the tree is the document.
 *
 * Cost: O(n log n) in the number of runs, and no tree search per run that an insertion one by one would take. What is done per
 * run or span are functions of their own: a document is loaded by code that has hardly run before, and one long loop would be
 * over before an engine has compiled it.
 */
import { assert } from './assert.ts'
import { type CompareActors, FugueTree } from './fugue-tree.ts'
import type { RunColumns } from './run-columns.ts'
import { CHILDREN, LEFT, RIGHT, ROOT, type Spans, WEIGHT } from './spans.ts'

/** @param runs of actors that ascend by `compareActors`, each at most once. Throws when they are no tree. */
export function loadTree(runs: RunColumns, compareActors: CompareActors): FugueTree {
  const tree = new FugueTree(compareActors)
  const groups = groupsOf(runs)
  const parents = findParents(runs, groups)
  const created = createSpans(tree, runs, cuts(runs, parents))
  tree.ids.load(byActor(runs, groups, created))
  for (let run = 0; run < runs.length; run += 1) registerRun(tree, run, runs, parents, created)
  linkInOrder(tree, created.handles.length)
  return tree
}

/** Where the runs of each actor begin, and behind the last actor where they end. */
function groupsOf({ actors }: RunColumns): number[] {
  const groups: number[] = []
  for (let i = 0; i < actors.length; i += 1) if (i === 0 || actors[i] !== actors[i - 1]) groups.push(i)
  groups.push(actors.length)
  return groups
}

/** Where each run hangs and where it begins, in ids from the first of all. */
interface Parents {
  /** Of that id; -1 for the root. */
  readonly offsets: Float64Array
  readonly bases: Float64Array
}

function findParents(runs: RunColumns, groups: readonly number[]): Parents {
  const { length, actors, counters, counts, parentActors, parentCounters, sides } = runs
  const bases = new Float64Array(length + 1)
  let base = 0
  for (let i = 0; i < length; i += 1) {
    base += counts[i] as number
    bases[i + 1] = base
  }
  const groupOf = new Map(groups.map((from, group) => [actors[from], group]))
  const offsets = new Float64Array(length)
  for (let i = 0; i < length; i += 1) {
    const parentActor = parentActors[i] as number
    if (parentActor < 0) {
      assert(sides[i] === RIGHT, 'the root has no left children')
      offsets[i] = -1
      continue
    }
    const group = groupOf.get(parentActor)
    assert(group !== undefined, 'a run without its parent')
    const counter = parentCounters[i] as number
    const holder = lastAtMost(counters, groups[group] as number, (groups[group + 1] as number) - 1, counter)
    const inside = counter - (counters[holder] as number)
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
  /** By run, its first span; behind the last run, the number of spans. */
  readonly firsts: Int32Array
}

/** Makes the spans, each with the weight that it is to have. */
function createSpans({ spans }: FugueTree, runs: RunColumns, cut: Float64Array): Created {
  const { counters, counts, stretches, length } = runs
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
    const end = base + (counts[i] as number)
    for (let from = base; from < end; ) {
      while ((cut[nextCut] as number) <= from) nextCut += 1
      const next = cut[nextCut] ?? end
      const to = next < end ? next : end
      while (from >= stretchEnd) {
        stretch += 1
        stretchEnd += stretches[stretch] ?? Number.POSITIVE_INFINITY
      }
      const row = createSpan(spans, runs, i, (counters[i] as number) + from - base, to - from)
      if (stretch % 2 === 0) spans.cells[row + WEIGHT] = to - from
      handles[created] = row
      starts[created] = from
      created += 1
      from = to
    }
    base = end
    firsts[i + 1] = created
  }
  assert(stretches.length === 0 || base >= sum(stretches), 'more ids deleted than there are')
  return { handles: handles.subarray(0, created), starts, firsts }
}

/** A part of a run: its beginning has the placement of the run. */
function createSpan(spans: Spans, runs: RunColumns, run: number, counter: number, count: number): number {
  const actor = runs.actors[run] as number
  if (counter > (runs.counters[run] as number)) return spans.create(actor, counter, count, actor, counter - 1, RIGHT)
  const { parentActors, parentCounters, sides } = runs
  return spans.create(
    actor,
    counter,
    count,
    parentActors[run] as number,
    parentCounters[run] as number,
    sides[run] as number,
  )
}

function sum(numbers: readonly number[]): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}

/** Enters every span of a run among the children of its parent; siblings come in their order, because runs ascend. */
function registerRun(tree: FugueTree, run: number, runs: RunColumns, parents: Parents, created: Created): void {
  const { handles, starts, firsts } = created
  const first = firsts[run] as number
  const behind = firsts[run + 1] as number
  const offset = parents.offsets[run] as number
  const parent = offset < 0 ? ROOT : (handles[lastAtMost(starts, 0, handles.length - 1, offset)] as number)
  tree.register(handles[first] as number, parent, runs.sides[run] as number)
  for (let i = first + 1; i < behind; i += 1) tree.register(handles[i] as number, handles[i - 1] as number, RIGHT)
}

/** Puts the spans in the order of the tree's traversal. What hangs on itself is not reached. */
function linkInOrder(tree: FugueTree, count: number): void {
  const { cells } = tree.spans
  let linked = 0
  let last = ROOT
  // A span stands for its subtree, the complement of a span for that span and what is on its right.
  const stack: number[] = [ROOT]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const row = unfold(tree, top, stack)
    if (row === ROOT) continue
    const weight = cells[row + WEIGHT] as number
    cells[row + WEIGHT] = 0
    tree.order.insert(last, row, weight)
    last = row
    linked += 1
  }
  assert(linked === count, 'runs that hang on each other')
}

/** Answers the span that comes next, or the root when its left children do, and puts on the stack what follows. */
function unfold(tree: FugueTree, top: number, stack: number[]): number {
  const { cells } = tree.spans
  const row = top < 0 ? ~top : top
  const side = top >= 0 && cells[row + CHILDREN + LEFT] !== ROOT ? LEFT : RIGHT
  if (side === LEFT) stack.push(~row)
  const reference = cells[row + CHILDREN + side] as number
  if (reference > 0) stack.push(reference)
  else if (reference < 0) for (const child of tree.children(row, side).toReversed()) stack.push(child)
  return side === LEFT ? ROOT : row
}

/** The spans by actor, whatever the order of the actors in the runs. */
function byActor({ actors }: RunColumns, groups: readonly number[], { handles, firsts }: Created): Int32Array {
  const parts: { actor: number; part: Int32Array }[] = []
  for (let i = 1; i < groups.length; i += 1) {
    const from = groups[i - 1] as number
    const part = handles.subarray(firsts[from] as number, firsts[groups[i] as number] as number)
    parts.push({ actor: actors[from] as number, part })
  }
  const sorted = new Int32Array(handles.length)
  let at = 0
  for (const { part } of parts.sort((a, b) => a.actor - b.actor)) {
    sorted.set(part, at)
    at += part.length
  }
  return sorted
}
