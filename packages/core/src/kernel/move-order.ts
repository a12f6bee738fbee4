/**
 * An order in which runs with moves can be taken in: an id that an element was moved to comes behind the id it hangs on and
 * behind the element itself. Trying again until nothing waits would cost the square of the moves.
 */
import { dotCounter } from '../causality/dot.ts'
import type { Moves } from './moves.ts'
import { orderRuns, type Placed } from './run-order.ts'
import { firstDot, sliceRun } from './runs.ts'

/** @returns the same ids; those that elements were moved to are runs of their own. O(n log n). */
export function arrangeMoves<R extends Placed>(runs: readonly R[], moves: Moves): readonly R[] {
  const parts = runs.flatMap((entry) => split(entry, moves))
  const { ordered, circular } = orderRuns(parts, (run) => moves.at(firstDot(run))?.element)
  // What needs itself in a circle waits for ever, wherever it stands.
  return [...ordered, ...circular]
}

function split<R extends Placed>(entry: R, moves: Moves): R[] {
  const { run } = entry
  const slots = moves.slotsIn(run.actor, run.counter, run.count)
  if (slots.length === 0) return [entry]
  const parts: R[] = []
  let at = 0
  const part = (to: number): void => {
    if (to > at) parts.push({ ...entry, run: sliceRun(run, at, to) })
    at = Math.max(at, to)
  }
  for (const slot of slots) {
    part(dotCounter(slot) - run.counter)
    part(dotCounter(slot) - run.counter + 1)
  }
  part(run.count)
  return parts
}
