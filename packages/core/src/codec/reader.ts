/**
 * Reads what `Writer` writes and trusts none of it: every length is checked before anything is allocated, and only the one
 * shortest form of an integer is accepted. Errors carry the position.
 */
import { refuse } from '../errors.ts'
import { readUtf8, readWtf8 } from './utf8.ts'

export class Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, from = 0, to: number = bytes.length) {
    this.bytes = bytes
    this.at = from
    this.end = to
  }

  get remaining(): number {
    return this.end - this.at
  }

  invalid(what: string): never {
    return refuse('CORE_DECODE_INVALID', `${what} at byte ${this.at}`)
  }

  #need(count: number): void {
    if (count > this.end - this.at) {
      refuse('CORE_DECODE_TRUNCATED', `${count} bytes wanted at byte ${this.at}, ${this.end - this.at} left`)
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
      if (byte === 0 || scale > 2 ** 49) this.invalid('integer not in its shortest form')
      value += (byte & 127) * scale
      scale *= 128
    }
    if (value > max) this.invalid(`integer above ${max}`)
    return value
  }

  signed(): number {
    const value = this.varint()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }

  /** A count of things that take at least `bytesEach` bytes, so that it cannot announce more than there is. */
  count(bytesEach = 1): number {
    const count = this.varint()
    this.#need(count * bytesEach)
    return count
  }

  uint32(): number {
    this.#need(4)
    const { bytes, at } = this
    this.at = at + 4
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
    return (low | ((bytes[at + 3] as number) << 24)) >>> 0
  }

  float64(): number {
    this.#need(8)
    const value = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at, 8).getFloat64(0, true)
    this.at += 8
    return value
  }

  /** The next bytes, as a view: copy what is kept beyond the call. */
  view(count: number): Uint8Array {
    this.#need(count)
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  block(bytesMax: number): Uint8Array {
    return this.view(this.varint(bytesMax))
  }

  string(bytesMax: number): string {
    const size = this.varint(bytesMax)
    this.#need(size)
    this.at += size
    return readUtf8(this.bytes, this.at - size, this.at)
  }

  /** Text that may hold lone surrogates. */
  text(): string {
    const size = this.varint()
    this.#need(size)
    this.at += size
    return readWtf8(this.bytes, this.at - size, this.at)
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

  /** A reader of the next length-prefixed block, which this reader skips. */
  nested(): Reader {
    const size = this.varint()
    this.#need(size)
    this.at += size
    return new Reader(this.bytes, this.at - size, this.at)
  }

  /** Refuses bytes left over. */
  finish(): void {
    if (this.at !== this.end) this.invalid('bytes left over')
  }
}
