/**
 * The journal of a file queue: one line per write, `crc32 SPACE json LF`, the JSON being an array of `[key, value]` or `[key]`.
 *
 * A write is one line and is flushed before the next begins, so a crash can damage the last line only: it was never
 * acknowledged and is cut off. Damage anywhere else is not from a crash and is reported, not skipped.
 */
import { crc32 } from 'node:zlib'
import { refuse } from '../../errors.ts'
import type { QueueChange } from '../port.ts'

/** First line of every journal, so that a file of something else is never cut or appended to. */
export const JOURNAL_HEADER = 'joinery-queue 1\n'

/** One line, with its end. */
export function encodeLine(changes: readonly QueueChange[]): Buffer {
  const json = Buffer.from(JSON.stringify(changes.map(([key, value]) => (value === undefined ? [key] : [key, value]))))
  return Buffer.concat([Buffer.from(`${checksum(json)} `), json, Buffer.from('\n')])
}

export interface Journal {
  readonly records: Map<string, string>
  /** Bytes up to the end of the last whole line. */
  readonly wholeBytes: number
}

/** Reads a journal. Throws `CLIENT_QUEUE_CORRUPT`, and `CLIENT_QUEUE_FOREIGN` for a file that is none. */
export function readJournal(bytes: Buffer, path: string): Journal {
  const header = Buffer.from(JOURNAL_HEADER)
  const records = new Map<string, string>()
  if (bytes.length < header.length && header.subarray(0, bytes.length).equals(bytes)) return { records, wholeBytes: 0 }
  if (!bytes.subarray(0, header.length).equals(header))
    refuse('CLIENT_QUEUE_FOREIGN', `${path} is not a queue of this format`)
  let at = header.length
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at)
    const changes = end < 0 ? undefined : decodeLine(bytes.subarray(at, end))
    if (changes === undefined) {
      if (end >= 0 && end + 1 < bytes.length && hasWholeLine(bytes, end + 1)) {
        refuse('CLIENT_QUEUE_CORRUPT', `${path} is damaged at byte ${at}, before its end`)
      }
      break
    }
    for (const [key, value] of changes) {
      if (value === undefined) records.delete(key)
      else records.set(key, value)
    }
    at = end + 1
  }
  return { records, wholeBytes: at }
}

function hasWholeLine(bytes: Buffer, from: number): boolean {
  for (let at = from; ; ) {
    const end = bytes.indexOf(10, at)
    if (end < 0) return false
    if (decodeLine(bytes.subarray(at, end)) !== undefined) return true
    at = end + 1
  }
}

function decodeLine(line: Buffer): readonly QueueChange[] | undefined {
  const json = line.subarray(9)
  if (line.length < 11 || line[8] !== 32 || line.toString('latin1', 0, 8) !== checksum(json)) return undefined
  return (JSON.parse(json.toString()) as [string, string?][]).map(([key, value]) => [key, value])
}

function checksum(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(8, '0')
}
