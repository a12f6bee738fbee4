/**
 * Times as a column of steps from one to the next, which are small, and nearly always forward:
 *
 *     per stretch of equal times: 4 × step + 2 × backward + more, [the time itself], [how many more - 1]
 *
 * "Backward by 0" stands for a time too far away for a step, which follows.
 */
import type { Reader } from '../codec/reader.ts'
import type { Writer } from '../codec/writer.ts'

const MORE = 1
const BACKWARD = 2
/** Four times a step must be a safe integer. */
const STEP_LIMIT = 2 ** 51

/** Writes a time that `count` things have, after `before`. */
export function writeTime(writer: Writer, time: number, before: number, count: number): void {
  const more = count > 1 ? MORE : 0
  const step = time - before
  if (step >= 0 && step < STEP_LIMIT) writer.varint(4 * step + more)
  else if (step < 0 && -step < STEP_LIMIT) writer.varint(-4 * step + BACKWARD + more)
  else {
    writer.varint(BACKWARD + more)
    writer.varint(time)
  }
  if (count > 1) writer.varint(count - 2)
}

/** Reads the time that one thing has, after `before`. */
export function readTime(reader: Reader, before: number): number {
  const head = reader.varint()
  if (head % 2 === MORE) reader.invalid('not as announced')
  return follow(reader, head, before)
}

/** Times that were read, with how many things have each. */
export interface TimeColumn {
  readonly times: readonly number[]
  readonly counts: readonly number[]
}

/** Reads the times of `total` things, after `before`. */
export function readTimes(reader: Reader, before: number, total: number): TimeColumn {
  const times: number[] = []
  const counts: number[] = []
  for (let left = total; left > 0; ) {
    const head = reader.varint()
    const last = times.length === 0 ? before : (times[times.length - 1] as number)
    const time = follow(reader, head, last)
    if (times.length > 0 && time === last) reader.invalid('not canonical')
    const count = head % 2 === MORE ? reader.varint() + 2 : 1
    if (count > left) reader.invalid('not as announced')
    times.push(time)
    counts.push(count)
    left -= count
  }
  return { times, counts }
}

function follow(reader: Reader, head: number, before: number): number {
  const flags = head % 4
  const step = (head - flags) / 4
  if (flags < BACKWARD) {
    if (before + step > Number.MAX_SAFE_INTEGER) reader.invalid('out of range')
    return before + step
  }
  if (step > before) reader.invalid('out of range')
  if (step > 0) return before - step
  const time = reader.varint()
  if (Math.abs(time - before) < STEP_LIMIT) reader.invalid('not canonical')
  return time
}
