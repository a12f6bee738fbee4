/** Things to do at their times: a binary heap, so that many may wait. */
export class Timers<T> {
  readonly #heap: { readonly atMs: number; readonly order: number; readonly task: T }[] = []
  #order = 0

  /** When the next thing is due. */
  get dueMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  add(atMs: number, task: T): void {
    const heap = this.#heap
    this.#order += 1
    heap.push({ atMs, order: this.#order, task })
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1
      if (!this.#isBefore(i, parent)) return
      this.#swap(i, parent)
      i = parent
    }
  }

  /** Takes out the next thing that is due. */
  take(nowMs: number): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined || first.atMs > nowMs) return undefined
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) {
      heap[0] = last
      this.#sink()
    }
    return first.task
  }

  #sink(): void {
    const { length } = this.#heap
    for (let i = 0; ; ) {
      const left = 2 * i + 1
      const right = left + 1
      let least = i
      if (left < length && this.#isBefore(left, least)) least = left
      if (right < length && this.#isBefore(right, least)) least = right
      if (least === i) return
      this.#swap(i, least)
      i = least
    }
  }

  #isBefore(a: number, b: number): boolean {
    const one = this.#heap[a] as { atMs: number; order: number }
    const other = this.#heap[b] as { atMs: number; order: number }
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const one = heap[a] as (typeof heap)[number]
    heap[a] = heap[b] as (typeof heap)[number]
    heap[b] = one
  }
}
