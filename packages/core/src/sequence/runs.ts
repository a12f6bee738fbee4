/**
 * Maximal runs from spans. Spans may be shorter than runs: an id with several right children ends its span, and
 * neighbours that come to fit are not always merged. What leaves the sequence depends on the state alone, so equal states
 * are written as equal bytes.
 */
import { PARENT_ACTOR, RIGHT, SIDE, type Spans } from './spans.ts'

/** Ids counter..counter+count-1 of one actor; the first has the placement, each other is right child of its former. */
export type RunVisitor = (
  actor: number,
  counter: number,
  count: number,
  deleted: boolean,
  parentActor: number,
  parentCounter: number,
  side: 0 | 1,
) => void

/**
 * Visits the run that begins with element `from` of a span, no further than counter `last`. Returns the last span that
 * the run reaches into.
 */
export function visitRun(spans: Spans, row: number, from: number, last: number, visit: RunVisitor): number {
  const { cells } = spans
  const actor = spans.actor(row)
  const deleted = spans.weight(row) === 0
  let end = row
  for (
    let following = spans.next(row);
    spans.follows(following, end) &&
    spans.counter(following) <= last &&
    (spans.weight(following) === 0) === deleted &&
    spans.isImplied(following);
    following = spans.next(following)
  ) {
    end = following
  }
  const counter = spans.counter(row) + from
  const count = Math.min(spans.counter(end) + spans.count(end), last + 1) - counter
  if (from > 0) visit(actor, counter, count, deleted, actor, counter - 1, RIGHT)
  else {
    const side = cells[row + SIDE] as 0 | 1
    visit(actor, counter, count, deleted, cells[row + PARENT_ACTOR]!, spans.parentCounter(row), side)
  }
  return end
}
