/**
 * Changes that nobody else has seen yet, given another life of the document or another time. For their author alone, who replaces
 * them everywhere: the same dots with other bytes are a fork to whoever has met them before.
 */
import { checksum32 } from '../codec/checksum.ts'
import { writeUint32 } from '../codec/numbers.ts'
import { Writer } from '../codec/writer.ts'
import { refuse } from '../errors.ts'
import { KIND_CHANGE } from '../kernel/frame.ts'
import { type Change, checkIncarnation, flagsOf, openChange, writeNote } from './change.ts'

export interface Restamp {
  /** The life of the document that they belong to from now on; left out: the same. */
  readonly incarnation?: string
  /** The time of a change from the one it had, both in microseconds since 1970; left out: the same. */
  readonly timeMicros?: (before: number) => number
  /** The change that the first of them follows, where that was written anew before; left out: the one that it followed. */
  readonly after?: Uint8Array
}

/**
 * Writes the changes of one actor anew, which follow each other without gap. What they wrote keeps its distance to the time of its
 * change; moves of list elements keep their times.
 *
 * Throws `CORE_PRECONDITION_FAILED` for a signed change, and `CORE_DECODE_*`.
 */
export function restampChanges(changes: readonly Uint8Array[], restamp: Restamp): Uint8Array[] {
  if (restamp.incarnation !== undefined) checkIncarnation(restamp.incarnation)
  let previous = restamp.after === undefined ? undefined : checksum32(restamp.after)
  return changes.map((bytes) => {
    const written = write(openChange(bytes), restamp, previous)
    previous = checksum32(written)
    return written
  })
}

function write(
  { bytes, header, actors, payloadAt }: Change,
  restamp: Restamp,
  previous: number | undefined,
): Uint8Array {
  const { incarnation = header.incarnation, timeMicros } = restamp
  if (header.signature !== undefined) refuse('CORE_PRECONDITION_FAILED', 'a signed change stays as it is')
  const writer = new Writer(bytes.length + 64)
  writer.byte(KIND_CHANGE)
  writer.varint(flagsOf(header))
  writer.string(incarnation)
  writer.varint(actors.length)
  for (const actor of actors) writer.string(actor)
  writer.varint(header.first)
  writer.varint(header.length)
  writeUint32(writer, previous ?? header.previous)
  writer.varint(timeMicros?.(header.timeMicros) ?? header.timeMicros)
  writer.varint(header.deps.length)
  for (const { actor, counter } of header.deps) {
    writer.varint(actors.indexOf(actor))
    writer.varint(counter)
  }
  writeNote(writer, header)
  writer.append(bytes.subarray(payloadAt))
  return writer.finish()
}
