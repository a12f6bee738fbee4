/**
 * A gap buffer: items in one block with the free space where the last edit was, so that edits near each other move next to
 * nothing (Finseth, "The craft of text editing", 1991). One class for UTF-16 units in a typed array and for values in a
 * plain one.
 */

/** What both kinds of block can do. */
export interface Block<V> {
  readonly length: number
  [index: number]: V
  copyWithin(target: number, start: number, end: number): unknown
}

export class GapBuffer<V, B extends Block<V>> {
  readonly #allocate: (length: number) => B
  #block: B
  #gap = 0
  #free: number

  constructor(allocate: (length: number) => B) {
    this.#allocate = allocate
    this.#block = allocate(16)
    this.#free = 16
  }

  get length(): number {
    return this.#block.length - this.#free
  }

  get block(): B {
    return this.#block
  }

  /** Makes room for `count` items at an index. Answers where in the block they are to be put. */
  insert(index: number, count: number): number {
    this.#moveGap(index)
    if (count > this.#free) this.#grow(count)
    const offset = this.#gap
    this.#gap += count
    this.#free -= count
    return offset
  }

  /** @param release called with the stretch of the block that is free now, so that references in it can be dropped. */
  delete(index: number, count: number, release?: (block: B, from: number, to: number) => void): void {
    this.#moveGap(index)
    const from = this.#gap + this.#free
    this.#free += count
    release?.(this.#block, from, from + count)
  }

  get(index: number): V {
    return this.#block[index < this.#gap ? index : index + this.#free] as V
  }

  /** The one or two stretches of the block that hold `from..to`. */
  stretches(from: number, to: number, visit: (block: B, start: number, end: number) => void): void {
    const gap = this.#gap
    if (from < gap) visit(this.#block, from, Math.min(to, gap))
    if (to > gap) visit(this.#block, Math.max(from, gap) + this.#free, to + this.#free)
  }

  /** Takes the items from an index on out, into a buffer of their own. */
  split(index: number, allocate: (length: number) => B): GapBuffer<V, B> {
    const rest = new GapBuffer<V, B>(allocate)
    const count = this.length - index
    this.#moveGap(index)
    const from = index + this.#free
    const offset = rest.insert(0, count)
    const { block } = rest
    for (let i = 0; i < count; i += 1) block[offset + i] = this.#block[from + i] as V
    const kept = allocate(index + 16)
    for (let i = 0; i < index; i += 1) kept[i] = this.#block[i] as V
    this.#block = kept
    this.#free = kept.length - index
    return rest
  }

  #moveGap(index: number): void {
    const gap = this.#gap
    if (index === gap) return
    const free = this.#free
    if (index < gap) move(this.#block, index + free, index, gap)
    else move(this.#block, gap, gap + free, index + free)
    this.#gap = index
  }

  #grow(count: number): void {
    const old = this.#block
    const gap = this.#gap
    const block = this.#allocate(Math.max(old.length * 2, this.length + count + 16))
    const added = block.length - old.length
    for (let i = 0; i < gap; i += 1) block[i] = old[i] as V
    for (let i = gap + this.#free; i < old.length; i += 1) block[i + added] = old[i] as V
    this.#block = block
    this.#free += added
  }
}

function move<V>(block: Block<V>, target: number, start: number, end: number): void {
  // Of plain arrays engines do what `copyWithin` says step by step, with a look-up for every index.
  if (!Array.isArray(block)) block.copyWithin(target, start, end)
  else if (target < start) for (let i = start; i < end; i += 1) block[target + i - start] = block[i]
  else for (let i = end - 1; i >= start; i -= 1) block[target + i - start] = block[i]
}
