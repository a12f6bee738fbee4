/**
 * What takes the place of everything that a forked actor wrote from the fork on: a change that owns all its dots up to the last there
 * can be, and does nothing. Everybody who has the proof makes the same bytes, so nobody sends them; with them the actor is one that
 * nothing more can come of, and what others wrote after it waits for nothing.
 *
 * It is a change of format 1 without a signature: time 0, no dependencies, no field.
 */
import { type ActorId, limits, Writer } from '@joinery/core'
import { writeWord } from '../messages/fields.ts'

const KIND_CHANGE = 0x13

/** @param check chain check over the change that ends before `first`; 0 where there is none. */
export function voidChange(incarnation: string, actor: ActorId, first: number, check: number): Uint8Array {
  const writer = new Writer(128)
  const noFlags = 0
  const noTime = 0
  const noDependencies = 0
  const noFields = 0
  writer.byte(KIND_CHANGE)
  writer.varint(noFlags)
  writer.string(incarnation)
  writer.varint(1)
  writer.string(actor)
  writer.varint(first)
  writer.varint(limits.dotCounterMax - first + 1)
  writeWord(writer, check)
  writer.varint(noTime)
  writer.varint(noDependencies)
  writer.varint(noFields)
  return writer.finish()
}

/** Whether a change that is kept here is one: no other reaches the last dot without being signed. */
export function isVoid({
  first,
  length,
  signature,
}: {
  first: number
  length: number
  signature?: Uint8Array
}): boolean {
  return first + length - 1 === limits.dotCounterMax && signature === undefined
}
