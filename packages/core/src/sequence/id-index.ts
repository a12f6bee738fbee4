/**
 * From an id to the span that holds it: the spans sorted by (actor, counter of the first id), in chunks.
 *
 * A chunk keeps handles only and compares through the rows, so a span may move its first id (when a deleted
 * neighbour takes or gives ids) without the index being told: the order among spans stays. Two levels are enough: with
 * 10 million spans the upper one has 100,000 entries, and an insertion moves a part of them once in 64 insertions.
 * A cut of the oldest text therefore costs the same as one of the newest, which a flat sorted array cannot offer.
 */
import { assert } from './assert.ts'
import { ROOT, type Spans } from './spans.ts'

const CHUNK = 128
const COUNTERS = 2 ** 32

export class IdIndex {
  readonly #spans: Spans
  /** None is empty; the first begins with the root. */
  readonly #chunks: number[][] = [[ROOT]]
  /** Where the last search ended. */
  #chunk = 0
  #slot = 0

  /** An index that holds the root span. */
  constructor(spans: Spans) {
    this.#spans = spans
  }

  /** Takes in all spans at once, ascending, into an index that holds the root span only. */
  load(rows: Int32Array): void {
    for (let i = 0; i < rows.length; i += CHUNK) this.#chunks.push([...rows.subarray(i, i + CHUNK)])
  }

  /** The span with the largest first id that is not above the given one: the one that holds it, if any does. */
  floor(actor: number, counter: number): number {
    const key = actor * COUNTERS + counter
    const chunks = this.#chunks
    let low = 0
    let high = chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#key(chunks[middle]![0]!) <= key) low = middle
      else high = middle - 1
    }
    this.#chunk = low
    const chunk = chunks[low]!
    low = 0
    high = chunk.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#key(chunk[middle]!) <= key) low = middle
      else high = middle - 1
    }
    this.#slot = low
    return chunk[low]!
  }

  /** The span that holds the id, else the one with the smallest first id above it, else the root. */
  ceil(actor: number, counter: number): number {
    const row = this.floor(actor, counter)
    return this.#spans.holds(row, actor, counter) ? row : this.next()
  }

  /** The span behind the one that the last search or step answered; the root behind the last. */
  next(): number {
    this.#slot += 1
    if (this.#slot === this.#chunks[this.#chunk]!.length) {
      if (this.#chunk + 1 === this.#chunks.length) {
        this.#slot -= 1
        return ROOT
      }
      this.#chunk += 1
      this.#slot = 0
    }
    return this.#chunks[this.#chunk]![this.#slot]!
  }

  /** Adds a span whose ids no other span holds. */
  add(row: number): void {
    const spans = this.#spans
    const before = this.floor(spans.actor(row), spans.counter(row))
    const key = this.#key(row)
    assert(this.#key(before) + spans.count(before) <= key, 'id inserted twice')
    const following = this.#following()
    assert(following === ROOT || key + spans.count(row) <= this.#key(following), 'id inserted twice')
    const chunk = this.#chunks[this.#chunk]!
    chunk.splice(this.#slot + 1, 0, row)
    if (chunk.length <= CHUNK) return
    // As in OrderTree: growth at the end leaves full chunks behind.
    const kept = this.#slot + 1 === CHUNK ? CHUNK : CHUNK / 2
    this.#chunks.splice(this.#chunk + 1, 0, chunk.splice(kept))
  }

  /** Takes out a span. */
  remove(row: number): void {
    assert(this.floor(this.#spans.actor(row), this.#spans.counter(row)) === row, 'removed span is not indexed')
    const chunk = this.#chunks[this.#chunk]!
    chunk.splice(this.#slot, 1)
    if (chunk.length === 0) this.#chunks.splice(this.#chunk, 1)
  }

  #key(row: number): number {
    return this.#spans.actor(row) * COUNTERS + this.#spans.counter(row)
  }

  /** The span behind the one of the last search. */
  #following(): number {
    return this.#chunks[this.#chunk]![this.#slot + 1] ?? this.#chunks[this.#chunk + 1]?.[0] ?? ROOT
  }
}
