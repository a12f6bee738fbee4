/**
 * The lines of an archive: a JSON object each, which ends with a sum over the text before it, so that a damaged line is found by
 * its number. `docs/DATA.md` describes the format.
 */
import { createHash } from 'node:crypto'
import { DataError } from './errors.ts'

/** What stands in a line, by name. */
export type Line = Readonly<Record<string, unknown>>

/** `,"sum":"01234567"}` */
const SUM_BYTES = 18
const SUM_DIGITS = 8
const NEWLINE = 0x0a

function sumOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex').slice(0, SUM_DIGITS)
}

/** The line of an object that has members. */
export function sealed(line: Line): string {
  const text = JSON.stringify(line).slice(0, -1)
  return `${text},"sum":"${sumOf(text)}"}\n`
}

/** A line as it was read. */
export interface ReadLine {
  readonly bytes: Uint8Array
  /** From 1 on. */
  readonly number: number
  /** It is the last one, and nothing ends it: the file may have been cut in it. */
  readonly isOpen: boolean
}

/** Splits what is read into lines. One that is longer than the bound is refused before more of it is taken in. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<ReadLine, void, undefined> {
  let begun: Uint8Array[] = []
  let begunBytes = 0
  let number = 1
  const take = (part: Uint8Array) => {
    begunBytes += part.byteLength
    if (begunBytes > lineBytesMax) {
      throw new DataError('DATA_DAMAGED', `the line is longer than ${lineBytesMax} bytes`, { line: number })
    }
    begun.push(part)
  }
  const finish = (isOpen: boolean): ReadLine => {
    const line = { bytes: begun.length === 1 ? begun[0]! : Buffer.concat(begun), number, isOpen }
    begun = []
    begunBytes = 0
    number += 1
    return line
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, end))
      yield finish(false)
      from = end + 1
    }
    if (from < chunk.length) take(chunk.subarray(from))
  }
  if (begunBytes > 0) yield finish(true)
}

/** What stands in a line. Throws `DATA_DAMAGED`, or `DATA_TRUNCATED` where the file was cut in the line. */
export function opened({ bytes, number, isOpen }: ReadLine): Line {
  const end = bytes.length - SUM_BYTES
  const seal = Buffer.from(bytes.subarray(Math.max(0, end))).toString('latin1')
  if (seal === `,"sum":"${sumOf(bytes.subarray(0, Math.max(0, end)))}"}`) return objectOf(bytes, number)
  if (isOpen) throw new DataError('DATA_TRUNCATED', 'the file ends in the middle of a line', { line: number })
  throw new DataError('DATA_DAMAGED', 'its sum is not that of what it says', { line: number })
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function objectOf(bytes: Uint8Array, number: number): Line {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Line
  } catch (cause) {
    throw new DataError('DATA_DAMAGED', 'it is no JSON', { line: number, cause })
  }
  throw new DataError('DATA_DAMAGED', 'it is no JSON object', { line: number })
}
