/** What a change, or the state of a part of the catalog, says, as deltas. */
import { type Change, type ChangeHeader, openChange, replicaOf, type SchemaDoc } from '@joinery/core'
import { type PlainEffect, plainEffects } from '@joinery/core/plain'
import { CatalogError } from '../errors.ts'
import { type EntryKey, isKind, type Kind, kinds, membershipKey, metadataKey } from '../model/kinds.ts'
import { parseRow, type Row } from '../model/rows.ts'
import { type Shard, shardOf } from '../model/shards.ts'
import { tagOf } from '../model/tags.ts'
import { entriesOf } from '../model/writes.ts'
import type { FieldWrite, LwwDelta, OrSetDelta, StateDelta } from './delta.ts'

/** One effect of a change on the catalog. */
export interface RowEffect extends Row {
  readonly effect: PlainEffect
}

/** A change of one part of the catalog, read and found to be one. */
export interface CatalogChange {
  readonly shard: Shard
  readonly header: ChangeHeader
  readonly bytes: Uint8Array
  readonly effects: readonly RowEffect[]
}

/**
 * Reads a change. Throws `CORE_DECODE_*` where it is none, `CATALOG_DELTA_FOREIGN` where it does anything but write rows of entries of
 * one part of the catalog.
 */
export function readCatalogChange(bytes: Uint8Array): CatalogChange {
  const change = openChange(bytes)
  const effects = plainEffects(change).map(rowEffect)
  return { shard: shardOfAll(effects), header: change.header, bytes: change.bytes, effects }
}

function rowEffect(effect: PlainEffect): RowEffect {
  const { field: kind, key } = effect
  const row = isKind(kind) ? parseRow(kind, key) : undefined
  if (row === undefined) throw new CatalogError('CATALOG_DELTA_FOREIGN', 'the change writes what is no entry')
  if (row.field === '' && effect.write !== undefined && effect.write.value !== null) {
    throw new CatalogError('CATALOG_DELTA_FOREIGN', 'an addition has a value')
  }
  return { ...row, effect }
}

function shardOfAll(effects: readonly RowEffect[]): Shard {
  const found = new Set(entriesIn(effects).map(shardOf))
  const [shard] = found
  if (shard === undefined || found.size > 1) {
    throw new CatalogError('CATALOG_DELTA_FOREIGN', 'the change is not of one part of the catalog')
  }
  return shard
}

/** Each entry once. */
function entriesIn(effects: readonly RowEffect[]): EntryKey[] {
  return [...new Map(effects.map(({ kind, id }) => [membershipKey({ kind, id }), { kind, id }])).values()]
}

/** The name of a change in a list of acknowledgements. */
export function changeName(shard: Shard, { actor, first }: Pick<Change['header'], 'actor' | 'first'>): string {
  return `${shard}.${actor}.${first}`
}

/** The deltas of a change: per entry its membership, if that changes, and its metadata, if that does. */
export function deltasOf(change: CatalogChange): (OrSetDelta | LwwDelta)[] {
  const { shard, header, effects } = change
  const common = {
    change: changeName(shard, header),
    timestamp: header.timeMicros,
    node: replicaOf(header.actor),
    clock: clockOf(header),
    bytes: Buffer.from(change.bytes).toString('base64'),
  }
  return entriesIn(effects).flatMap((entry) => {
    const own = effects.filter(({ kind, id }) => kind === entry.kind && id === entry.id)
    const additions = own.filter(({ field }) => field === '')
    const fields = own.filter(({ field }) => field !== '')
    const deltas: (OrSetDelta | LwwDelta)[] = []
    if (additions.length > 0)
      deltas.push({ key: membershipKey(entry), type: 'orset', tags: tagsOf(additions), ...common })
    if (fields.length > 0) deltas.push({ key: metadataKey(entry), type: 'lww', ...fieldsOf(fields), ...common })
    return deltas
  })
}

function clockOf({ actor, first, length, deps }: ChangeHeader): Record<string, number> {
  const clock = [...deps.map((dep): [string, number] => [dep.actor, dep.counter]), [actor, first + length - 1]] as const
  return Object.fromEntries([...clock].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function tagsOf(additions: readonly RowEffect[]): OrSetDelta['tags'] {
  return {
    added: additions.flatMap(({ effect: { write } }) => (write === undefined ? [] : [tagOf(write.dot)])),
    removed: additions.flatMap(({ effect: { removed } }) => removed.map(tagOf)),
  }
}

function fieldsOf(rows: readonly RowEffect[]): Pick<LwwDelta, 'fields' | 'removed'> {
  const fields: [string, FieldWrite][] = []
  const removed: [string, string[]][] = []
  for (const { field, effect } of rows) {
    const { write } = effect
    if (write !== undefined) {
      const { value, timeMicros, replica, dot } = write
      fields.push([field, { value, timestamp: timeMicros, node: replica, tag: tagOf(dot) }])
    }
    if (effect.removed.length > 0) removed.push([field, effect.removed.map(tagOf)])
  }
  return { fields: Object.fromEntries(fields), removed: Object.fromEntries(removed) }
}

/** A part of the catalog as one delta. */
export function stateOf(shard: Shard, doc: SchemaDoc): StateDelta {
  return {
    change: stateName(shard, doc),
    key: `catalog:${shard}`,
    type: 'state',
    clock: doc.version().toJSON(),
    entries: readEntries(shard, doc),
    bytes: Buffer.from(doc.snapshot()).toString('base64'),
  }
}

function stateName(shard: Shard, doc: SchemaDoc): string {
  return `${shard}.${doc.versionHash()}`
}

/** Everything in a part of the catalog. Throws `CATALOG_DELTA_FOREIGN` for what does not belong there. */
function readEntries(shard: Shard, doc: SchemaDoc): StateDelta['entries'] {
  const known = kinds.map((kind): [Kind, StateDelta['entries'][Kind]] => [kind, readKind(shard, doc, kind)])
  return Object.fromEntries(known) as StateDelta['entries']
}

function readKind(shard: Shard, doc: SchemaDoc, kind: Kind): StateDelta['entries'][Kind] {
  const map = entriesOf(doc, kind)
  const entries = new Map<string, [string, StateDelta['entries'][Kind][string][string]][]>()
  for (const key of map.keys()) {
    const row = parseRow(kind, key)
    const value = map.getLww(key)
    if (row === undefined || value === undefined || map.conflicts(key).length > 0 || shardOf(row) !== shard) {
      throw new CatalogError('CATALOG_DELTA_FOREIGN', 'the state holds what is no entry of this part of the catalog')
    }
    const fields = entries.get(row.id) ?? []
    entries.set(row.id, fields)
    if (row.field !== '') fields.push([row.field, value])
  }
  return Object.fromEntries([...entries].map(([id, fields]) => [id, Object.fromEntries(fields)]))
}
