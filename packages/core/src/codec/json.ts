/**
 * JSON values in one canonical binary form: object keys ascending by code unit, integers as varints, everything else as
 * doubles. Two values are the same value exactly when their bytes are equal.
 */
import { refuse } from '../errors.ts'
import * as limits from '../limits.ts'
import * as JsonKind from './json-kinds.ts'
import { readFloat64, readSigned, writeFloat64, writeSigned } from './numbers.ts'
import type { Reader } from './reader.ts'
import { isWellFormed, takesMore } from './utf8.ts'
import { Writer } from './writer.ts'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** Integers below this magnitude are varints: the zigzag form of a larger one would not be a safe integer. */
const INTEGER_LIMIT = 2 ** 52

function isVarint(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < INTEGER_LIMIT
}

/** The kind of a normalised value. */
export function jsonKind(value: JsonValue): number {
  switch (typeof value) {
    case 'number':
      return isVarint(value) ? JsonKind.integer : JsonKind.float
    case 'string':
      return JsonKind.string
    case 'boolean':
      return value ? JsonKind.yes : JsonKind.no
    default:
      return value === null ? JsonKind.nil : Array.isArray(value) ? JsonKind.array : JsonKind.object
  }
}

/**
 * The value as it is replicated: checked, `-0` made `0`, objects and arrays copied and frozen so that a later change by the
 * caller changes nothing. Throws `CORE_VALUE_INVALID` for what JSON cannot carry.
 */
export function normalizeJson<T>(value: T, depth = 0): T {
  if (typeof value === 'string') {
    if (!isWellFormed(value)) refuse('CORE_VALUE_INVALID', 'not well-formed text')
    if (takesMore(value, limits.valueBytesMax)) {
      refuse('CORE_LIMIT_EXCEEDED', 'above limits.valueBytesMax')
    }
    return value
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse('CORE_VALUE_INVALID', `${value} is not JSON`)
    return (value + 0) as T
  }
  if (value === null || typeof value === 'boolean') return value
  const normal = normalizeNested(value, depth)
  if (depth === 0) checkSize(normal)
  return normal as T
}

/** Refuses a value whose encoded form is too large. */
function checkSize(value: JsonValue): void {
  const writer = new Writer(256)
  writeJson(writer, value)
  if (writer.length > limits.valueBytesMax) {
    refuse('CORE_LIMIT_EXCEEDED', 'above limits.valueBytesMax')
  }
}

function normalizeNested(value: unknown, depth: number): JsonValue {
  if (typeof value !== 'object' || value === null) return refuse('CORE_VALUE_INVALID', `${typeof value} is not JSON`)
  if (depth >= limits.jsonDepthMax) refuse('CORE_VALUE_INVALID', 'above limits.jsonDepthMax')
  if (Array.isArray(value)) {
    return Object.freeze(Array.from(value, (item: JsonValue) => normalizeJson(item, depth + 1)))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    refuse('CORE_VALUE_INVALID', 'not a plain object')
  }
  const copy: [string, JsonValue][] = Object.entries(value).map(([key, item]) => [
    normalizeJson(key),
    normalizeJson(item as JsonValue, depth + 1),
  ])
  return Object.freeze(Object.fromEntries(copy.sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** Writes a normalised value. */
export function writeJson(writer: Writer, value: JsonValue): void {
  const kind = jsonKind(value)
  writer.byte(kind)
  writeContent(writer, kind, value)
}

/** Writes what stands behind the kind of a value. */
export function writeContent(writer: Writer, kind: number, value: JsonValue): void {
  switch (kind) {
    case JsonKind.integer:
      writeSigned(writer, value as number)
      break
    case JsonKind.float:
      writeFloat64(writer, value as number)
      break
    case JsonKind.string:
      writer.string(value as string)
      break
    case JsonKind.array:
      writeArray(writer, value as readonly JsonValue[])
      break
    case JsonKind.object:
      writeObject(writer, value as object)
      break
    default:
  }
}

function writeArray(writer: Writer, items: readonly JsonValue[]): void {
  writer.varint(items.length)
  for (const item of items) writeJson(writer, item)
}

function writeObject(writer: Writer, value: object): void {
  // Integer-like keys come first in a JavaScript object, so its own order is not the canonical one.
  const entries: [string, JsonValue][] = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  writer.varint(entries.length)
  for (const [key, item] of entries) {
    writer.string(key)
    writeJson(writer, item)
  }
}

/** Reads one value and refuses every form but the canonical one. */
export function readJson(reader: Reader, depth = 0): JsonValue {
  return readContent(reader, reader.byte(), depth)
}

/** Reads what stands behind the kind of a value. */
export function readContent(reader: Reader, kind: number, depth = 0): JsonValue {
  switch (kind) {
    case JsonKind.nil:
      return null
    case JsonKind.no:
      return false
    case JsonKind.yes:
      return true
    case JsonKind.integer: {
      const value = readSigned(reader)
      if (!isVarint(value)) reader.invalid('not canonical')
      return value
    }
    case JsonKind.float: {
      const value = readFloat64(reader)
      if (!Number.isFinite(value) || isVarint(value)) reader.invalid('not canonical')
      return value
    }
    case JsonKind.string:
      return reader.string(limits.valueBytesMax)
    case JsonKind.array:
      return readArray(reader, depth)
    case JsonKind.object:
      return readObject(reader, depth)
    default:
      return reader.invalid('unknown kind')
  }
}

function readArray(reader: Reader, depth: number): JsonValue {
  if (depth >= limits.jsonDepthMax) reader.invalid('nested too deep')
  const count = reader.count()
  const items: JsonValue[] = []
  for (let i = 0; i < count; i += 1) items.push(readJson(reader, depth + 1))
  return Object.freeze(items)
}

function readObject(reader: Reader, depth: number): JsonValue {
  if (depth >= limits.jsonDepthMax) reader.invalid('nested too deep')
  const count = reader.count(2)
  const entries: [string, JsonValue][] = []
  let before: string | undefined
  for (let i = 0; i < count; i += 1) {
    const key = reader.string(limits.valueBytesMax)
    if (before !== undefined && key <= before) reader.invalid('out of order')
    entries.push([key, readJson(reader, depth + 1)])
    before = key
  }
  return Object.freeze(Object.fromEntries(entries))
}
