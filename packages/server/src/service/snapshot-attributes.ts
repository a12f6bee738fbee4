/** What is kept beside a snapshot, in the store: when its live tags arrived, and which changes it covers. JSON. */
import type { ActorId, Doc } from '@joinery/core'
import type { Known } from '@joinery/sync'
import { Arrivals, type ArrivalsJson } from './arrivals.ts'

interface SnapshotAttributes {
  readonly arrivals: Arrivals
  /** What the snapshot covers of each actor; undefined where it was written without. */
  readonly chain: ReadonlyMap<ActorId, Known> | undefined
}

interface Written {
  readonly arrivals: ArrivalsJson
  /** By actor, the last dot and the check over its change. */
  readonly chain: Readonly<Record<ActorId, readonly [known: number, knownCheck: number]>>
}

export function writeSnapshotAttributes(doc: Doc, arrivals: Arrivals): string {
  const chain: Record<ActorId, readonly [number, number]> = {}
  for (const { actor, counter, check } of doc.chain()) chain[actor] = [counter, check]
  return JSON.stringify({ arrivals: arrivals.toJSON(doc.tags()), chain } satisfies Written)
}

export function readSnapshotAttributes(text: string): SnapshotAttributes {
  const read = JSON.parse(text) as Written | ArrivalsJson
  // Before they told what they cover, they were the arrivals alone, by actor: no actor has such a name.
  if (!isWritten(read)) {
    return { arrivals: Arrivals.of(('arrivals' in read ? read.arrivals : read) as ArrivalsJson), chain: undefined }
  }
  const chain = new Map<ActorId, Known>()
  for (const [actor, [known, knownCheck]] of Object.entries(read.chain)) {
    chain.set(actor as ActorId, { known, knownCheck })
  }
  return { arrivals: Arrivals.of(read.arrivals), chain }
}

function isWritten(read: Written | ArrivalsJson): read is Written {
  return 'chain' in read && 'arrivals' in read
}
