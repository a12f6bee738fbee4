import type { ArchiveLimits } from './limits.ts'

/** What is done with one item, and about how much memory it holds meanwhile. */
export interface Work {
  readonly bytes: number
  readonly work: () => Promise<void>
}

/** Work under way, bounded in number and bytes. The first failure stops what comes after it. */
export class Flow {
  readonly #limits: Pick<ArchiveLimits, 'inFlightDocumentsMax' | 'inFlightBytesMax'>
  readonly #running = new Set<Promise<void>>()
  #bytes = 0
  #failure: { readonly error: unknown } | undefined

  constructor(limits: Pick<ArchiveLimits, 'inFlightDocumentsMax' | 'inFlightBytesMax'>) {
    this.#limits = limits
  }

  /** Works on all items side by side; what is begun is settled when it resolves or rejects. */
  async each<T>(items: AsyncIterable<T>, workOf: (item: T) => Work | undefined): Promise<void> {
    try {
      for await (const item of items) {
        const work = workOf(item)
        if (work) await this.#begin(work)
      }
    } finally {
      await Promise.all(this.#running)
    }
    this.#throwFailure()
  }

  /** Begins the work as soon as there is room for it. */
  async #begin({ bytes, work }: Work): Promise<void> {
    const { inFlightDocumentsMax, inFlightBytesMax } = this.#limits
    const isFull = () => this.#running.size >= inFlightDocumentsMax || this.#bytes + bytes > inFlightBytesMax
    while (this.#running.size > 0 && isFull()) await Promise.race(this.#running)
    this.#throwFailure()
    this.#bytes += bytes
    const done = work()
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#bytes -= bytes
        this.#running.delete(done)
      })
    this.#running.add(done)
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error
  }
}
