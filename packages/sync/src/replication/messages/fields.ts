/** The pieces that messages are made of. */
import type { ActorId, Reader, Writer } from '@joinery/core'
import { limits, parseActorId } from '@joinery/core'
import type { Hash64 } from '../hash64.ts'
import { documentIdBytesMax } from '../limits.ts'
import type { LifeKey } from './messages.ts'

export function writeWord(writer: Writer, value: number): void {
  for (let shift = 0; shift < 32; shift += 8) writer.byte((value >>> shift) & 255)
}

export function readWord(reader: Reader): number {
  let value = 0
  for (let shift = 0; shift < 32; shift += 8) value |= reader.byte() << shift
  return value >>> 0
}

/** Eight bytes, least significant first. */
export function writeHash(writer: Writer, { high, low }: Hash64): void {
  writeWord(writer, low)
  writeWord(writer, high)
}

export function readHash(reader: Reader): Hash64 {
  const low = readWord(reader)
  return { high: readWord(reader), low }
}

export function writeLife(writer: Writer, { document, incarnation }: LifeKey): void {
  writer.string(document)
  writer.string(incarnation)
}

export function readLife(reader: Reader): LifeKey {
  const document = reader.string(documentIdBytesMax)
  return { document, incarnation: reader.string(limits.incarnationBytesMax) }
}

/** An actor id takes at most the replica id, the mark and the epoch. */
export const actorBytesMax: number = limits.replicaIdBytesMax + 17

export function readActor(reader: Reader): ActorId {
  const text = reader.string(actorBytesMax)
  return parseActorId(text)
}

/** A count of things, each of which takes some bytes, up to a limit. */
export function readCount(reader: Reader, bytesEach: number, max: number): number {
  const count = reader.count(bytesEach)
  if (count > max) reader.invalid('out of range')
  return count
}

export function readBoolean(reader: Reader): boolean {
  const byte = reader.byte()
  if (byte > 1) reader.invalid('not canonical')
  return byte === 1
}

/** Small magnitudes short, whatever the sign. */
export function writeSigned(writer: Writer, value: number): void {
  writer.varint(value < 0 ? -2 * value - 1 : 2 * value)
}

export function readSigned(reader: Reader): number {
  const value = reader.varint()
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}
