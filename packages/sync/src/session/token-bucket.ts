/** So many at once, and then so many a second: what comes faster is told when there will be room. */
export class TokenBucket {
  readonly #perSecond: number
  readonly #creditMax: number
  /** Thousandths of tokens: whole numbers, so that time never falls short by a rounding. */
  #credit: number
  #atMs: number

  /** @param burst how many may come at once, after a rest. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#creditMax = burst * TOKEN
    this.#credit = this.#creditMax
    this.#atMs = nowMs
  }

  /** Takes a token. Answers 0, or the milliseconds until there is one: then none was taken. */
  take(nowMs: number): number {
    // A clock that was set back gives nothing, and takes nothing.
    const passedMs = Math.max(0, nowMs - this.#atMs)
    this.#atMs = nowMs
    this.#credit = Math.min(this.#creditMax, this.#credit + passedMs * this.#perSecond)
    if (this.#credit < TOKEN) return Math.ceil((TOKEN - this.#credit) / this.#perSecond)
    this.#credit -= TOKEN
    return 0
  }

  /** Takes so many tokens whether they are there or not: what comes next waits for them. */
  spend(tokens: number): void {
    this.#credit -= Math.ceil(tokens * TOKEN)
  }
}

/** What a token costs: a rate of one a second earns it in as many milliseconds. */
const TOKEN = 1000
