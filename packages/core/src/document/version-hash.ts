/** One short text for a version with its chain checks, so that two replicas compare a document by comparing it. */

import type { ActorTable } from '../causality/actor.ts'
import type { CausalContext } from '../causality/causal-context.ts'
import { checksum32 } from '../codec/checksum.ts'
import { writeUint32 } from '../codec/numbers.ts'
import { Writer } from '../codec/writer.ts'

const SEEDS = [0x6a6f696e, 0x65727931]

/** @param checks over the last change of each actor: two histories with equal counters differ in them. */
export function versionHash(actors: ActorTable, context: CausalContext, checks: readonly number[]): string {
  const known = actors.ids.map((_, actor) => actor).filter((actor) => context.prefix(actor) > 0)
  const writer = new Writer(256)
  for (const actor of known.sort(actors.compare)) {
    writer.string(actors.id(actor))
    writer.varint(context.prefix(actor))
    writeUint32(writer, checks[actor] ?? 0)
  }
  const bytes = writer.finish()
  return SEEDS.map((seed) => checksum32(bytes, seed).toString(16).padStart(8, '0')).join('')
}
