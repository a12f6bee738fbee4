/**
 * Writes to many registers, each under a key, as they are encoded. Columns, since what one change wrote has one dot and one time
 * and keys are alike:
 *
 *     count  dots  keys: texts  times  replicas  values
 *
 * A single write, as most changes are, goes without columns: `1  key  actor  counter  time  replica  value`.
 */
import { type JsonValue, readJson, writeJson } from '../codec/json.ts'
import type { Reader } from '../codec/reader.ts'
import { readTexts, writeTexts } from '../codec/texts.ts'
import { readValues, writeValues } from '../codec/values.ts'
import type { Writer } from '../codec/writer.ts'
import * as limits from '../limits.ts'
import type { Decoder, Encoder } from './codec.ts'
import { type DotColumn, readDotColumn, writeDotColumn } from './dot-column.ts'
import { readOwnDot, writeDot } from './dots.ts'
import { Stamps } from './stamps.ts'
import { readTime, readTimes, type TimeColumn, writeTime } from './times.ts'

/** Writes in columns, row by row. */
export interface WriteBlock {
  readonly keys: readonly string[]
  /** Stamp of each write, in the table. */
  readonly stamps: Int32Array
  readonly table: Stamps
  readonly values: JsonValue[]
}

/**
 * Writes a block. Rows ascend by dot and, in a whole state, by key under one dot.
 * @param time time that goes without saying.
 */
export function writeWrites(out: Encoder, { keys, stamps, table, values }: WriteBlock, time: number): void {
  const { writer } = out
  const count = keys.length
  writer.varint(count)
  if (count === 0) return
  if (count === 1) {
    const stamp = stamps[0] as number
    writeOne(out, keys[0] as string, values[0] as JsonValue, table, stamp, time)
    return
  }
  writeDotsOf(out, stamps, table, count)
  writeTexts(writer, keys)
  writeTimesOf(writer, stamps, table, count, time)
  if (table.named) writeReplicas(writer, stamps, table, count)
  else writer.varint(0)
  writeValues(writer, values)
}

/** Writes a block of one write. */
export function writeSingle(
  out: Encoder,
  key: string,
  value: JsonValue,
  table: Stamps,
  stamp: number,
  time: number,
): void {
  out.writer.varint(1)
  writeOne(out, key, value, table, stamp, time)
}

function writeOne(out: Encoder, key: string, value: JsonValue, table: Stamps, stamp: number, time: number): void {
  const { writer } = out
  writer.string(key)
  writeDot(out, table.dots[stamp] as number)
  writeTime(writer, table.times[stamp] as number, time, 1)
  writer.string(table.by(stamp) ?? '')
  writeJson(writer, value)
}

function writeDotsOf(out: Encoder, stamps: Int32Array, table: Stamps, count: number): void {
  const dots: number[] = []
  const counts: number[] = []
  let stampBefore = -1
  let at = -1
  for (let i = 0; i < count; i += 1) {
    const stamp = stamps[i] as number
    if (stamp !== stampBefore && (at < 0 || table.dots[stamp] !== dots[at])) {
      at = dots.push(table.dots[stamp] as number) - 1
      counts.push(0)
    }
    stampBefore = stamp
    counts[at] = (counts[at] as number) + 1
  }
  writeDotColumn(out, dots, counts)
}

function writeTimesOf(writer: Writer, stamps: Int32Array, table: Stamps, count: number, time: number): void {
  let before = time
  for (let from = 0; from < count; ) {
    const stamp = stamps[from] as number
    const own = table.times[stamp] as number
    let to = from + 1
    while (to < count && (stamps[to] === stamp || table.times[stamps[to] as number] === own)) to += 1
    writeTime(writer, own, before, to - from)
    before = own
    from = to
  }
}

/** `count of stretches`, per stretch `string  length - 1`; the empty string for the actor's own replica. None if all are. */
function writeReplicas(writer: Writer, stamps: Int32Array, table: Stamps, count: number): void {
  const names: string[] = []
  const ends: number[] = []
  for (let i = 0; i < count; i += 1) {
    const name = table.by(stamps[i] as number) ?? ''
    if (i === 0 || name !== names[names.length - 1]) {
      names.push(name)
      ends.push(i + 1)
    } else ends[ends.length - 1] = i + 1
  }
  if (names.length === 1 && names[0] === '') {
    writer.varint(0)
    return
  }
  writer.varint(names.length)
  for (const [i, name] of names.entries()) {
    writer.string(name)
    writer.varint((ends[i] as number) - (ends[i - 1] ?? 0) - 1)
  }
}

/** One write as it was read. */
export interface SingleWrite {
  readonly key: string
  readonly dot: number
  readonly time: number
  readonly by: string | undefined
  readonly value: JsonValue
}

/** Reads what stands behind a count of 1. */
export function readSingle(input: Decoder): SingleWrite {
  const { reader } = input
  const key = reader.string(limits.keyBytesMax)
  const dot = readOwnDot(input)
  const time = input.believed(readTime(reader, input.time))
  const by = reader.string(limits.replicaIdBytesMax)
  return { key, dot, time, by: by === '' ? undefined : by, value: readJson(reader) }
}

/**
 * Reads what stands behind a count above 1. Dots ascend, and no key is twice under one dot: in a whole state keys ascend, so
 * that it has one form.
 */
export function readColumns(input: Decoder, count: number): WriteBlock {
  const { reader } = input
  const dots = readDotColumn(input, count)
  const keys = readTexts(reader, count, limits.keyBytesMax)
  checkKeys(reader, keys, dots.counts, input.context !== undefined)
  const times = readTimes(reader, input.time, count)
  for (const time of times.times) input.believed(time)
  const names = readReplicas(reader, count)
  const { stamps, table } = combine(dots, times, names, count)
  return { keys, stamps, table, values: readValues(reader, count) }
}

function checkKeys(reader: Reader, keys: readonly string[], counts: readonly number[], ascending: boolean): void {
  let from = 0
  for (const count of counts) {
    const to = from + count
    if (!ascending && count > 1 && new Set(keys.slice(from, to)).size !== count) reader.invalid('listed twice')
    if (ascending) {
      for (let i = from + 1; i < to; i += 1) {
        if ((keys[i - 1] as string) >= (keys[i] as string)) reader.invalid('out of order')
      }
    }
    from = to
  }
}

interface Replicas {
  readonly names: readonly string[]
  readonly counts: readonly number[]
}

function readReplicas(reader: Reader, count: number): Replicas {
  const names: string[] = []
  const counts: number[] = []
  let left = count
  for (let stretches = reader.count(2); stretches > 0; stretches -= 1) {
    const name = reader.string(limits.replicaIdBytesMax)
    const length = reader.varint() + 1
    if (name === names[names.length - 1] || length > left) reader.invalid('not as announced')
    names.push(name)
    counts.push(length)
    left -= length
  }
  if (names.length === 0) return { names: [''], counts: [count] }
  if (left > 0 || (names.length === 1 && names[0] === '')) reader.invalid('not as announced')
  return { names, counts }
}

/** A stamp for each stretch of rows in which neither dot nor time nor replica changes. */
function combine(
  { dots, counts: dotCounts }: DotColumn,
  { times, counts: timeCounts }: TimeColumn,
  { names, counts: nameCounts }: Replicas,
  count: number,
): { stamps: Int32Array; table: Stamps } {
  const stamps = new Int32Array(count)
  const table = new Stamps()
  const columns = [dotCounts, timeCounts, nameCounts].map((counts) => spread(counts, count))
  const [dotOf, timeOf, nameOf] = columns as [Int32Array, Int32Array, Int32Array]
  for (let i = 0; i < count; i += 1) {
    const name = names[nameOf[i] as number] as string
    const by = name === '' ? undefined : name
    stamps[i] = table.add(dots[dotOf[i] as number] as number, times[timeOf[i] as number] as number, by)
  }
  return { stamps, table }
}

/** For each row the index of the stretch that it is in. */
function spread(counts: readonly number[], total: number): Int32Array {
  const indices = new Int32Array(total)
  let from = 0
  for (const [i, count] of counts.entries()) {
    indices.fill(i, from, from + count)
    from += count
  }
  return indices
}
