/**
 * Many JSON values as a column: stretches of one kind, so that what they have in common is written, and branched upon, once.
 *
 *     per stretch: kind  length - 1  content
 *
 * Content: nothing for null, false and true; integers and other numbers one after the other; a string, or texts where there are
 * several; arrays and objects one after the other, each with its kind.
 */

import * as limits from '../limits.ts'
import { type JsonValue, jsonKind, readContent, writeContent } from './json.ts'
import * as JsonKind from './json-kinds.ts'
import { writeSigned } from './numbers.ts'
import type { Reader } from './reader.ts'
import { readTexts, writeTexts } from './texts.ts'
import type { Writer } from './writer.ts'

/** Writes normalised values. */
export function writeValues(writer: Writer, values: readonly JsonValue[]): void {
  const count = values.length
  for (let from = 0; from < count; ) {
    const kind = jsonKind(values[from] as JsonValue)
    const to = kind === JsonKind.integer ? endOfIntegers(values, from + 1) : endOfKind(values, kind, from + 1)
    writer.byte(kind)
    writer.varint(to - from - 1)
    writeStretch(writer, kind, values, from, to)
    from = to
  }
}

function endOfKind(values: readonly JsonValue[], kind: number, from: number): number {
  let to = from
  while (to < values.length && jsonKind(values[to] as JsonValue) === kind) to += 1
  return to
}

function endOfIntegers(values: readonly JsonValue[], from: number): number {
  let to = from
  // Small integers, as most are, tell by themselves.
  while (to < values.length && ((values[to] as number) | 0) === values[to]) to += 1
  const end = endOfKind(values, JsonKind.integer, to)
  return end === to ? to : endOfIntegers(values, end)
}

function writeStretch(writer: Writer, kind: number, values: readonly JsonValue[], from: number, to: number): void {
  if (kind === JsonKind.integer) writeIntegers(writer, values, from, to)
  else if (kind === JsonKind.string && to > from + 1) writeTexts(writer, values.slice(from, to) as string[])
  else {
    for (let i = from; i < to; i += 1) {
      if (kind >= JsonKind.array) writer.byte(kind)
      writeContent(writer, kind, values[i] as JsonValue)
    }
  }
}

/** As `writeSigned` each, with room made once. */
function writeIntegers(writer: Writer, values: readonly JsonValue[], from: number, to: number): void {
  writer.reserve(8 * (to - from))
  const { bytes } = writer
  let at = writer.length
  for (let i = from; i < to; i += 1) {
    const value = values[i] as number
    if ((value << 1) >> 1 !== value) {
      writer.length = at
      writeSigned(writer, value)
      at = writer.length
      continue
    }
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    bytes[at++] = rest
  }
  writer.length = at
}

/**
 * Reads values and refuses every form but the canonical one.
 * @param count how many: the caller has made sure that the block can hold so many.
 */
export function readValues(reader: Reader, count: number): JsonValue[] {
  const values = new Array<JsonValue>(count)
  let before = -1
  for (let from = 0; from < count; ) {
    const kind = reader.byte()
    const length = reader.varint() + 1
    if (kind === before) reader.invalid('not canonical')
    if (length > count - from) reader.invalid('not as announced')
    readStretch(reader, kind, values, from, from + length)
    before = kind
    from += length
  }
  return values
}

function readStretch(reader: Reader, kind: number, values: JsonValue[], from: number, to: number): void {
  if (kind === JsonKind.string && to > from + 1) {
    const texts = readTexts(reader, to - from, limits.valueBytesMax)
    for (let i = from; i < to; i += 1) values[i] = texts[i - from] as string
    return
  }
  for (let i = from; i < to; i += 1) {
    if (kind >= JsonKind.array && reader.byte() !== kind) reader.invalid('not canonical')
    values[i] = readContent(reader, kind)
  }
}
