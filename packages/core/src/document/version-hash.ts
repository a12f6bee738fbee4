/** One short text for a version with its chain checks, so that two replicas compare a document by comparing it. */
import type { ActorId } from '../causality/actor.ts'
import { checksum32 } from '../codec/checksum.ts'
import { Writer } from '../codec/writer.ts'

export interface VersionEntry {
  readonly actor: ActorId
  readonly counter: number
  /** Check over the actor's last change: two histories with equal counters differ in it. */
  readonly check: number
}

const SEEDS = [0x6a6f696e, 0x65727931]

/** @param entries ascending by actor. */
export function versionHash(entries: readonly VersionEntry[]): string {
  const writer = new Writer(256)
  for (const { actor, counter, check } of entries) {
    writer.string(actor)
    writer.varint(counter)
    writer.uint32(check)
  }
  const bytes = writer.finish()
  return SEEDS.map((seed) => checksum32(bytes, seed).toString(16).padStart(8, '0')).join('')
}
