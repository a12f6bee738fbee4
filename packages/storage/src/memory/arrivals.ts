import type { LogEntry } from '@joinery/sync'

/** An entry as a document's log and its tenant's order of arrival share it. */
export interface Arrival {
  readonly entry: LogEntry
  /** Set when compaction or the end of a life took the entry away. */
  gone: boolean
}

/** Entries of one tenant, ascending by position. */
export class Arrivals {
  #entries: Arrival[] = []
  #gone = 0

  push(arrival: Arrival): void {
    this.#entries.push(arrival)
  }

  /** Whether an entry stands at a position. */
  has(position: number): boolean {
    const [entry] = this.after(position - 1, 1)
    return entry?.position === position
  }

  /** An entry anywhere in the order: the last position need not be the largest. */
  insert(arrival: Arrival): void {
    this.#entries.splice(this.#firstAfter(arrival.entry.position), 0, arrival)
  }

  drop(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) arrival.gone = true
    this.#gone += arrivals.length
    // Swept only when half is gone: dropping then costs a constant per entry, and a page never walks far over the gone.
    if (this.#gone * 2 <= this.#entries.length) return
    this.#entries = this.#entries.filter((arrival) => !arrival.gone)
    this.#gone = 0
  }

  after(position: number, limit: number): LogEntry[] {
    const page: LogEntry[] = []
    for (let i = this.#firstAfter(position); i < this.#entries.length && page.length < limit; i += 1) {
      const arrival = this.#entries[i]!
      if (!arrival.gone) page.push(arrival.entry)
    }
    return page
  }

  /** Index of the first entry after a position. */
  #firstAfter(position: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle]!.entry.position <= position) low = middle + 1
      else high = middle
    }
    return low
  }
}
