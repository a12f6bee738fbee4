/**
 * The changes of a document in the order in which they were applied, which is a causal order. Their bytes stand one behind the
 * other in one growing block, because a buffer of its own would cost more than most changes do; what is handed out is a view.
 */
import { Writer } from '../codec/writer.ts'
import { firstWhere } from '../search.ts'

const BYTES_MIN = 256
const ENTRIES_MIN = 16

export class ChangeLog {
  /** Where the next change is written, or copied to. */
  writer: Writer = new Writer(BYTES_MIN)
  #count = 0
  /** Where each change begins; the one behind the last says where that ends. */
  #starts = new Uint32Array(ENTRIES_MIN)
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
    return this.writer.length
  }

  /** Takes in what was written behind the last change. */
  append(actor: number, last: number): void {
    const index = this.#count
    this.#count += 1
    if (this.#count === this.#starts.length) this.#grow()
    this.#actors[index] = actor
    this.#lasts[index] = last
    this.#starts[this.#count] = this.writer.length
  }

  /** Takes back what was written behind the last change. */
  abandon(): void {
    this.writer.length = this.#starts[this.#count] as number
  }

  /** A change. Not a copy: it shares its buffer with others. */
  bytes(index: number): Uint8Array {
    return this.writer.bytes.subarray(this.#starts[index], this.#starts[index + 1])
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
    this.#count = count
    this.abandon()
    this.#byActor = []
    this.#indexed = 0
  }

  clear(): void {
    this.writer = new Writer(BYTES_MIN)
    this.#count = 0
    this.#byActor = []
    this.#indexed = 0
  }

  #grow(): void {
    this.#starts = doubled(this.#starts, Uint32Array)
    this.#actors = doubled(this.#actors, Int32Array)
    this.#lasts = doubled(this.#lasts, Uint32Array)
  }
}

function doubled<A extends Uint32Array | Int32Array>(array: A, Kind: new (length: number) => A): A {
  const copy = new Kind(2 * array.length)
  copy.set(array)
  return copy
}
