/**
 * Appends binary pieces to a growing block. Integers are LEB128 varints in their shortest form, so that equal values have
 * equal bytes.
 */
import { writeUtf8 } from './utf8.ts'

const float = new DataView(new ArrayBuffer(8))

export class Writer {
  bytes: Uint8Array
  length = 0

  constructor(capacity = 64) {
    this.bytes = new Uint8Array(capacity)
  }

  reserve(count: number): void {
    const needed = this.length + count
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
      grown.set(this.bytes.subarray(0, this.length))
      this.bytes = grown
    }
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** A non-negative safe integer. */
  varint(value: number): void {
    this.reserve(8)
    const bytes = this.bytes
    let rest = value
    while (rest > 0x7fff_ffff) {
      bytes[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      bytes[this.length++] = (rest & 127) | 128
      rest >>>= 7
    }
    bytes[this.length++] = rest
  }

  /** An integer of magnitude below 2^52, small magnitudes short whatever the sign (zigzag). */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** Four bytes, least significant first. */
  uint32(value: number): void {
    this.reserve(4)
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.length++] = (value >>> shift) & 255
  }

  /** IEEE 754 double, least significant byte first. */
  float64(value: number): void {
    this.reserve(8)
    float.setFloat64(0, value, true)
    for (let i = 0; i < 8; i += 1) this.bytes[this.length++] = float.getUint8(i)
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Length-prefixed bytes. */
  block(bytes: Uint8Array): void {
    this.varint(bytes.length)
    this.raw(bytes)
  }

  /** Length-prefixed UTF-8 of well-formed text. */
  string(text: string): void {
    const units = text.length
    this.reserve(units * 3 + 10)
    // Most text is ASCII, so the prefix is guessed from the code units and corrected in the rare other case.
    const start = this.length
    this.varint(units)
    const body = this.length
    const written = writeUtf8(text, this.bytes, body)
    this.length = body + written
    if (written !== units) this.#correctPrefix(start, body, written)
  }

  /** Runs `write` and puts the number of bytes it wrote before them. */
  nested(write: () => void): void {
    const start = this.length
    this.byte(0)
    const body = this.length
    write()
    this.#correctPrefix(start, body, this.length - body)
  }

  #correctPrefix(start: number, body: number, size: number): void {
    let prefix = 1
    for (let rest = size; rest > 127; rest = Math.floor(rest / 128)) prefix += 1
    this.reserve(prefix)
    this.bytes.copyWithin(start + prefix, body, body + size)
    this.length = start
    this.varint(size)
    this.length += size
  }

  /** A copy of what was written, exactly as long. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}
