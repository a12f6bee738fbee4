/**
 * Appends binary pieces to a growing block. Integers are LEB128 varints in their shortest form, so that equal values have
 * equal bytes.
 */
import { writeUtf8 } from './utf8.ts'

/** Writers at rest: most of what is encoded is small, and a buffer of its own would cost more than writing it. */
const resting: Writer[] = []
const RESTING_MAX = 4
const RESTING_BYTES_MAX = 65_536

export class Writer {
  bytes: Uint8Array
  length = 0

  /** An empty writer for one encoding. Who takes it gives it back by `release`, or lets it go. */
  static take(): Writer {
    return resting.pop() ?? new Writer(1024)
  }

  /** Gives back a writer that nobody uses any more. */
  release(): void {
    if (resting.length === RESTING_MAX || this.bytes.length > RESTING_BYTES_MAX) return
    this.length = 0
    resting.push(this)
  }

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
    let at = this.length
    if (rest > 0x7fff_ffff) {
      // Four groups at once: what is left fits into small integers, which are quicker to work with.
      const high = Math.floor(rest / 0x1000_0000)
      const low = rest - high * 0x1000_0000
      bytes[at] = low | 128
      bytes[at + 1] = (low >>> 7) | 128
      bytes[at + 2] = (low >>> 14) | 128
      bytes[at + 3] = (low >>> 21) | 128
      at += 4
      rest = high
    }
    while (rest > 127) {
      bytes[at] = (rest & 127) | 128
      at += 1
      rest >>>= 7
    }
    bytes[at] = rest
    this.length = at + 1
  }

  /** Appends what another writer holds. */
  append(other: Writer): void {
    this.put(other.bytes, 0, other.length)
  }

  /** Appends bytes, or a part of them, as they are. */
  put(from: Uint8Array, start = 0, end: number = from.length): void {
    const count = end - start
    this.reserve(count)
    const { bytes, length } = this
    // A loop beats the platform call, and the view it needs, for the small blocks that most changes are.
    if (count <= 128) for (let i = 0; i < count; i += 1) bytes[length + i] = from[start + i] as number
    else bytes.set(from.subarray(start, end), length)
    this.length = length + count
  }

  /** Length-prefixed text, UTF-8 unless told otherwise. */
  string(text: string, encode: typeof writeUtf8 = writeUtf8): void {
    const units = text.length
    this.reserve(units * 3 + 10)
    // Most text is ASCII, so the prefix is guessed from the code units and corrected in the rare other case.
    const start = this.length
    this.varint(units)
    const body = this.length
    const written = encode(text, this.bytes, body)
    this.length = body + written
    if (written !== units) this.prefix(start, body, written)
  }

  /** Writes the size of what stands from `body` on at `start`, where `body - start` bytes were left for it. */
  prefix(start: number, body: number, size: number): void {
    if (size < 128 && body === start + 1) {
      this.bytes[start] = size
      return
    }
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
