import type { ImportOptions, StoredDocument } from '@joinery/sync'
import { positionTaken } from '../common/rules.ts'
import { entriesOf } from '../common/stored-document.ts'
import type { Arrival } from './arrivals.ts'
import type { Medium } from './medium.ts'
import { copyBytes, copyEntry } from './write.ts'

/** Writes a document that was checked. Refuses a position that another document has before anything is changed. */
export function writeImport(medium: Medium, document: StoredDocument, { arrival }: ImportOptions): void {
  const { head, tombstone, snapshot } = document
  const tenant = medium.tenantForWriting(head.key.tenant)
  const old = tenant.documents.get(head.key.id)
  const dropped = old ? [...(old.tombstone ? [old.tombstone] : []), ...old.log] : []
  if (arrival === 'kept') {
    const own = new Set(dropped.map(({ entry }) => entry.position))
    for (const { position } of entriesOf(document)) {
      if (tenant.arrivals.has(position) && !own.has(position)) throw positionTaken(position)
    }
  }
  tenant.arrivals.drop(dropped)
  const key = old?.key ?? { tenant: head.key.tenant, id: head.key.id }
  const arrivals = entriesOf(document).map((entry): Arrival => {
    const position = arrival === 'kept' ? entry.position : medium.lastPosition + 1
    medium.lastPosition = Math.max(medium.lastPosition, position)
    return { entry: { ...copyEntry(entry), key, position }, gone: false }
  })
  for (const one of arrivals) tenant.arrivals.insert(one)
  const { version, incarnation, deleted, attributes, snapshotVersion, compactedVersion } = head
  const imported = {
    key,
    version,
    incarnation,
    deleted,
    attributes,
    snapshotVersion,
    compactedVersion,
    tombstone: tombstone && arrivals[0],
    log: tombstone ? arrivals.slice(1) : arrivals,
    snapshot: snapshot && { ...snapshot, bytes: copyBytes(snapshot.bytes) },
  }
  if (old) Object.assign(old, imported)
  else medium.addDocument(imported)
}
