/** What is written to a part of the catalog. Each of these is called inside of one change, so that it is done whole or not at all. */
import { type OrMap, orMap, type SchemaDoc } from '@joinery/core'
import type { Metadata } from './checks.ts'
import type { EntryKey, Kind } from './kinds.ts'
import { rowKey } from './rows.ts'

/** The entries of one kind in a part of the catalog. */
export function entriesOf(doc: SchemaDoc, kind: Kind): OrMap {
  return doc.field(kind, orMap())
}

/**
 * Adds an entry, or joins what is there: an addition is one more tag of an OR-Set, so that a removal that has not seen it leaves it
 * where it is.
 */
export function addEntry(doc: SchemaDoc, entry: EntryKey, metadata: Metadata): void {
  entriesOf(doc, entry.kind).setLww(rowKey(entry.id), null)
  setFields(doc, entry, metadata)
}

/** Writes fields of an entry. Each is a tag of the entry, too: who updates it wants it to be there. */
export function updateEntry(doc: SchemaDoc, entry: EntryKey, metadata: Metadata): void {
  if (Object.keys(metadata).length === 0) addEntry(doc, entry, metadata)
  else setFields(doc, entry, metadata)
}

function setFields(doc: SchemaDoc, { kind, id }: EntryKey, metadata: Metadata): void {
  const map = entriesOf(doc, kind)
  for (const [field, value] of Object.entries(metadata)) map.setLww(rowKey(id, field), value)
}

/** Removes what is seen of an entry here; `fields` are those that it has. Whoever adds it again begins with nothing. */
export function removeEntry(doc: SchemaDoc, { kind, id }: EntryKey, fields: readonly string[]): void {
  const map = entriesOf(doc, kind)
  map.remove(rowKey(id))
  for (const field of fields) map.remove(rowKey(id, field))
}
