/**
 * How long a member that does not answer is given to be heard of: long while one node alone doubts it, shorter with each that does,
 * too.
 */
import type { NodeId } from '../ports.ts'

/** With so many others who doubt, the time is the shortest. */
const CONFIRMATIONS = 3
/** The longest time is so many times the shortest. */
const LONGEST = 6

export class Suspicion {
  readonly #startMs: number
  readonly #shortestMs: number
  readonly #others = new Set<NodeId>()

  /** @param members how many there are: news takes longer among many. */
  constructor(startMs: number, probeMs: number, members: number) {
    this.#startMs = startMs
    this.#shortestMs = 4 * Math.max(1, Math.log10(Math.max(1, members))) * probeMs
  }

  confirm(by: NodeId): void {
    if (this.#others.size < CONFIRMATIONS) this.#others.add(by)
  }

  /** When the member is given up. */
  get endMs(): number {
    const share = Math.log(this.#others.size + 1) / Math.log(CONFIRMATIONS + 1)
    const longest = LONGEST * this.#shortestMs
    return this.#startMs + longest - share * (longest - this.#shortestMs)
  }
}
