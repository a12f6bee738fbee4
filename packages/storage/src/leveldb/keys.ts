/**
 * The layout: one ordered space of keys, so that each thing the port asks for is one range.
 *
 *     m                             the mark of the store and its counters
 *     d tenant | id                 head of a living document       e tenant | id   head of a deleted one
 *     l tenant | id | version       entry of the current life       t tenant | id   the last tombstone
 *     p tenant | position           which document and version arrived there
 *     s tenant | id                 snapshot
 *     r tenant | scope | key        receipt                         x moment receipt-key   receipts by expiry
 *     v name                        value of the host
 *
 * A name inside a key ends with two NULs and has its own NULs doubled up with a U+0001, which keeps the order of the bytes; a
 * name at the end stands as it is, so that a prefix of it is a prefix of the key.
 */
import type { DocumentKey } from '@joinery/sync'
import type { ReceiptKey } from '../common/durable-store.ts'

export const markKey = 'm'

/** Enough hexadecimal digits for every safe integer. */
const numberDigits = 14

/** A number of which the order of the text is the order of the values. */
function ordered(value: number): string {
  return value.toString(16).padStart(numberDigits, '0')
}

function inner(name: string): string {
  return `${name.includes('\0') ? name.replaceAll('\0', '\0\u0001') : name}\0\0`
}

/** What `inner` made of a name, and what stands behind it. */
function outer(text: string): { readonly name: string; readonly rest: string } {
  let end = text.indexOf('\0')
  while (text[end + 1] !== '\0') end = text.indexOf('\0', end + 1)
  const name = text.slice(0, end)
  return { name: name.includes('\0') ? name.replaceAll('\0\u0001', '\0') : name, rest: text.slice(end + 2) }
}

/** Where tenants show: heads of the living, of the deleted, receipts. */
export const tenantSpaces = ['d', 'e', 'r'] as const

/** Keys of a space that belong to tenants after this one. */
export function tenantsAfter(space: (typeof tenantSpaces)[number], tenant: string | undefined): KeyRange {
  return { gte: tenant === undefined ? space : above(space + inner(tenant)), lt: above(space) }
}

export function tenantOf(key: string): string {
  return outer(key.slice(1)).name
}

/** Heads of the living, or of the deleted, of one tenant; the id follows. */
export function headSpace(tenant: string, deleted: boolean): string {
  return `${deleted ? 'e' : 'd'}${inner(tenant)}`
}

export function headKey({ tenant, id }: DocumentKey, deleted: boolean): string {
  return headSpace(tenant, deleted) + id
}

function logSpace({ tenant, id }: DocumentKey): string {
  return `l${inner(tenant)}${inner(id)}`
}

export function logKey(key: DocumentKey, version: number): string {
  return logSpace(key) + ordered(version)
}

export function tombstoneKey({ tenant, id }: DocumentKey): string {
  return `t${inner(tenant)}${id}`
}

function arrivalSpace(tenant: string): string {
  return `p${inner(tenant)}`
}

export function arrivalKey(tenant: string, position: number): string {
  return arrivalSpace(tenant) + ordered(position)
}

export function snapshotKey({ tenant, id }: DocumentKey): string {
  return `s${inner(tenant)}${id}`
}

function receiptSpace(tenant: string): string {
  return `r${inner(tenant)}`
}

export function receiptKey({ tenant, scope, key }: ReceiptKey): string {
  return `${receiptSpace(tenant)}${inner(scope)}${key}`
}

/** Receipts of a tenant behind one of them, or all. */
export function receiptsAfter(tenant: string, place: Omit<ReceiptKey, 'tenant'> | undefined): KeyRange {
  const { gte, lt } = withPrefix(receiptSpace(tenant))
  return { gte: place === undefined ? gte : `${receiptKey({ tenant, ...place })}\0`, lt }
}

/** The names that `receiptKey` was made of. */
export function namesOfReceipt(tenant: string, key: string): ReceiptKey {
  const { name, rest } = outer(key.slice(receiptSpace(tenant).length))
  return { tenant, scope: name, key: rest }
}

/** Moments before the epoch are moments too, so all are moved up to where their text is in order. */
function momentPrefix(ms: number): string {
  return `x${(BigInt(ms) + BigInt(Number.MAX_SAFE_INTEGER)).toString(16).padStart(numberDigits, '0')}`
}

export function expiryKey(expiresAtMs: number, receipt: string): string {
  return momentPrefix(expiresAtMs) + receipt
}

export function receiptOfExpiry(expiry: string): string {
  return expiry.slice(1 + numberDigits)
}

export function valueKey(name: string): string {
  return `v${name}`
}

/** Keys from `gte` on and below `lt`, in the order of their bytes. */
export interface KeyRange {
  readonly gte: string
  readonly lt: string
}

/** All keys that begin with the text. */
export function withPrefix(prefix: string): KeyRange {
  return { gte: prefix, lt: above(prefix) }
}

/** Entries after a version. */
export function logAfter(key: DocumentKey, version: number): KeyRange {
  const space = logSpace(key)
  return { gte: space + ordered(version + 1), lt: above(space) }
}

/** Arrivals after a position; the position is where a version is in a key of the log. */
export function arrivalsAfter(tenant: string, position: number): KeyRange {
  const space = arrivalSpace(tenant)
  return { gte: space + ordered(position + 1), lt: above(space) }
}

/** Expiries up to and including a moment, which may be no whole number and beyond all that a receipt can name. */
export function expiriesUntil(ms: number): KeyRange {
  const last = Math.max(-Number.MAX_SAFE_INTEGER - 1, Math.min(Math.floor(ms), Number.MAX_SAFE_INTEGER))
  return last < -Number.MAX_SAFE_INTEGER ? { gte: 'x', lt: 'x' } : { gte: 'x', lt: above(momentPrefix(last)) }
}

/** The smallest text above all that begin with this one: its last character raised by one. */
function above(prefix: string): string {
  const characters = [...prefix]
  // Nothing is above U+10FFFF; the space's letter in front can always be raised.
  while (characters.at(-1) === '\u{10ffff}') characters.pop()
  const last = characters.pop()!.codePointAt(0)!
  // Surrogates are no characters.
  const next = last === 0xd7ff ? 0xe000 : last + 1
  return characters.join('') + String.fromCodePoint(next)
}
