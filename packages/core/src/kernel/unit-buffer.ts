/**
 * The units of a text while it is edited. As long as all are ASCII, as those of most texts are, a unit takes one byte, which is
 * also its form in encoded blocks; from the first other one on, all take two.
 */
import { readUtf8, writeAscii } from '../codec/utf8.ts'
import { textOfUnits } from '../codec/utf16.ts'
import type { Writer } from '../codec/writer.ts'
import { type Blocks, GapBuffer } from './gap-buffer.ts'

type Units = Uint8Array | Uint16Array

const narrow: Blocks<Units> = {
  allocate: (length) => new Uint8Array(length),
  move: (units, target, start, end) => void units.copyWithin(target, start, end),
}
const wide: Blocks<Units> = { ...narrow, allocate: (length) => new Uint16Array(length) }

/** From here on the platform copies faster than a loop does. */
const COPIED_MIN = 128

export class UnitBuffer {
  #units = new GapBuffer<number, Units>(narrow)
  #ascii = true

  constructor(text: string) {
    this.insert(0, text, 0, text.length)
  }

  get length(): number {
    return this.#units.length
  }

  /** Inserts a part of a text. */
  insert(position: number, text: string, from: number, count: number): void {
    if (this.#ascii) {
      let fits = false
      this.#units.insert(position, count, (units, at) => {
        fits = putAscii(units as Uint8Array, at, text, from, count)
      })
      if (fits) return
      this.#units.delete(position, count)
      this.#widen()
    }
    this.#units.insert(position, count, (units, at) => {
      for (let i = 0; i < count; i += 1) units[at + i] = text.charCodeAt(from + i)
    })
  }

  #widen(): void {
    const former = this.#units
    this.#units = new GapBuffer(wide)
    this.#ascii = false
    former.stretches(0, former.length, (units, start, end) => {
      this.#units.insert(this.length, end - start, (into, at) => into.set(units.subarray(start, end), at))
    })
  }

  delete(position: number, count: number): void {
    this.#units.delete(position, count)
  }

  /** Whether a position is between the two halves of a surrogate pair. */
  cutsPair(position: number): boolean {
    if (this.#ascii) return false
    const after = this.#units.get(position)
    return after >= 0xdc00 && after < 0xe000
  }

  slice(from: number, to: number): string {
    let text = ''
    this.#units.stretches(from, to, (units, start, end) => {
      text += this.#ascii ? readUtf8(units as Uint8Array, start, end) : textOfUnits(units as Uint16Array, start, end)
    })
    return text
  }

  /** Writes a part as a string is written. Answers false, with nothing written, where that is more than to copy it. */
  write(writer: Writer, from: number, count: number): boolean {
    if (!this.#ascii) return false
    writer.varint(count)
    writer.reserve(count)
    this.#units.stretches(from, from + count, (units, start, end) => {
      const { bytes, length } = writer
      if (end - start < COPIED_MIN) for (let i = start; i < end; i += 1) bytes[length + i - start] = units[i] as number
      else bytes.set(units.subarray(start, end), length)
      writer.length = length + end - start
    })
    return true
  }
}

/** Answers false for a part that is not ASCII: then what was put is not all of it. */
function putAscii(units: Uint8Array, at: number, text: string, from: number, count: number): boolean {
  if (count >= COPIED_MIN) {
    return writeAscii(text.slice(from, from + count), units.subarray(at, at + count))
  }
  let all = 0
  for (let i = 0; i < count; i += 1) {
    const unit = text.charCodeAt(from + i)
    all |= unit
    units[at + i] = unit
  }
  return all < 128
}
