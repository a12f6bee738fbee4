/**
 * The units of a text while it is edited. As long as all are ASCII, as those of most texts are, a unit takes one byte, which is
 * also its form in encoded blocks; from the first other one on, all take two.
 */
import { readUtf8, writeAscii } from '../codec/utf8.ts'
import { textOfUnits } from '../codec/utf16.ts'
import type { Writer } from '../codec/writer.ts'
import { ChunkedBuffer } from './chunked-buffer.ts'

type Units = Uint8Array | Uint16Array

/** Units of a chunk: a piece of text that is moved in the time of a few edits. */
const CHUNK_UNITS = 65_536

/** From here on the platform copies faster than a loop does. */
const COPIED_MIN = 128

export class UnitBuffer {
  #units = new ChunkedBuffer<number, Units>(CHUNK_UNITS, (length) => new Uint8Array(length))
  #ascii = true

  constructor(text: string) {
    this.insert(0, text, 0, text.length)
  }

  /** Inserts a part of a text. */
  insert(position: number, text: string, from: number, count: number): void {
    let fits = true
    this.#units.insert(position, count, (units, at, first, size) => {
      const start = from + first
      if (this.#ascii && size >= COPIED_MIN) {
        const into = (units as Uint8Array).subarray(at, at + size)
        if (!writeAscii(text.slice(start, start + size), into)) fits = false
        return
      }
      let all = 0
      for (let i = 0; i < size; i += 1) {
        const unit = text.charCodeAt(start + i)
        all |= unit
        units[at + i] = unit
      }
      if (all > 127 && this.#ascii) fits = false
    })
    if (fits) return
    this.#units.delete(position, count)
    this.#widen()
    this.insert(position, text, from, count)
  }

  #widen(): void {
    const text = this.slice(0, this.#units.length)
    this.#units = new ChunkedBuffer<number, Units>(CHUNK_UNITS, (length) => new Uint16Array(length))
    this.#ascii = false
    this.insert(0, text, 0, text.length)
  }

  delete(position: number, count: number): void {
    this.#units.delete(position, count)
  }

  /** The unit at a position. */
  unit(position: number): number {
    return this.#units.get(position)
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
    if (count < COPIED_MIN) {
      for (let i = from; i < from + count; i += 1) writer.byte(this.#units.get(i))
      return true
    }
    this.#units.stretches(from, from + count, (units, start, end) =>
      writer.append((units as Uint8Array).subarray(start, end)),
    )
    return true
  }
}
