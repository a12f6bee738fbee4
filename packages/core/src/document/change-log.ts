/**
 * The changes of a document in the order in which they were applied, which is a causal order. Their bytes stand one behind the
 * other in slabs, because a buffer of its own would cost more than most changes do; what is handed out is a view.
 */
import { Writer } from '../codec/writer.ts'
import { firstWhere } from '../search.ts'

/** Slabs grow with the document, up to a size at which a view that somebody keeps does not keep much else. */
const SLAB_BYTES_MIN = 256
const SLAB_BYTES_MAX = 65_536
const ENTRIES_MIN = 16

export class ChangeLog {
  /** Where the next change is written, or copied to. */
  #writer: Writer = new Writer(SLAB_BYTES_MIN)
  /** How much of it was taken in. */
  #taken = 0
  #slabs: Uint8Array[] = []
  #count = 0
  #byteLength = 0
  #slabOf = new Int32Array(ENTRIES_MIN)
  #starts = new Int32Array(ENTRIES_MIN)
  #ends = new Int32Array(ENTRIES_MIN)
  #actors = new Int32Array(ENTRIES_MIN)
  /** The last dot of each change. */
  #lasts = new Uint32Array(ENTRIES_MIN)
  /** Per actor the indices of its changes, as far as anybody asked. */
  #byActor: number[][] = []
  #indexed = 0

  get count(): number {
    return this.#count
  }

  get byteLength(): number {
    return this.#byteLength
  }

  /** Where to write the next change; ends with `append` or `abandon`. */
  begin(): Writer {
    const { bytes, length } = this.#writer
    // A slab is left when its last quarter begins, so that most changes fit without growing it.
    if (length > bytes.length * 0.75) {
      this.#writer = new Writer(Math.min(SLAB_BYTES_MAX, 2 * bytes.length))
      this.#taken = 0
    }
    return this.#writer
  }

  /** Takes in what was written from a place in the writer on. */
  append(from: number, actor: number, last: number): void {
    const { bytes, length } = this.#writer
    this.#taken = length
    this.adopt(bytes, from, length, actor, last)
  }

  /** Takes in a part of bytes that nobody changes any more, without copying it. */
  adopt(slab: Uint8Array, from: number, to: number, actor: number, last: number): void {
    const index = this.#count
    if (index === this.#starts.length) this.#grow()
    this.#count += 1
    if (this.#slabs[this.#slabs.length - 1] !== slab) this.#slabs.push(slab)
    this.#slabOf[index] = this.#slabs.length - 1
    this.#starts[index] = from
    this.#ends[index] = to
    this.#actors[index] = actor
    this.#lasts[index] = last
    this.#byteLength += to - from
  }

  /** Only the first bytes of what was adopted last are of changes that were taken in. */
  cutLast(slab: Uint8Array, length: number): void {
    const last = this.#slabs.length - 1
    if (this.#slabs[last] === slab) this.#slabs[last] = slab.slice(0, length)
  }

  /** Takes back what was written behind the last change. */
  abandon(): void {
    this.#writer.length = this.#taken
  }

  /** A change. Not a copy: it shares its buffer with others. */
  bytes(index: number): Uint8Array {
    const slab = this.#slabs[this.#slabOf[index] as number] as Uint8Array
    return slab.subarray(this.#starts[index], this.#ends[index])
  }

  /** The change of an actor that ends with a dot; undefined when the log does not reach it. O(log n). */
  find(actor: number, last: number): Uint8Array | undefined {
    for (; this.#indexed < this.#count; this.#indexed += 1) {
      const by = this.#actors[this.#indexed] as number
      const own = this.#byActor[by]
      if (own === undefined) this.#byActor[by] = [this.#indexed]
      else own.push(this.#indexed)
    }
    const own = this.#byActor[actor] ?? []
    const index = own[firstWhere(own.length, (i) => (this.#lasts[own[i] as number] as number) >= last)]
    return index === undefined || this.#lasts[index] !== last ? undefined : this.bytes(index)
  }

  /** The changes of which a reader lacks the last dot, in causal order. */
  select(lacks: (actor: number, last: number) => boolean): Uint8Array[] {
    const selected: Uint8Array[] = []
    for (let i = 0; i < this.#count; i += 1) {
      if (lacks(this.#actors[i] as number, this.#lasts[i] as number)) selected.push(this.bytes(i))
    }
    return selected
  }

  /** Drops all but the first changes. */
  truncate(count: number): void {
    for (let i = count; i < this.#count; i += 1)
      this.#byteLength -= (this.#ends[i] as number) - (this.#starts[i] as number)
    this.#count = count
    // Not kept for what is dropped: who sends many bundles that are refused must not fill the memory.
    this.#slabs.length = count === 0 ? 0 : (this.#slabOf[count - 1] as number) + 1
    this.#byActor = []
    this.#indexed = 0
  }

  clear(): void {
    this.#writer = new Writer(SLAB_BYTES_MIN)
    this.#taken = 0
    this.#slabs = []
    this.#count = 0
    this.#byteLength = 0
    this.#byActor = []
    this.#indexed = 0
  }

  #grow(): void {
    this.#slabOf = doubled(this.#slabOf, Int32Array)
    this.#starts = doubled(this.#starts, Int32Array)
    this.#ends = doubled(this.#ends, Int32Array)
    this.#actors = doubled(this.#actors, Int32Array)
    this.#lasts = doubled(this.#lasts, Uint32Array)
  }
}

function doubled<A extends Uint32Array | Int32Array>(array: A, Kind: new (length: number) => A): A {
  const copy = new Kind(2 * array.length)
  copy.set(array)
  return copy
}
