/**
 * Text: a sequence of UTF-16 code units for people who write together, in Fugue order (Weidner and Kleppmann, "The art of
 * the fugue", 2023).
 *
 * For users: `insert`, `delete`; positions count UTF-16 units as in a JavaScript string, and never fall inside a surrogate
 * pair. Conflicts: concurrent runs at one place stand one after the other, never interleaved, whether typed forwards or
 * backwards; an insertion into text that somebody deletes survives. Space: the visible text, and a few numbers per run of
 * ids, deleted ones included. Left out: marks (bold, links).
 */
import type { Actor } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import { Reader } from '../codec/reader.ts'
import { isWellFormed } from '../codec/utf8.ts'
import { textOfUnits } from '../codec/utf16.ts'
import type { Writer } from '../codec/writer.ts'
import { readWtf8, toWellFormed, writeWtf8 } from '../codec/wtf8.ts'
import { refuse } from '../errors.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { type Copy, emit } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { GapBuffer } from '../kernel/gap-buffer.ts'
import type { Deleted } from '../kernel/local-edits.ts'
import { Ordered, type Source } from '../kernel/ordered.ts'
import * as tags from './tag-numbers.ts'

/** Up to here units are written one by one, behind a length of one byte. */
const SHORT = 64

export class Text extends Ordered<string> {
  readonly tag: number = tags.text
  /** The text, while nothing was edited since it was loaded or asked for. */
  #whole: string | undefined
  /** Where the text of a loaded state stands, until somebody asks for it. */
  #unread: Reader | undefined
  /** The units, since the first edit. */
  #edited: GapBuffer<number, Uint16Array> | undefined

  /** Loads what `encode` wrote; the actor continues it. */
  static decode(bytes: Uint8Array, actor: Actor): Text {
    return loadEncoded(new Text(actor), bytes)
  }

  /**
   * Inserts text before the unit at a position. O(log n + length).
   * Throws `CORE_POSITION_INVALID` outside the text or inside a surrogate pair, `CORE_VALUE_INVALID` for a lone surrogate.
   */
  insert(position: number, text: string): void {
    this.#checkText(text)
    this.checkRange(position, 0)
    this.#checkBoundary(position)
    if (text === '') return
    this.touch()
    this.insertIds(position, text.length)
    this.insertContent(position, text, 0, text.length)
  }

  /**
   * Inserts text behind the unit with an id, which may be deleted; undefined for the start. Answers the ids of
   * the new units. Throws `CORE_POSITION_INVALID` for an id that is not known here.
   */
  insertAfter(id: string | undefined, text: string): string[] {
    this.#checkText(text)
    return this.insertBehind(id, text, text.length)
  }

  #checkText(text: string): void {
    if (!isWellFormed(text)) refuse('CORE_VALUE_INVALID', 'not well-formed text')
  }

  /** Deletes `count` units from a position on. O(log n + runs). Throws `CORE_POSITION_INVALID`. */
  delete(position: number, count: number): void {
    this.checkRange(position, count)
    this.#checkBoundary(position)
    this.#checkBoundary(position + count)
    if (count === 0) return
    this.touch()
    this.deleteRange(position, count)
  }

  /** Where a unit stands; undefined when it is deleted or unknown. O(log n). */
  positionOf(id: string): number | undefined {
    return this.placeOfId(id)
  }

  /** The units, to be edited. */
  get #units(): GapBuffer<number, Uint16Array> {
    if (this.#edited === undefined) {
      const text = this.#wholeText() ?? ''
      this.#edited = new GapBuffer((length) => new Uint16Array(length))
      this.#edited.insert(0, text.length, (units, at) => putUnits(units, at, text, 0, text.length))
    }
    return this.#edited
  }

  /** The text, if it is there in one piece. */
  #wholeText(): string | undefined {
    if (this.#unread !== undefined) {
      this.#whole = this.#unread.string(Number.MAX_SAFE_INTEGER, readWtf8)
      this.#unread = undefined
    }
    return this.#whole
  }

  #checkBoundary(position: number): void {
    if (position === 0 || position >= this.length) return
    const after = this.#units.get(position)
    if (after >= 0xdc00 && after < 0xe000) {
      refuse('CORE_POSITION_INVALID', `${position} is inside a surrogate pair`)
    }
  }

  /** Text from a position to before another, as `String.prototype.slice` with both in range. */
  slice(from = 0, to: number = this.length): string {
    const whole = this.#wholeText()
    if (whole !== undefined) return whole.slice(from, to)
    let text = ''
    this.#edited?.stretches(from, to, (units, start, end) => {
      text += textOfUnits(units, start, end)
    })
    return text
  }

  /** The whole text. Where others have cut a surrogate pair, U+FFFD stands for what is left of it. */
  override toString(): string {
    this.#whole ??= this.slice()
    return toWellFormed(this.#whole)
  }

  toJSON(): JsonValue {
    return this.toString()
  }

  copy(): Copy {
    const text = this.slice()
    const elements = this.elements()
    return (into) => {
      const copy = into as Text
      copy.insertAfter(undefined, toWellFormed(text))
      copy.copiedFrom(elements)
    }
  }

  override clear(): void {
    super.clear()
    this.#edited = undefined
    this.#whole = undefined
    this.#unread = undefined
  }

  protected insertContent(position: number, content: string, offset: number, count: number): void {
    this.#units.insert(position, count, (units, at) => putUnits(units, at, content, offset, count))
    this.#whole = undefined
    this.#tellInsert(position, content, offset, count)
  }

  protected override loadContent(content: string, count: number): void {
    this.#unread = undefined
    this.#edited = undefined
    this.#whole = content
    this.#tellInsert(0, content, 0, count)
  }

  #tellInsert(position: number, content: string, offset: number, count: number): void {
    if (this.place.site.patches === undefined) return
    const value = content.slice(offset, offset + count)
    emit(this, (path) => ({ type: 'insert', path, index: position, value }))
  }

  protected deleteContent(position: number, count: number): void {
    this.#units.delete(position, count)
    this.#whole = undefined
  }

  protected copyOf(position: number, count: number): Deleted<string>['restore'] {
    const text = this.slice(position, position + count)
    return (into, behind) => into.insertBehindSlot(behind, text, text.length)
  }

  protected writePlaced({ writer }: Encoder, from: number, count: number): void {
    // What people type is mostly short and ASCII, and then a string is a detour.
    if (count > SHORT || !this.#writeAscii(writer, from, count))
      writer.string(this.slice(from, from + count), writeWtf8)
  }

  #writeAscii(writer: Writer, from: number, count: number): boolean {
    const units = this.#units
    writer.reserve(count + 1)
    const { bytes, length } = writer
    bytes[length] = count
    for (let i = 0; i < count; i += 1) {
      const unit = units.get(from + i)
      if (unit > 127) return false
      bytes[length + 1 + i] = unit
    }
    writer.length = length + 1 + count
    return true
  }

  protected writeContent(out: Encoder, sources: readonly Source<string>[]): void {
    const texts = sources.map(({ content, from, count }) => (content ?? this).slice(from, from + count))
    out.writer.string(texts.length === 1 ? (texts[0] as string) : texts.join(''), writeWtf8)
  }

  protected override passContent({ reader }: Decoder): void {
    const from = reader.at
    reader.skip(reader.varint())
    this.#unread = new Reader(reader.bytes, from, reader.at)
  }

  protected readContent({ reader }: Decoder, count: number): string {
    const text = reader.string(Number.MAX_SAFE_INTEGER, readWtf8)
    if (text.length !== count) reader.invalid('not as announced')
    return text
  }
}

function putUnits(units: Uint16Array, at: number, text: string, from: number, count: number): void {
  for (let i = 0; i < count; i += 1) units[at + i] = text.charCodeAt(from + i)
}
