/** How long it is to the next comparison: twice as long after each that found nothing, and short again after any difference. */
import type { Context } from '../context.ts'

/** So many find nothing before the time grows: whoever has the last news meets others who lack it. */
const EQUALS_MIN = 3

export class Interval {
  readonly #context: Context
  #ms: number
  /** Comparisons in a row that found nothing. */
  #equals = 0
  dueMs = 0

  constructor(context: Context) {
    this.#context = context
    this.#ms = context.limits.antiEntropyMinMs
  }

  /** The first comparison is spread over the shortest interval. */
  start(): void {
    this.dueMs = this.#context.nowMs + this.#context.options.random(this.#ms)
  }

  /** A comparison was begun. */
  next(): void {
    this.dueMs = this.#context.nowMs + this.#context.jitter(this.#ms)
  }

  /** It found nothing. Where no answer came nobody knows, and the time stays as it is. */
  equal(): void {
    this.#equals += 1
    if (this.#equals <= EQUALS_MIN) return
    this.#ms = Math.min(2 * this.#ms, this.#context.limits.antiEntropyMaxMs)
  }

  /** Something is new, or differs. */
  reset(): void {
    const { antiEntropyMinMs } = this.#context.limits
    this.#ms = antiEntropyMinMs
    this.#equals = 0
    this.dueMs = Math.min(this.dueMs, this.#context.nowMs + this.#context.jitter(antiEntropyMinMs))
  }
}
