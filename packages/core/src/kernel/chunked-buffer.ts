/**
 * Content of any length as a row of gap buffers: an edit moves what is in one of them, wherever it is, so of a million items an edit
 * anywhere costs what it does of some thousands. Where the last edit or look was is remembered: what comes next is mostly near.
 *
 * Cost: O(chunk) for an edit, and O(chunks) of steps from the place before; short content is one chunk.
 */
import { type Block, GapBuffer } from './gap-buffer.ts'

/** Puts items into a block from an offset on: so many of those to be inserted, from which one on. */
export type Put<B> = (block: B, offset: number, from: number, count: number) => void

export class ChunkedBuffer<V, B extends Block<V>> {
  readonly #allocate: (length: number) => B
  readonly #chunkMax: number
  #chunks: GapBuffer<V, B>[]
  #length = 0
  /** The chunk that was looked at last, and the items before it. */
  #at = 0
  #start = 0

  /** @param chunkMax items of a chunk. */
  constructor(chunkMax: number, allocate: (length: number) => B) {
    this.#allocate = allocate
    this.#chunkMax = chunkMax
    this.#chunks = [new GapBuffer<V, B>(allocate)]
  }

  get length(): number {
    return this.#length
  }

  insert(index: number, count: number, put: Put<B>): void {
    const chunk = this.#seek(index)
    this.#length += count
    if (chunk.length + count > this.#chunkMax) {
      this.#insertLarge(index, count, put)
      return
    }
    const offset = chunk.insert(index - this.#start, count)
    put(chunk.block, offset, 0, count)
  }

  /** Inserts what the chunk at hand has no room for. */
  #insertLarge(index: number, count: number, put: Put<B>): void {
    this.#makeRoom(index, count)
    for (let from = 0; ; ) {
      const chunk = this.#chunks[this.#at] as GapBuffer<V, B>
      const size = Math.min(count - from, this.#chunkMax - chunk.length)
      const offset = chunk.insert(index + from - this.#start, size)
      put(chunk.block, offset, from, size)
      from += size
      if (from === count) return
      this.#start += chunk.length
      this.#at += 1
    }
  }

  /** @param release called with the stretch of the block that is free now, so that references in it can be dropped. */
  delete(index: number, count: number, release?: (block: B, from: number, to: number) => void): void {
    for (let left = count; left > 0; ) {
      const chunk = this.#seek(index)
      const offset = index - this.#start
      const size = Math.min(left, chunk.length - offset)
      chunk.delete(offset, size, release)
      left -= size
      this.#length -= size
      if (chunk.length === 0 && this.#chunks.length > 1) this.#drop()
    }
  }

  get(index: number): V {
    return this.#seek(index).get(index - this.#start)
  }

  /** The stretches of blocks that hold `from..to`. */
  stretches(from: number, to: number, visit: (block: B, start: number, end: number) => void): void {
    for (let index = from; index < to; ) {
      const chunk = this.#seek(index)
      const end = Math.min(to, this.#start + chunk.length)
      chunk.stretches(index - this.#start, end - this.#start, visit)
      index = end
    }
  }

  clear(): void {
    this.#chunks = [new GapBuffer<V, B>(this.#allocate)]
    this.#length = 0
    this.#at = 0
    this.#start = 0
  }

  /** The chunk that holds an index; for the one behind the last item the last chunk. */
  #seek(index: number): GapBuffer<V, B> {
    const chunks = this.#chunks
    let chunk = chunks[this.#at] as GapBuffer<V, B>
    while (index < this.#start) {
      this.#at -= 1
      chunk = chunks[this.#at] as GapBuffer<V, B>
      this.#start -= chunk.length
    }
    while (index >= this.#start + chunk.length && this.#at + 1 < chunks.length) {
      this.#start += chunk.length
      this.#at += 1
      chunk = chunks[this.#at] as GapBuffer<V, B>
    }
    return chunk
  }

  /** Cuts the chunk at hand, and stands at the first one that items for an index go into; what does not fit goes into those behind. */
  #makeRoom(index: number, count: number): void {
    const chunk = this.#chunks[this.#at] as GapBuffer<V, B>
    const offset = index - this.#start
    const half = chunk.length >>> 1
    if (count <= half && offset < chunk.length) {
      this.#chunks.splice(this.#at + 1, 0, chunk.split(half, this.#allocate))
      if (offset > half) {
        this.#start += half
        this.#at += 1
      }
      return
    }
    const made: GapBuffer<V, B>[] = []
    const rest = count - (this.#chunkMax - offset)
    for (let left = rest; left > 0; left -= this.#chunkMax) made.push(new GapBuffer<V, B>(this.#allocate))
    if (offset < chunk.length) made.push(chunk.split(offset, this.#allocate))
    this.#chunks.splice(this.#at + 1, 0, ...made)
  }

  /** Takes out the chunk at hand, which is empty. */
  #drop(): void {
    this.#chunks.splice(this.#at, 1)
    if (this.#at < this.#chunks.length) return
    this.#at -= 1
    this.#start -= (this.#chunks[this.#at] as GapBuffer<V, B>).length
  }
}
