/** Lines: tasks that share a name wait for each other. */
import type { DocumentKey } from '@joinery/sync'

/** Runs tasks that share a name one after the other, and others side by side. */
export class Lines {
  readonly #tails = new Map<string, Promise<unknown>>()
  #tasks = 0

  /** Tasks that wait or run. */
  get tasks(): number {
    return this.#tasks
  }

  /** Runs a task when all earlier ones of this name have ended, whether or not they failed. */
  run<R>(name: string, task: () => Promise<R>): Promise<R> {
    const before = this.#tails.get(name) ?? Promise.resolve()
    const result = before.then(task, task)
    this.#tasks += 1
    const tail = result.then(
      () => undefined,
      () => undefined,
    )
    this.#tails.set(name, tail)
    void tail.then(() => {
      this.#tasks -= 1
      // Only the last in line may remove the name: others still wait behind it.
      if (this.#tails.get(name) === tail) this.#tails.delete(name)
    })
    return result
  }

  /** Waits until nothing runs. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values())
  }
}

/** The name of a document's line. */
export function lineOf({ tenant, id }: DocumentKey): string {
  return JSON.stringify(['document', tenant, id])
}
