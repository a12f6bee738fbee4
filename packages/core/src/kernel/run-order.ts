/**
 * Runs in an order in which they can be integrated: each behind the one it hangs on. Blocks hold them in document order, where
 * left children come first, and runs that waited come in any order; integrating in rounds until nothing moves would cost the
 * square of their number for a list that somebody always wrote to the front of.
 */
import { packDot } from '../causality/dot.ts'
import { pushTo } from '../lists.ts'
import { firstWhere } from '../search.ts'
import { firstDot, type Ids, type Run, sliceRun } from './runs.ts'

/** A run and the block it came in. */
export interface Placed {
  readonly run: Run
}

export interface RunOrder<R> {
  /** Each behind what it needs. What it needs that is not among them does not count. */
  readonly ordered: readonly R[]
  /** Runs that need each other in a circle, and what needs those. */
  readonly circular: readonly R[]
}

/** Runs by actor, then counter; stable. */
function byId<R extends Placed>(runs: readonly R[]): R[] {
  return [...runs].sort((a, b) => firstDot(a.run) - firstDot(b.run))
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

/**
 * Orders runs of which none shares an id with another, each behind its parent. O(n log n).
 * @param other an id that a run needs besides its parent.
 */
export function orderRuns<R extends Placed>(
  runs: readonly R[],
  other: (run: Run) => number | undefined = () => undefined,
): RunOrder<R> {
  const sorted = byId(runs)
  const waiting = new Map<number, number[]>()
  const lacking = new Int32Array(sorted.length)
  const need = (i: number, id: number): void => {
    const holder = holderOf(sorted, id)
    if (holder < 0) return
    lacking[i] = (lacking[i] as number) + 1
    pushTo(waiting, holder, i)
  }
  for (const [i, { run }] of sorted.entries()) {
    const { parentActor, parentCounter } = run.placement
    if (parentActor >= 0) need(i, packDot(parentActor, parentCounter))
    const id = other(run)
    if (id !== undefined) need(i, id)
  }
  const order = [...sorted.keys()].filter((i) => lacking[i] === 0)
  // The list grows while it is walked: what needs a run comes behind it.
  for (const i of order) {
    for (const next of waiting.get(i) ?? []) {
      lacking[next] = (lacking[next] as number) - 1
      if (lacking[next] === 0) order.push(next)
    }
  }
  return { ordered: order.map((i) => sorted[i] as R), circular: sorted.filter((_, i) => (lacking[i] as number) > 0) }
}

/** Index of the run that holds an id; -1 for none. */
function holderOf(sorted: readonly Placed[], id: number): number {
  const index = firstWhere(sorted.length, (i) => firstDot((sorted[i] as Placed).run) > id) - 1
  const run = sorted[index]?.run
  return run !== undefined && id < firstDot(run) + run.count ? index : -1
}
