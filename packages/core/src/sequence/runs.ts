/**
 * Maximal runs from spans. Spans may be shorter than runs: an id with several right children ends its span, and
 * neighbours that come to fit are not always merged. What leaves the sequence depends on the state alone, so equal states
 * are written as equal bytes.
 */
import { RIGHT, type Spans } from './spans.ts'

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
 * Visits the run that begins with element `from` of a span, no further than counter `last`. Returns the span behind the
 * run, which is not cut short for that.
 */
export function visitRun(spans: Spans, row: number, from: number, last: number, visit: RunVisitor): number {
  const actor = spans.actor[row]!
  const deleted = spans.deleted[row]!
  let end = spans.counter[row]! + spans.count[row]!
  let following = spans.next[row]!
  while (
    spans.counter[following] === end &&
    spans.actor[following] === actor &&
    spans.deleted[following] === deleted &&
    spans.isImplied(following)
  ) {
    end += spans.count[following]!
    following = spans.next[following]!
  }
  const counter = spans.counter[row]! + from
  const count = Math.min(end, last + 1) - counter
  if (from > 0) visit(actor, counter, count, deleted === 1, actor, counter - 1, RIGHT)
  else {
    const side = spans.side[row] as 0 | 1
    visit(actor, counter, count, deleted === 1, spans.parentActor[row]!, spans.parentCounter[row]!, side)
  }
  return following
}
