/**
 * An order in which runs with moves can be taken in: an id that an element was moved to comes behind the id it hangs on and
 * behind the element itself. Trying again until nothing waits would cost the square of the moves.
 */
import { dotActor, dotCounter, packDot } from '../causality/dot.ts'
import type { Moves } from './moves.ts'
import type { Placed } from './run-order.ts'
import { sliceRun } from './runs.ts'

/** @returns the same ids; those that elements were moved to are runs of their own. O(n log n). */
export function arrangeMoves<R extends Placed>(runs: readonly R[], moves: Moves): readonly R[] {
  const parts = runs.flatMap((entry) => split(entry, moves))
  const holder = indexOf(parts)
  const blocked: number[][] = parts.map(() => [])
  const needs = new Int32Array(parts.length)
  parts.forEach(({ run }, i) => {
    const { parentActor, parentCounter } = run.placement
    const move = moves.at(packDot(run.actor, run.counter))
    for (const need of [
      parentActor < 0 ? -1 : holder(parentActor, parentCounter),
      move === undefined ? -1 : holder(dotActor(move.element), dotCounter(move.element)),
    ]) {
      if (need < 0 || need === i) continue
      blocked[need]?.push(i)
      needs[i] = (needs[i] as number) + 1
    }
  })
  const order: number[] = []
  parts.forEach((_, i) => {
    if (needs[i] === 0) order.push(i)
  })
  // The list grows while it is walked: what waits for a run comes behind it.
  for (const i of order) {
    for (const next of blocked[i] as number[]) {
      needs[next] = (needs[next] as number) - 1
      if (needs[next] === 0) order.push(next)
    }
  }
  // What needs itself in a circle waits for ever, wherever it stands.
  const circular = parts.filter((_, i) => (needs[i] as number) > 0)
  return [...order.map((i) => parts[i] as R), ...circular]
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

/** Answers the index of the run that holds an id; -1 for none. */
function indexOf(runs: readonly Placed[]): (actor: number, counter: number) => number {
  const sorted = runs
    .map((_, i) => i)
    .sort((a, b) => {
      const [left, right] = [(runs[a] as Placed).run, (runs[b] as Placed).run]
      return left.actor - right.actor || left.counter - right.counter
    })
  return (actor, counter) => {
    let low = 0
    let high = sorted.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      const { run } = runs[sorted[middle] as number] as Placed
      if (run.actor < actor || (run.actor === actor && run.counter <= counter)) low = middle
      else high = middle - 1
    }
    const index = sorted[low]
    const run = index === undefined ? undefined : (runs[index] as Placed).run
    const holds =
      run !== undefined && run.actor === actor && run.counter <= counter && counter < run.counter + run.count
    return holds ? (index as number) : -1
  }
}
