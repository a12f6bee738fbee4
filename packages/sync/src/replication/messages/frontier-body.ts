/** A frontier in a message: what a node has of one life, actor by actor. */
import type { Reader, Writer } from '@joinery/core'
import { limits } from '@joinery/core'
import { replicationLimits } from '../limits.ts'
import { actorBytesMax, readActor, readBoolean, readCount, readLife, readWord, writeLife, writeWord } from './fields.ts'
import type { FrontierEntry, LifeFrontier } from './messages.ts'

/** An actor of one byte of name, a counter and a check. */
const ENTRY_BYTES = 24

export function writeFrontier(writer: Writer, life: LifeFrontier): void {
  writeLife(writer, life)
  writer.byte(life.ended ? 1 : 0)
  writer.string(life.after)
  writer.string(life.through)
  writer.varint(life.entries.length)
  for (const { actor, counter, check } of life.entries) {
    writer.string(actor)
    writer.varint(counter)
    writeWord(writer, check)
  }
}

export function readFrontier(reader: Reader): LifeFrontier {
  const life = readLife(reader)
  const ended = readBoolean(reader)
  const after = reader.string(actorBytesMax)
  const through = reader.string(actorBytesMax)
  const entries: FrontierEntry[] = []
  for (let left = readCount(reader, ENTRY_BYTES, replicationLimits.vectorEntriesMax); left > 0; left -= 1) {
    const actor = readActor(reader)
    entries.push({ actor, counter: reader.varint(limits.dotCounterMax), check: readWord(reader) })
  }
  return { ...life, ended, after, through, entries }
}
