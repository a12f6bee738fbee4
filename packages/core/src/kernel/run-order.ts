/**
 * Runs in an order in which they can be integrated: each behind the one it hangs on. Blocks hold them in document order, where
 * left children come first, and runs that waited come in any order; integrating in rounds until nothing moves would cost the
 * square of their number for a list that somebody always wrote to the front of.
 */
import { firstWhere } from '../search.ts'
import { type Ids, type Run, sliceRun } from './runs.ts'

/** A run and the block it came in. */
export interface Placed {
  readonly run: Run
}

export interface RunOrder<R> {
  /** Each behind its parent. Those whose parent is not among them come as they are. */
  readonly ordered: readonly R[]
  /** Runs that hang on each other in a circle, and what hangs on those. */
  readonly circular: readonly R[]
  /** How many hang on ids that are not among them. */
  readonly orphans: number
}

/** Runs by actor, then counter; stable. */
function byId<R extends Placed>(runs: readonly R[]): R[] {
  return [...runs].sort((a, b) => a.run.actor - b.run.actor || a.run.counter - b.run.counter)
}

/** How many ids at the start of a run are in the one before. */
function overlap(before: Ids, { actor, counter, count }: Ids): number {
  return before.actor === actor ? Math.max(0, Math.min(count, before.counter + before.count - counter)) : 0
}

/** The same ids with none twice; `bury` is told of visible ids whose twin was deleted. */
export function withoutTwins<R extends Placed>(runs: readonly R[], bury: (run: Run) => void): R[] {
  const kept: R[] = []
  let before: Run | undefined
  for (const entry of byId(runs)) {
    const { run } = entry
    const twice = before === undefined ? 0 : overlap(before, run)
    if (twice > 0 && run.deleted && before?.deleted === false) bury(sliceRun(run, 0, twice))
    if (twice === run.count) continue
    const rest = sliceRun(run, twice, run.count)
    kept.push(rest === run ? entry : { ...entry, run: rest })
    before = rest
  }
  return kept
}

/** Orders runs of which none shares an id with another. O(n log n). */
export function orderRuns<R extends Placed>(runs: readonly R[]): RunOrder<R> {
  const sorted = byId(runs)
  const ordered: R[] = []
  const children = new Map<number, R[]>()
  let orphans = 0
  for (const entry of sorted) {
    const { parentActor, parentCounter } = entry.run.placement
    const parent = parentActor < 0 ? -1 : holder(sorted, parentActor, parentCounter)
    if (parent < 0) {
      if (parentActor >= 0) orphans += 1
      ordered.push(entry)
    } else {
      const siblings = children.get(parent)
      if (siblings === undefined) children.set(parent, [entry])
      else siblings.push(entry)
    }
  }
  const index = new Map(sorted.map((entry, i) => [entry, i]))
  // The list grows while it is walked: what hangs on a run comes behind it.
  for (const entry of ordered) for (const child of children.get(index.get(entry) as number) ?? []) ordered.push(child)
  const placed = ordered.length === sorted.length ? undefined : new Set(ordered)
  return { ordered, circular: placed === undefined ? [] : sorted.filter((entry) => !placed.has(entry)), orphans }
}

/** Index of the run that holds an id; -1 for none. */
function holder(sorted: readonly Placed[], actor: number, counter: number): number {
  const behind = firstWhere(sorted.length, (i) => {
    const { run } = sorted[i] as Placed
    return run.actor > actor || (run.actor === actor && run.counter > counter)
  })
  const run = sorted[behind - 1]?.run
  return run !== undefined && run.actor === actor && counter < run.counter + run.count ? behind - 1 : -1
}
