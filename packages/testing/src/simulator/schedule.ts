/** Beyond this something asks for itself again and again. */
const AT_ONCE_MAX = 100_000

/** Virtual time: things happen in the order of their times, and at one time in the order in which they were planned. */
export class Schedule {
  nowMs = 0
  readonly #heap: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = []
  #order = 0
  /** Things that happened at this very time. */
  #standing = 0

  get isEmpty(): boolean {
    return this.#heap.length === 0
  }

  after(ms: number, run: () => void): void {
    this.at(this.nowMs + ms, run)
  }

  at(atMs: number, run: () => void): void {
    const heap = this.#heap
    this.#order += 1
    const entry = { atMs: Math.max(atMs, this.nowMs), order: this.#order, run }
    let i = heap.push(entry) - 1
    for (; i > 0; ) {
      const parent = (i - 1) >> 1
      const above = heap[parent] as typeof entry
      if (!isBefore(entry, above)) break
      heap[i] = above
      i = parent
    }
    heap[i] = entry
  }

  /** Lets everything happen that is due by a time. Answers how many things happened. */
  runUntil(endMs: number): number {
    let count = 0
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= endMs; first = this.#heap[0]) {
      this.#removeFirst()
      this.#standing = first.atMs > this.nowMs ? 0 : this.#standing + 1
      if (this.#standing > AT_ONCE_MAX) throw new Error(`time stands still at ${this.nowMs} ms`)
      this.nowMs = first.atMs
      first.run()
      count += 1
    }
    this.nowMs = Math.max(this.nowMs, endMs)
    return count
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      const right = heap[child + 1]
      if (right !== undefined && isBefore(right, heap[child] as typeof right)) child += 1
      const least = heap[child]
      if (least === undefined || !isBefore(least, last)) break
      heap[i] = least
      i = child
    }
    heap[i] = last
  }
}

interface Planned {
  readonly atMs: number
  readonly order: number
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
