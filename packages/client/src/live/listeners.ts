/** Who listens, and a value that stays the same object until something in it changes. */

export class Listeners<A extends readonly unknown[]> {
  readonly #all = new Set<(...args: A) => void>()

  add(listener: (...args: A) => void): () => void {
    // Of its own, so that one function may listen twice.
    const own = (...args: A): void => listener(...args)
    this.#all.add(own)
    return () => this.#all.delete(own)
  }

  /** What a listener throws is an unhandled rejection, and nobody else's concern. */
  tell(...args: A): void {
    for (const listener of [...this.#all]) {
      try {
        listener(...args)
      } catch (error) {
        void Promise.reject(error)
      }
    }
  }

  clear(): void {
    this.#all.clear()
  }
}

/** A status that is looked at now and then: those who listen are told once a turn, and only when it is another. */
export class Watched<T extends object> {
  readonly #read: () => T
  readonly #listeners = new Listeners<[]>()
  #last: T
  #told: T
  #scheduled = false

  constructor(read: () => T) {
    this.#read = read
    this.#last = read()
    this.#told = this.#last
  }

  get value(): T {
    const now = this.#read()
    if (!isSame(now, this.#last)) this.#last = now
    return this.#last
  }

  listen(listener: () => void): () => void {
    return this.#listeners.add(listener)
  }

  /** Something may have changed. */
  touch(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    void Promise.resolve().then(() => {
      this.#scheduled = false
      const { value } = this
      if (value === this.#told) return
      this.#told = value
      this.#listeners.tell()
    })
  }

  clear(): void {
    this.#listeners.clear()
  }
}

function isSame<T extends object>(a: T, b: T): boolean {
  for (const key of Object.keys(a) as (keyof T)[]) if (!Object.is(a[key], b[key])) return false
  return true
}
