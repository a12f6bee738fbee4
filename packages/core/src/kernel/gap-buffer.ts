/**
 * A gap buffer: items in one block with the free space where the last edit was, so that edits near each other move next to
 * nothing (Finseth, "The craft of text editing", 1991). One class for UTF-16 units in a typed array and for values in a
 * plain one.
 */

/** What both kinds of block can do. */
export interface Block<V> {
  readonly length: number
  [index: number]: V
}

/** How blocks are made, and how a stretch of one is moved: `copyWithin` where that is fast. */
export interface Blocks<B> {
  allocate(length: number): B
  move(block: B, target: number, start: number, end: number): void
}

/** Plain arrays, in which engines do what `copyWithin` says step by step, with a look-up for every index. */
export function arrayBlocks<V>(fill: V): Blocks<V[]> {
  return {
    allocate: (length) => new Array<V>(length).fill(fill),
    move(block, target, start, end) {
      if (target < start) for (let i = start; i < end; i += 1) block[target + i - start] = block[i] as V
      else for (let i = end - 1; i >= start; i -= 1) block[target + i - start] = block[i] as V
    },
  }
}

export class GapBuffer<V, B extends Block<V>> {
  readonly #blocks: Blocks<B>
  #block: B
  #gap = 0
  #free: number

  constructor(blocks: Blocks<B>) {
    this.#blocks = blocks
    this.#block = blocks.allocate(16)
    this.#free = 16
  }

  get length(): number {
    return this.#block.length - this.#free
  }

  /** Makes room for `count` items at an index; `put` fills the block from the offset it is told. */
  insert(index: number, count: number, put: (block: B, offset: number) => void): void {
    this.#moveGap(index)
    if (count > this.#free) this.#grow(count)
    put(this.#block, this.#gap)
    this.#gap += count
    this.#free -= count
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

  clear(): void {
    this.#block = this.#blocks.allocate(16)
    this.#gap = 0
    this.#free = 16
  }

  #moveGap(index: number): void {
    const gap = this.#gap
    if (index === gap) return
    const free = this.#free
    if (index < gap) this.#blocks.move(this.#block, index + free, index, gap)
    else this.#blocks.move(this.#block, gap, gap + free, index + free)
    this.#gap = index
  }

  #grow(count: number): void {
    const length = this.length
    const old = this.#block
    const block = this.#blocks.allocate(Math.max(old.length * 2, length + count + 16))
    const gap = this.#gap
    for (let i = 0; i < gap; i += 1) block[i] = old[i] as V
    const tail = length - gap
    for (let i = 0; i < tail; i += 1) block[block.length - tail + i] = old[old.length - tail + i] as V
    this.#block = block
    this.#free = block.length - length
  }
}
