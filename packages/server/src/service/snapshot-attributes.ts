/** What is kept beside a snapshot, in the store: when its live tags arrived, and which changes it covers. JSON. */
import type { ActorId, Doc } from '@joinery/core'
import { Arrivals, type ArrivalsJson } from './arrivals.ts'

interface SnapshotAttributes {
  readonly arrivals: Arrivals
  /** The last dot of each actor that the snapshot covers; undefined where it was written without. */
  readonly version: ReadonlyMap<ActorId, number> | undefined
}

interface Written {
  readonly arrivals: ArrivalsJson
  readonly version: Readonly<Record<ActorId, number>>
}

export function writeSnapshotAttributes(doc: Doc, arrivals: Arrivals): string {
  const version = Object.fromEntries(doc.version().entries())
  return JSON.stringify({ arrivals: arrivals.toJSON(doc.tags()), version } satisfies Written)
}

export function readSnapshotAttributes(text: string): SnapshotAttributes {
  const read = JSON.parse(text) as Written | ArrivalsJson
  // Before they told their version, they were the arrivals alone, by actor: no actor has such a name.
  if (!isWritten(read)) return { arrivals: Arrivals.of(read), version: undefined }
  return { arrivals: Arrivals.of(read.arrivals), version: new Map(Object.entries(read.version) as [ActorId, number][]) }
}

function isWritten(read: Written | ArrivalsJson): read is Written {
  return 'version' in read && 'arrivals' in read
}
