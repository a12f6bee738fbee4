/**
 * Keys. IndexedDB orders text by its UTF-16 units, the port by the bytes of its UTF-8, so names are bytes in keys.
 *
 * IndexedDB orders a number before bytes and bytes before an array: an empty array stands behind whatever a part of a key can be.
 */
import type { DocumentKey } from '@joinery/sync'

export type Bytes = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()
// Not one that drops a leading U+FEFF.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const behindAll: readonly never[] = []

export function toBytes(text: string): Bytes {
  return encoder.encode(text)
}

export function toText(bytes: Bytes | ArrayBuffer): string {
  return decoder.decode(bytes)
}

/** The smallest bytes above all that begin with these; no UTF-8 has a byte 0xff. */
function above(prefix: Bytes): Bytes {
  if (prefix.length === 0) return Uint8Array.of(0xff)
  const next = prefix.slice()
  next[next.length - 1]! += 1
  return next
}

/** All names that begin with the text. */
export function withPrefix(prefix: string): IDBKeyRange {
  const from = toBytes(prefix)
  return IDBKeyRange.bound(from, above(from), false, true)
}

/** In the order of IndexedDB. */
export function compare(a: IDBValidKey, b: IDBValidKey): number {
  return indexedDB.cmp(a, b)
}

export function documentKey({ tenant, id }: DocumentKey): IDBValidKey[] {
  return [toBytes(tenant), toBytes(id)]
}

/** Versions after one and up to another; without that, all that follow. */
export function versionsAfter(key: DocumentKey, after: number, until?: number): IDBKeyRange {
  const document = documentKey(key)
  return IDBKeyRange.bound([...document, after], [...document, until ?? behindAll], true)
}

/** Arrivals at a tenant after a position. */
export function positionsAfter(tenant: string, after: number): IDBKeyRange {
  const name = toBytes(tenant)
  return IDBKeyRange.bound([name, after], [name, behindAll], true)
}

/**
 * Ids of a tenant with a prefix and behind another id, under what the index has in front of them. Absent when there can be none.
 */
export function idsAfter(
  front: readonly IDBValidKey[],
  prefix: string,
  after: string | undefined,
): IDBKeyRange | undefined {
  const from = toBytes(prefix)
  const last = [...front, above(from)]
  const next = after === undefined ? undefined : toBytes(after)
  if (next === undefined || compare(next, from) < 0) return IDBKeyRange.bound([...front, from], last, false, true)
  return compare([...front, next], last) < 0 ? IDBKeyRange.bound([...front, next], last, true, true) : undefined
}

/** Receipts of a tenant behind one of them, or all. */
export function receiptsAfter(tenant: string, place?: { readonly scope: string; readonly key: string }): IDBKeyRange {
  const name = toBytes(tenant)
  const from = place ? [name, toBytes(place.scope), toBytes(place.key)] : [name]
  return IDBKeyRange.bound(from, [name, behindAll], true)
}

/** The first key of whatever tenant comes next. */
export function behindTenant(tenant: Bytes | ArrayBuffer): IDBValidKey[] {
  return [tenant, behindAll as never[]]
}
