/** Which of some ids a sequence has: in runs, not in ids, since a few bytes can announce any number of ids. */
import type { Sequence } from '../sequence/sequence.ts'
import type { Ids } from './runs.ts'

/** Visits the stretches of ids that are all here, or all not. */
export function piecesOf(
  sequence: Sequence,
  { actor, counter, count }: Ids,
  visit: (known: boolean, from: number, to: number) => void,
): void {
  const known = knownIn(sequence, actor, counter, counter + count - 1)
  let at = 0
  for (let i = 0; i < known.length; i += 2) {
    const from = (known[i] as number) - counter
    const to = (known[i + 1] as number) - counter + 1
    if (from > at) visit(false, at, from)
    visit(true, from, to)
    at = to
  }
  if (at < count) visit(false, at, count)
}

/** Ids of an actor in a sequence, as `[first, last, …]`. */
export function knownIn(sequence: Sequence, actor: number, first: number, last: number): number[] {
  const known: number[] = []
  sequence.forEachRunOf(actor, first, last, (_, counter, count) => known.push(counter, counter + count - 1))
  return known
}
