/** Reads what the storage has of a document, and decides under which actor it is continued. */
import { type ActorId, openChange } from '@joinery/core'
import type { LogEntry, Position } from '@joinery/sync'
import { Journal, OWN, readPosition } from './journal.ts'
import type { Place } from './place.ts'
import { type DocRecord, type ParkedEdit, parkedPrefix, readParked, readRecord, recordName } from './records.ts'
import type { Shared } from './shared.ts'

/** When a document was opened last is known so exactly. */
const OPENED_MS = 86_400_000

export interface LoadOptions {
  readonly id: string
  readonly shared: Shared
  /** The actor to take where none can be continued. */
  readonly drawn: ActorId
  /** Whether that actor wrote here before, in a tab that another one led. */
  readonly succeeds: boolean
  /** Whether the actor that wrote here last may go on; always by default. */
  readonly claim?: ((actor: ActorId) => Promise<boolean>) | undefined
  readonly onTrouble: (error: unknown) => void
}

export interface Loaded {
  readonly journal: Journal
  /** What leads to the document, in order. */
  readonly parts: readonly Uint8Array[]
  /** Those of them that were made here and the server has not stored. */
  readonly unstored: readonly Uint8Array[]
  readonly position: Position | undefined
  readonly parked: readonly ParkedEdit[]
}

export async function loadReplica(place: Place, options: LoadOptions): Promise<Loaded> {
  const { found, ...loaded } = await readReplica(place, options)
  const { journal } = loaded
  const { actor, openedAtMs = 0 } = journal.record
  // Before it is used, so that a later life of the storage knows of it.
  if (found !== undefined && found.actor !== actor) void journal.save()
  else if (found !== undefined && openedAtMs - (found.openedAtMs ?? 0) > OPENED_MS) journal.mark({})
  return loaded
}

/** The same to look at: it is not written that it was opened. */
export async function readReplica(
  place: Place,
  options: LoadOptions,
): Promise<Loaded & { readonly found: DocRecord | undefined }> {
  const { store, epoch } = place
  const { id, shared, drawn, claim, onTrouble } = options
  const { tenant, host, limits } = shared
  const text = await store.value(recordName(tenant, id))
  const found = text === undefined ? undefined : readRecord(text)
  const mayGoOn = found === undefined || options.succeeds || ((await claim?.(found.actor)) ?? true)
  const succeeds = options.succeeds || !mayGoOn
  const record = { ...continued(found, epoch, drawn, succeeds), openedAtMs: host.nowMs() }
  const journal = new Journal({ store, tenant, id, host, limits, onTrouble }, record)
  const { snapshot, entries } = await journal.read()
  const parked = await store.values(parkedPrefix(tenant, id))
  return {
    found,
    journal,
    parts: [...(snapshot === undefined ? [] : [snapshot.bytes]), ...entries.map(({ change }) => change)],
    unstored: entries.filter((entry) => isUnstored(entry, record)).map(({ change }) => change),
    position: positionOf(entries) ?? (snapshot && readPosition(snapshot.attributes)),
    parked: parked.flatMap(({ value }) => readParked(value)),
  }
}

/** The record as it goes on: under another actor where the storage may have lost or forked something. */
function continued(found: DocRecord | undefined, epoch: string, drawn: ActorId, succeeds: boolean): DocRecord {
  if (found === undefined) return { generation: 0, actor: drawn, epoch, stored: 0, former: [] }
  if (found.epoch === epoch && (!succeeds || found.actor === drawn)) return found
  const before = { actor: found.actor, stored: found.stored, epoch: found.epoch }
  const former = [...found.former.filter(({ actor }) => actor !== drawn), before]
  const stored = found.former.find(({ actor }) => actor === drawn)?.stored ?? 0
  return { ...found, actor: drawn, epoch, stored, former }
}

function isUnstored({ attributes, change }: LogEntry, record: DocRecord): boolean {
  if (attributes !== OWN) return false
  const { actor, first, length } = openChange(change).header
  const stored = actor === record.actor ? record.stored : record.former.find((each) => each.actor === actor)?.stored
  return first + length - 1 > (stored ?? 0)
}

function positionOf(entries: readonly LogEntry[]): Position | undefined {
  for (const { attributes } of entries.toReversed()) {
    const position = readPosition(attributes)
    if (position !== undefined) return position
  }
  return undefined
}
