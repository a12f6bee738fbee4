/**
 * Many texts as one block: a platform call decodes or encodes them all at once, and a column of lengths says where each begins.
 *
 *     size  UTF-8 of all, one after the other  per stretch of equal lengths: 2 × length + more, [how many more - 1]
 *
 * Lengths count UTF-16 code units, so that a text is a slice of the block. Slices share the block's memory until the last is gone.
 */
import type { Reader } from './reader.ts'
import { isWellFormed, readUtf8, takesMore, writeUtf8 } from './utf8.ts'
import type { Writer } from './writer.ts'

/** Texts are encoded in pieces of as many, which are put together first: that costs less than one call or loop for each. */
const PIECE_TEXTS = 256
/** A piece ends before it is longer than this by more than one text. */
const PIECE_UNITS = 8192

/** Writes well-formed texts. */
export function writeTexts(writer: Writer, texts: readonly string[]): void {
  const count = texts.length
  const lengths = new Uint32Array(count)
  const start = writer.length
  writer.byte(0)
  for (let i = 0; i < count; ) {
    let piece = ''
    for (const end = Math.min(count, i + PIECE_TEXTS); i < end && piece.length < PIECE_UNITS; i += 1) {
      const text = texts[i] as string
      lengths[i] = text.length
      piece += text
    }
    writer.reserve(piece.length * 3)
    writer.length += writeUtf8(piece, writer.bytes, writer.length)
  }
  writer.prefix(start, start + 1, writer.length - start - 1)
  writeLengths(writer, lengths)
}

function writeLengths(writer: Writer, lengths: Uint32Array): void {
  const count = lengths.length
  for (let i = 0; i < count; ) {
    const length = lengths[i] as number
    let end = i + 1
    while (end < count && lengths[end] === length) end += 1
    writer.varint(2 * length + (end > i + 1 ? 1 : 0))
    if (end > i + 1) writer.varint(end - i - 2)
    i = end
  }
}

/**
 * Reads texts of at most `bytesMax` bytes each.
 * @param count how many: the caller has made sure that the block can hold so many.
 */
export function readTexts(reader: Reader, count: number, bytesMax: number): string[] {
  const size = reader.varint()
  const { at } = reader
  reader.skip(size)
  const all = readUtf8(reader.bytes, at, reader.at)
  const texts = new Array<string>(count)
  let from = 0
  let before = -1
  for (let i = 0; i < count; ) {
    const head = reader.varint()
    const length = Math.floor(head / 2)
    const times = head % 2 === 0 ? 1 : reader.varint() + 2
    if (length === before) reader.invalid('not canonical')
    if (length > bytesMax || times > count - i || length * times > all.length - from) reader.invalid('not as announced')
    before = length
    for (const end = i + times; i < end; i += 1) {
      texts[i] = all.slice(from, from + length)
      from += length
    }
  }
  if (from !== all.length) reader.invalid('not as announced')
  if (all.length !== size) checkTexts(reader, texts, bytesMax)
  return texts
}

/** Refuses texts that are too long or end inside of a character. */
function checkTexts(reader: Reader, texts: readonly string[], bytesMax: number): void {
  for (const text of texts) {
    if (!isWellFormed(text)) reader.invalid('out of range')
    if (takesMore(text, bytesMax)) reader.invalid('out of range')
  }
}
