/**
 * Reads what `Writer` writes and trusts none of it: every length is checked before anything is allocated, and only the one
 * shortest form of an integer is accepted. Errors carry the position.
 */
import { refuse } from '../errors.ts'
import { readUtf8 } from './utf8.ts'

/** One kind of bytes everywhere: a `Buffer` copies nothing when it is sliced, and whoever handed it in may use it again. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

export class Reader {
  bytes: Uint8Array
  at: number
  end: number

  constructor(bytes: Uint8Array, from = 0, to: number = bytes.length) {
    this.bytes = plainBytes(bytes)
    this.at = from
    this.end = to
  }

  /** Begins to read something else. */
  restart(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes
    this.at = from
    this.end = to
  }

  get remaining(): number {
    return this.end - this.at
  }

  /** @param what in one of few words, which all decoders share: the byte says where, `docs/FORMAT.md` what would be right. */
  invalid(what: string): never {
    return refuse('CORE_DECODE_INVALID', `${what} at byte ${this.at}`)
  }

  #need(count: number): void {
    if (count > this.end - this.at) {
      refuse('CORE_DECODE_TRUNCATED', `${count} bytes wanted at byte ${this.at}`)
    }
  }

  byte(): number {
    if (this.at === this.end) this.#need(1)
    return this.bytes[this.at++] as number
  }

  /** A non-negative integer of at most `max`. */
  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    let byte = this.byte()
    let value = byte & 127
    let scale = 128
    while (byte > 127) {
      byte = this.byte()
      if (byte === 0 || scale > 2 ** 49) this.invalid('not canonical')
      value += (byte & 127) * scale
      scale *= 128
    }
    if (value > max) this.invalid('out of range')
    return value
  }

  /** A count of things that take at least `bytesEach` bytes, so that it cannot announce more than there is. */
  count(bytesEach = 1): number {
    const count = this.varint()
    this.#need(count * bytesEach)
    return count
  }

  /** Passes over bytes, which must be there. */
  skip(count: number): void {
    this.#need(count)
    this.at += count
  }

  /** The next bytes, as a view: copy what is kept beyond the call. */
  view(count: number): Uint8Array {
    this.skip(count)
    return this.bytes.subarray(this.at - count, this.at)
  }

  /** Text of at most `bytesMax` bytes, UTF-8 unless told otherwise. */
  string(bytesMax: number, decode: typeof readUtf8 = readUtf8): string {
    const size = this.varint(bytesMax)
    const { at } = this
    this.skip(size)
    return decode(this.bytes, at, this.at)
  }

  /** Passes over the next string if it is this one, of ASCII: what is known already need not be built and checked again. */
  takes(text: string): boolean {
    const { bytes, at } = this
    const size = text.length
    if (size > 127 || size >= this.end - at || bytes[at] !== size) return false
    for (let i = 0; i < size; i += 1) {
      const unit = text.charCodeAt(i)
      if (unit > 127 || bytes[at + 1 + i] !== unit) return false
    }
    this.at = at + 1 + size
    return true
  }

  /** Refuses bytes left over. */
  finish(): void {
    if (this.at !== this.end) this.invalid('not as announced')
  }
}
