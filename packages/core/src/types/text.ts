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
import { readWtf8, toWellFormed, writeWtf8 } from '../codec/wtf8.ts'
import { refuse } from '../errors.ts'
import { FAST_PATHS } from '../fast-paths.ts'
import type { Decoder, Encoder } from '../kernel/codec.ts'
import { emit } from '../kernel/container.ts'
import { loadEncoded } from '../kernel/frame.ts'
import { Ordered, type Source } from '../kernel/ordered.ts'
import { UnitBuffer } from '../kernel/unit-buffer.ts'
import * as tags from './tag-numbers.ts'

/** So many edits of a string come before it is worth being copied to where edits cost what they change. */
const STRING_EDITS_MAX = 4

export class Text extends Ordered<string> {
  readonly tag: number = tags.text
  /** The text as a string, while hardly anything was edited since it was loaded, or where somebody has asked for it. */
  #whole: string | undefined
  #stringEdits = 0
  /** Where the text of a loaded state stands, until somebody asks for it. */
  #unread: Reader | undefined
  /** The units, when edits go on. */
  #edited: UnitBuffer | undefined

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
  get #units(): UnitBuffer {
    this.#edited ??= new UnitBuffer(this.#wholeText() ?? '')
    return this.#edited
  }

  /** The text, if it is there in one piece. */
  #wholeText(): string | undefined {
    if (this.#unread !== undefined) {
      const { bytes, at, end } = this.#unread
      // By a reader of its own: what is refused now must be refused the next time, too.
      this.#whole = new Reader(bytes, at, end).string(Number.MAX_SAFE_INTEGER, readWtf8)
      this.#unread = undefined
    }
    return this.#whole
  }

  #checkBoundary(position: number): void {
    if (position === 0 || position >= this.length) return
    const after = this.#edited?.unit(position) ?? (this.#wholeText() as string).charCodeAt(position)
    if (after >= 0xdc00 && after < 0xe000) {
      refuse('CORE_POSITION_INVALID', `${position} is inside a surrogate pair`)
    }
  }

  /** The string to be edited, where that is less than to edit units. */
  #editedString(): string | undefined {
    if (!FAST_PATHS || this.#edited !== undefined) return undefined
    const whole = this.#wholeText() ?? ''
    if (whole === '') this.#stringEdits = 0
    return this.#stringEdits++ < STRING_EDITS_MAX ? whole : undefined
  }

  /** Text from a position to before another, as `String.prototype.slice`. */
  slice(from = 0, to: number = this.length): string {
    const whole = this.#wholeText()
    if (whole !== undefined) return whole.slice(from, to)
    return this.#edited?.slice(this.#clamped(from), this.#clamped(to)) ?? ''
  }

  /** A position as strings take it: negative ones count from the end, and what is outside is the nearest inside. */
  #clamped(position: number): number {
    const { length } = this
    const whole = Math.trunc(position) || 0
    return whole < 0 ? Math.max(0, length + whole) : Math.min(whole, length)
  }

  /** The whole text. Where others have cut a surrogate pair, U+FFFD stands for what is left of it. */
  override toString(): string {
    this.#whole ??= this.slice()
    return toWellFormed(this.#whole)
  }

  toJSON(): JsonValue {
    return this.toString()
  }

  override clear(): void {
    super.clear()
    this.#edited = undefined
    this.#stringEdits = 0
    this.#whole = undefined
    this.#unread = undefined
  }

  protected insertContent(position: number, content: string, offset: number, count: number): void {
    const whole = this.#editedString()
    if (whole !== undefined) {
      const inserted = content.slice(offset, offset + count)
      this.#whole = whole === '' ? inserted : whole.slice(0, position) + inserted + whole.slice(position)
    } else {
      this.#units.insert(position, content, offset, count)
      this.#whole = undefined
    }
    this.#tellInsert(position, content, offset, count)
  }

  protected override loadContent(content: string, count: number): void {
    this.#unread = undefined
    this.#edited = undefined
    this.#stringEdits = 0
    this.#whole = content
    this.#tellInsert(0, content, 0, count)
  }

  #tellInsert(position: number, content: string, offset: number, count: number): void {
    if (this.place.site.patches === undefined) return
    const value = content.slice(offset, offset + count)
    emit(this, (path) => ({ type: 'insert', path, index: position, value }))
  }

  protected deleteContent(position: number, count: number): void {
    const whole = this.#editedString()
    if (whole !== undefined) this.#whole = whole.slice(0, position) + whole.slice(position + count)
    else {
      this.#units.delete(position, count)
      this.#whole = undefined
    }
  }

  protected copyContent(position: number, count: number): JsonValue {
    return this.slice(position, position + count)
  }

  protected pasteContent(copied: JsonValue, behind: number | undefined): number {
    const text = copied as string
    return this.insertBehindSlot(behind, text, text.length)
  }

  protected writePlaced({ writer }: Encoder, from: number, count: number): void {
    if (this.#edited?.write(writer, from, count) !== true) writer.string(this.slice(from, from + count), writeWtf8)
  }

  protected writeContent(out: Encoder, sources: readonly Source<string>[]): void {
    const [only] = sources
    if (sources.length === 1 && only !== undefined && only.content === undefined) {
      this.writePlaced(out, only.from, only.count)
      return
    }
    const texts = sources.map(({ content, from, count }) => (content ?? this).slice(from, from + count))
    out.writer.string(texts.join(''), writeWtf8)
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
