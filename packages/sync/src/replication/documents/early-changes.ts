/**
 * Changes that came before what they follow, by their dots, as the document itself keeps them. What all documents keep of them together
 * is bounded: whoever sends changes that follow nothing that anybody has must not fill the memory with them.
 */
import type { Via } from './life.ts'

export interface EarlyChange {
  readonly bytes: Uint8Array
  readonly via: Via | undefined
}

/** What is kept over all documents. */
export interface EarlyBytes {
  sum: number
  readonly max: number
}

export class EarlyChanges {
  readonly #byDots = new Map<string, EarlyChange>()
  readonly #all: EarlyBytes

  constructor(all: EarlyBytes) {
    this.#all = all
  }

  get size(): number {
    return this.#byDots.size
  }

  /** Whether there is room for so many bytes, over all documents. */
  hasRoom(bytes: number): boolean {
    return this.#all.sum + bytes <= this.#all.max
  }

  get(dots: string): EarlyChange | undefined {
    return this.#byDots.get(dots)
  }

  set(dots: string, change: EarlyChange): void {
    this.delete(dots)
    this.#byDots.set(dots, change)
    this.#all.sum += change.bytes.length
  }

  delete(dots: string): void {
    this.#all.sum -= this.#byDots.get(dots)?.bytes.length ?? 0
    this.#byDots.delete(dots)
  }

  clear(): void {
    for (const dots of [...this.#byDots.keys()]) this.delete(dots)
  }

  entries(): IterableIterator<[string, EarlyChange]> {
    return this.#byDots.entries()
  }
}
