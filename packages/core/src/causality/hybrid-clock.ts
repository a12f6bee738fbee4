/**
 * A hybrid logical clock (Kulkarni et al., 2014) in one safe integer: microseconds of the wall clock, or one more than the
 * last time where the wall clock has not moved on. Times are therefore close to real time, never repeat, and follow
 * causality: after `observe(t)` every `now()` is larger than `t`.
 *
 * A time further ahead than the drift bound is not believed: the clock does not move for it, so that one broken clock cannot
 * drag the others along. Whether a change with such a time is admitted is decided once, by admission, not here.
 */
import * as limits from '../limits.ts'

export interface HybridClockOptions {
  /** The last time given out before a restart, in microseconds, so that times do not step back. */
  readonly lastMicros?: number
  /** Default `limits.clockDriftMsMax`. */
  readonly driftMsMax?: number
}

export class HybridClock {
  readonly #wallMs: () => number
  readonly #driftMicrosMax: number
  #last: number

  /** @param wallMs the wall clock, in milliseconds since 1970, fractions allowed. */
  constructor(wallMs: () => number, options: HybridClockOptions = {}) {
    this.#wallMs = wallMs
    this.#last = options.lastMicros ?? 0
    this.#driftMicrosMax = (options.driftMsMax ?? limits.clockDriftMsMax) * 1000
  }

  /** Wall-clock time in microseconds, whatever was given out. */
  wallMicros(): number {
    return Math.floor(this.#wallMs() * 1000)
  }

  /** A new time in microseconds, larger than all before. */
  now(): number {
    const wall = this.wallMicros()
    this.#last = wall > this.#last ? wall : this.#last + 1
    return this.#last
  }

  /** The last time given out or believed, in microseconds. */
  get lastMicros(): number {
    return this.#last
  }

  /** True for a time that is not further ahead than the drift bound. */
  believes(micros: number): boolean {
    return micros <= this.wallMicros() + this.#driftMicrosMax
  }

  /** Takes note of a time from elsewhere, if it can be believed. */
  observe(micros: number): void {
    if (micros > this.#last && this.believes(micros)) this.#last = micros
  }
}
