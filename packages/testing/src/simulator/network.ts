/** A seeded network between nodes: what is sent is delayed, lost, doubled, overtaken or cut off, as its faults say. */
import type { SeededRandom } from '../random.ts'
import type { Schedule } from './schedule.ts'

export interface NetworkFaults {
  /** Share of messages lost, each by itself. */
  loss: number
  /** Share of links that are in a bad moment, in which nearly everything is lost (Gilbert and Elliott). */
  bursts: number
  /** Share of messages that arrive twice. */
  duplication: number
  /** Share of messages held back by up to five seconds. */
  lateness: number
  readonly delayMs: { readonly min: number; readonly max: number }
}

/** What is lost in a bad moment. */
const BURST_LOSS = 0.95
/** A bad moment lasts for so many messages on average. */
const BURST_LENGTH = 8
const LATE_MS = 5000

export class Network {
  readonly faults: NetworkFaults
  readonly #schedule: Schedule
  readonly #random: SeededRandom
  readonly #deliver: (from: string, to: string, bytes: Uint8Array) => void
  /** Links that carry nothing, `from>to`. */
  readonly #cuts = new Set<string>()
  readonly #bad = new Set<string>()
  readonly counted: { messages: number; bytes: number; lost: number; delivered: number } = {
    messages: 0,
    bytes: 0,
    lost: 0,
    delivered: 0,
  }

  constructor(
    schedule: Schedule,
    random: SeededRandom,
    options: {
      readonly faults: NetworkFaults
      readonly deliver: (from: string, to: string, bytes: Uint8Array) => void
    },
  ) {
    this.#schedule = schedule
    this.#random = random
    this.faults = options.faults
    this.#deliver = options.deliver
  }

  /** One direction of a link. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`)
  }

  mend(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`)
  }

  /** All links as they should be. */
  heal(): void {
    this.#cuts.clear()
    this.#bad.clear()
    Object.assign(this.faults, { loss: 0, bursts: 0, duplication: 0, lateness: 0 })
  }

  send(from: string, to: string, bytes: Uint8Array): void {
    this.counted.messages += 1
    this.counted.bytes += bytes.length
    const { duplication } = this.faults
    const copies = this.#chance(duplication) ? 2 : 1
    for (let i = 0; i < copies; i += 1) this.#sendOne(from, to, bytes)
  }

  #sendOne(from: string, to: string, bytes: Uint8Array): void {
    const link = `${from}>${to}`
    if (this.#cuts.has(link) || this.#isLost(link)) {
      this.counted.lost += 1
      return
    }
    this.#schedule.after(this.#delay(), () => {
      // A cut stops what is under way, too.
      if (this.#cuts.has(link)) return
      this.counted.delivered += 1
      this.#deliver(from, to, bytes)
    })
  }

  #isLost(link: string): boolean {
    const { loss, bursts } = this.faults
    if (bursts > 0) {
      const bad = this.#bad.has(link)
      const turns = bad ? 1 / BURST_LENGTH : bursts / (BURST_LENGTH * (1 - bursts))
      if (this.#chance(turns)) {
        if (bad) this.#bad.delete(link)
        else this.#bad.add(link)
      }
      if (this.#bad.has(link)) return this.#chance(BURST_LOSS)
    }
    return this.#chance(loss)
  }

  #delay(): number {
    const { delayMs, lateness } = this.faults
    const usual = delayMs.min + this.#random.below(delayMs.max - delayMs.min + 1)
    return this.#chance(lateness) ? usual + this.#random.below(LATE_MS) : usual
  }

  #chance(share: number): boolean {
    return share > 0 && this.#random.below(1_000_000) < share * 1_000_000
  }
}
