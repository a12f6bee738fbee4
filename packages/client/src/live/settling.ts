/** Who waits until what was changed here is stored at the server. */
interface Waiter {
  readonly order: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class Settling {
  #waiting: Waiter[] = []

  /** Resolves when a change, and all before it, are stored; at once without one. */
  until(order: number | undefined): Promise<void> {
    if (order === undefined) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ order, resolve, reject }))
  }

  /** @param oldest the oldest change that is not stored; undefined when all are. */
  settle(oldest: number | undefined): void {
    if (this.#waiting.length === 0) return
    const done = this.#waiting.filter(({ order }) => oldest === undefined || order < oldest)
    this.#waiting = this.#waiting.filter(({ order }) => oldest !== undefined && order >= oldest)
    for (const { resolve } of done) resolve()
  }

  reject(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}
