/** Who waits for a document to be known, and for what was changed in it to be stored. */
export class Waiters<D> {
  #opened: { readonly resolve: (doc: D) => void; readonly reject: (error: Error) => void }[] = []
  #saved: { readonly last: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []

  opened(): Promise<D> {
    return new Promise((resolve, reject) => this.#opened.push({ resolve, reject }))
  }

  /** Until the own dot is stored. */
  saved(last: number): Promise<void> {
    return new Promise((resolve, reject) => this.#saved.push({ last, resolve, reject }))
  }

  open(doc: D): void {
    for (const { resolve } of this.#opened.splice(0)) resolve(doc)
  }

  /** Everything up to this dot is stored. */
  store(through: number): void {
    const done = this.#saved.filter(({ last }) => last <= through)
    if (done.length === 0) return
    this.#saved = this.#saved.filter(({ last }) => last > through)
    for (const { resolve } of done) resolve()
  }

  fail(error: Error): void {
    for (const { reject } of this.#saved.splice(0)) reject(error)
    for (const { reject } of this.#opened.splice(0)) reject(error)
  }
}
