/** Counts what was tried, for the line that each suite prints when it has passed. */
export class Inventory {
  readonly #name: string
  readonly #counts = new Map<string, number>()

  constructor(name: string) {
    this.#name = name
  }

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
  }

  line(): string {
    const counts = [...this.#counts].map(([what, count]) => `${count} ${what}`)
    return `inventory ${this.#name}: ${counts.join(', ')}`
  }
}
