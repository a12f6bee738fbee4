/** Takes a document off the device, and those that nobody has opened for long. What the server has of them stays. */
import { refuse } from '../errors.ts'
import { Journal } from './journal.ts'
import { readReplica } from './load.ts'
import type { Place } from './place.ts'
import { parkedPrefix, readRecord, recordName, recordPrefix, undoName, writeRecord } from './records.ts'
import type { Shared } from './shared.ts'
import type { ForgetOptions } from './types.ts'

/** Throws `CLIENT_DOCUMENT_OPEN`, `CLIENT_UNSENT`, and what the store throws. */
export async function forgetDocument(
  place: Place,
  shared: Shared,
  id: string,
  { unsent }: ForgetOptions = {},
): Promise<void> {
  const alone = (await shared.tabs?.alone(shared.tenant, id)) ?? (() => {})
  if (alone === 'taken') refuse('CLIENT_DOCUMENT_OPEN', `"${id}" is open in another tab`)
  try {
    if (unsent !== 'drop') await requireSent(place, shared, id)
    await remove(place, shared, id)
  } finally {
    alone()
  }
}

/** Forgets documents that were not opened for `idleDocumentMsMax`, as far as nothing of them waits. */
export async function forgetIdle(place: Place, shared: Shared, isOpen: (id: string) => boolean): Promise<void> {
  const { tenant, host, limits } = shared
  const before = host.nowMs() - limits.idleDocumentMsMax
  for (const { name, value } of await place.store.values(recordPrefix(tenant))) {
    const { openedAtMs = before } = readRecord(value)
    const id = (JSON.parse(name.slice(name.indexOf('['))) as readonly [string, string])[1]
    if (openedAtMs < before && !isOpen(id)) await forgetDocument(place, shared, id).catch(() => {})
  }
}

async function requireSent(place: Place, shared: Shared, id: string): Promise<void> {
  const drawn = shared.drawnActor()
  const { unstored, parked } = await readReplica(place, { id, shared, drawn, succeeds: false, onTrouble: () => {} })
  const count = unstored.length + parked.length
  if (count > 0) refuse('CLIENT_UNSENT', `${count} edits of "${id}" are not at the server`)
}

async function remove({ store, epoch }: Place, shared: Shared, id: string): Promise<void> {
  const { tenant, host, limits } = shared
  const name = recordName(tenant, id)
  const text = await store.value(name)
  const generation = text === undefined ? 0 : generationOf(text)
  // First: what nothing points to is loaded under another actor, should this end half-way.
  await store.setValue(name, undefined)
  for (const parked of await store.values(parkedPrefix(tenant, id))) await store.setValue(parked.name, undefined)
  await store.setValue(undoName(tenant, id), undefined)
  const record = { generation, actor: shared.drawnActor(), epoch, stored: 0, former: [] }
  try {
    await new Journal({ store, tenant, id, host, limits, onTrouble: () => {} }, record).end(generation)
  } catch {
    // It cannot even be read what there is: the document begins beside it.
    await store.setValue(name, writeRecord({ ...record, generation: generation + 1 }))
  }
}

/** Of a record that may be damaged. */
function generationOf(text: string): number {
  try {
    return readRecord(text).generation
  } catch {
    return 0
  }
}
