/**
 * How well this node itself is doing (Lifeguard: Dadgar, Phillips, Currey, 2018): one that is slow, and therefore misses answers,
 * trusts its own doubts about others less.
 */
const WORST = 8

export class Awareness {
  #score = 0

  /** Times are to be taken so many times as long. */
  get factor(): number {
    return 1 + this.#score
  }

  /** An answer came in time. */
  well(): void {
    this.#score = Math.max(0, this.#score - 1)
  }

  /** An answer did not come, or somebody doubted this node. */
  badly(): void {
    this.#score = Math.min(WORST, this.#score + 1)
  }
}
