import type { Database } from './database.ts'

type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/**
 * Writes that are stored together. Each sees the writes before it, as if they were stored already; one that fails leaves
 * nothing behind.
 */
export class Batch {
  readonly #database: Database
  readonly #kept = new Map<string, Operation>()
  #current = new Map<string, Operation>()

  constructor(database: Database) {
    this.#database = database
  }

  get(key: string): Uint8Array | undefined {
    const operation = this.#current.get(key) ?? this.#kept.get(key)
    if (!operation) return this.#database.getSync(key)
    return operation.type === 'put' ? operation.value : undefined
  }

  put(key: string, value: Uint8Array): void {
    this.#current.set(key, { type: 'put', key, value })
  }

  del(key: string): void {
    this.#current.set(key, { type: 'del', key })
  }

  /** Ends one write, which becomes part of the batch. */
  keep(): void {
    for (const [key, operation] of this.#current) this.#kept.set(key, operation)
    this.#current = new Map()
  }

  /** Ends one write, of which nothing remains. */
  discard(): void {
    this.#current = new Map()
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0
  }

  /** Stores the batch; resolves when it is durable. */
  store(): Promise<void> {
    return this.#database.batch([...this.#kept.values()], { sync: true })
  }
}
