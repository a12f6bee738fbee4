/** What this tab changed and the leading tab has not said to be durable. */
import type { Keeper } from '../live/kept.ts'
import { nameOf, type OwnChange } from '../live/life.ts'

export class HandIn implements Keeper {
  readonly #send: (changes: readonly Uint8Array[]) => void
  readonly #waiting = new Map<string, { readonly own: OwnChange; readonly done: () => void }>()
  #unsent: Uint8Array[] = []
  #wakeUp: (() => void)[] = []

  /** @param send takes what was changed in a turn. */
  constructor(send: (changes: readonly Uint8Array[]) => void) {
    this.#send = send
  }

  get bytes(): readonly Uint8Array[] {
    return [...this.#waiting.values()].map(({ own }) => own.bytes)
  }

  append(own: OwnChange): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(nameOf(own), { own, done: resolve })
      if (this.#unsent.length === 0) queueMicrotask(() => this.#send(this.#unsent.splice(0)))
      this.#unsent.push(own.bytes)
    })
  }

  release(): ReturnType<Keeper['release']> {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.wake()
    return waiting
  }

  /** These are durable. */
  settle(names: readonly string[]): void {
    for (const name of names) {
      this.#waiting.get(name)?.done()
      this.#waiting.delete(name)
    }
    this.wake()
  }

  /** Nobody waits for these any more. */
  giveUp(): void {
    this.settle([...this.#waiting.keys()])
  }

  /** Who waits looks again. */
  wake(): void {
    for (const run of this.#wakeUp.splice(0)) run()
  }

  /** Resolves when a condition holds, which is looked at after each piece of news. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#wakeUp.push(resolve))
  }

  /** Resolves when nothing waits. */
  empty(): Promise<void> {
    return this.until(() => this.#waiting.size === 0)
  }
}
