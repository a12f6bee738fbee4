/** How a life ended: who ended it and when. Of two that ended one life at once, the smaller stays, the same everywhere. */
import { type ActorId, CoreError, Reader, Writer } from '@joinery/core'
import { actorBytesMax } from '../messages/fields.ts'

/** First byte: no change, bundle or snapshot begins with it. */
const KIND_TOMBSTONE = 0x1e

export interface Tombstone {
  readonly actor: ActorId
  readonly timeMicros: number
}

export function encodeTombstone({ actor, timeMicros }: Tombstone): Uint8Array {
  const writer = new Writer(64)
  writer.byte(KIND_TOMBSTONE)
  writer.varint(timeMicros)
  writer.string(actor)
  return writer.finish()
}

export function isTombstone(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && bytes[0] === KIND_TOMBSTONE
}

/** Answers undefined for bytes that are none. */
export function readTombstone(bytes: Uint8Array): Tombstone | undefined {
  if (!isTombstone(bytes)) return undefined
  const reader = new Reader(bytes, 1)
  try {
    const timeMicros = reader.varint()
    const actor = reader.string(actorBytesMax) as ActorId
    reader.finish()
    return { actor, timeMicros }
  } catch (error) {
    if (error instanceof CoreError) return undefined
    throw error
  }
}

/** The one that stays. */
export function joinTombstones(known: Uint8Array | undefined, other: Uint8Array): Uint8Array {
  if (known === undefined) return other
  const length = Math.min(known.length, other.length)
  for (let i = 0; i < length; i += 1) {
    const difference = (known[i] as number) - (other[i] as number)
    if (difference !== 0) return difference < 0 ? known : other
  }
  return known.length <= other.length ? known : other
}
