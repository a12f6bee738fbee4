/**
 * Range-based reconciliation (Meyer, "Range-based set reconciliation", 2023): the items of both sides in ascending order, cut into
 * ranges of which each is compared by count and sum, and cut again where it differs, down to the items themselves. It takes as many
 * rounds as cutting takes, and no set that anybody could make up keeps it from ending.
 */
import { addHash, type Hash64, sameHash, ZERO } from '../hash64.ts'
import type { ItemRange, RangesMessage } from '../messages/messages.ts'

/** A range that differs is cut into so many. */
const CUTS = 16
/** A range of so few items is listed. */
const LISTED_MAX = 32
/** Ranges in one message. */
const RANGES_MAX = 256

type Ranges = Omit<RangesMessage, 'kind'>

export interface RangeDifference {
  /** What is to be compared further. */
  readonly reply: readonly Ranges[]
  /** Items of the peer that are not here. */
  readonly unknown: readonly Hash64[]
  /** Items here that the peer does not have. */
  readonly mine: readonly Hash64[]
}

/** Everything, cut for the first time. */
export function wholeRange(items: readonly Hash64[]): Ranges {
  return { from: ZERO, ranges: cut(items, undefined) }
}

/** @param items all of them, ascending. */
export function compareRanges(items: readonly Hash64[], message: RangesMessage): RangeDifference {
  const reply: Ranges[] = []
  const unknown: Hash64[] = []
  const mine: Hash64[] = []
  let { from } = message
  for (const range of message.ranges) {
    const here = between(items, from, range.end)
    if (range.items !== undefined) compareItems(here, range.items, unknown, mine)
    else if (here.length !== range.count || !sameHash(sumOf(here), range.sum)) {
      reply.push({ from, ranges: cut(here, range.end) })
    }
    if (range.end === undefined) break
    from = range.end
  }
  return { reply: joined(reply), unknown, mine }
}

function compareItems(here: readonly Hash64[], there: readonly Hash64[], unknown: Hash64[], mine: Hash64[]): void {
  const key = ({ high, low }: Hash64): string => `${high} ${low}`
  const ours = new Set(here.map(key))
  const theirs = new Set(there.map(key))
  for (const item of there) if (!ours.has(key(item))) unknown.push(item)
  for (const item of here) if (!theirs.has(key(item))) mine.push(item)
}

function cut(items: readonly Hash64[], end: Hash64 | undefined): ItemRange[] {
  const last = end === undefined ? {} : { end }
  if (items.length <= LISTED_MAX) return [{ ...last, count: items.length, sum: sumOf(items), items }]
  const size = Math.ceil(items.length / CUTS)
  const ranges: ItemRange[] = []
  for (let at = 0; at < items.length; at += size) {
    const some = items.slice(at, at + size)
    const next = items[at + size]
    ranges.push({ ...(next === undefined ? last : { end: next }), count: some.length, sum: sumOf(some) })
  }
  return ranges
}

/** Puts ranges that follow each other into one message, up to a size. */
function joined(replies: readonly Ranges[]): Ranges[] {
  const messages: { readonly from: Hash64; readonly ranges: ItemRange[] }[] = []
  for (const { from, ranges } of replies) {
    const last = messages.at(-1)
    const end = last?.ranges.at(-1)?.end
    if (last !== undefined && end !== undefined && sameHash(end, from) && last.ranges.length < RANGES_MAX) {
      last.ranges.push(...ranges)
    } else messages.push({ from, ranges: [...ranges] })
  }
  return messages
}

function between(items: readonly Hash64[], from: Hash64, end: Hash64 | undefined): readonly Hash64[] {
  return items.slice(placeOf(items, from), end === undefined ? items.length : placeOf(items, end))
}

/** Index of the first item that is not before another. */
function placeOf(items: readonly Hash64[], { high, low }: Hash64): number {
  let from = 0
  for (let to = items.length; from < to; ) {
    const middle = (from + to) >>> 1
    const item = items[middle] as Hash64
    if (item.high < high || (item.high === high && item.low < low)) from = middle + 1
    else to = middle
  }
  return from
}

function sumOf(items: readonly Hash64[]): Hash64 {
  return items.reduce(addHash, ZERO)
}
