/** A page of what a query finds, in order. */
import type { JsonValue } from '@joinery/core'
import type { CatalogLimits } from '../limits.ts'
import { type EntryKey, type Kind, kinds } from '../model/kinds.ts'
import type { Bitset } from './bitset.ts'
import { type Place, readCursor, writeCursor } from './cursor.ts'
import { evaluate } from './evaluate.ts'
import type { Expression } from './expression.ts'
import { compareKeys, type IndexKey, keysOf } from './index-key.ts'
import type { IndexPlace } from './ordered-index.ts'
import { parseQuery } from './parse.ts'
import { compareEntries, type Entry, own, type Table } from './table.ts'

export interface QueryRequest {
  /** Both where it is left out. */
  readonly kind?: Kind | undefined
  readonly q?: string | undefined
  /** A field, or `id`; with a minus the other way round. Entries without the field come last. */
  readonly sort?: string | undefined
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
  /** Fields of metadata to answer; all where it is left out. */
  readonly fields?: readonly string[] | undefined
}

export interface QueryItem extends EntryKey {
  readonly metadata: Readonly<Record<string, JsonValue>>
}

export interface QueryPage {
  readonly items: readonly QueryItem[]
  /** Absent on the last page. */
  readonly cursor?: string
}

/** From so few matches on it is cheaper to sort them than to walk over an index until a page is full. */
const SORTED_MAX = 4_096

/** Throws `CATALOG_QUERY_INVALID`, `CATALOG_CURSOR_INVALID`. */
export function runQuery(table: Table, request: QueryRequest, limits: CatalogLimits): QueryPage {
  const expression = parseQuery(request.q ?? '', limits)
  const limit = Math.min(request.limit ?? limits.queryLimitDefault, limits.queryLimitMax)
  const order = orderOf(request.sort)
  const after = request.cursor === undefined ? undefined : readCursor(request.cursor, request)
  const found = matches(expression, table, request.kind)
  // One more than is answered says whether there is another page.
  const numbers = pageOf({ table, found, order, after, count: limit + 1, isAll: expression === undefined })
  const shown = numbers.slice(0, limit)
  const items = shown.map((n) => itemOf(table.entry(n), request.fields))
  const last = shown.at(-1)
  if (numbers.length <= limit || last === undefined) return { items }
  return { items, cursor: writeCursor(placeOf(table.entry(last), order), request) }
}

function matches(expression: Expression | undefined, table: Table, kind: Kind | undefined): Bitset {
  const { ofKind } = table
  const among =
    kind === undefined
      ? kinds.slice(1).reduce((all, each) => all.unite(ofKind[each]), ofKind[kinds[0]].copy())
      : ofKind[kind]
  return expression === undefined ? among : evaluate(expression, table, among)
}

interface Order {
  /** Undefined for the id. */
  readonly field: string | undefined
  readonly isDescending: boolean
}

function orderOf(sort = 'id'): Order {
  const isDescending = sort.startsWith('-')
  const name = isDescending ? sort.slice(1) : sort
  return { field: name === 'id' ? undefined : name, isDescending }
}

interface PageOptions {
  readonly table: Table
  readonly found: Bitset
  readonly order: Order
  readonly after: Place | undefined
  readonly count: number
  /** Everything of a kind was asked for: any walk fills a page at once. */
  readonly isAll: boolean
}

function pageOf(options: PageOptions): number[] {
  const { table, found, order, isAll } = options
  const index = order.field === undefined ? table.ids : table.fields.get(order.field)
  if (index === undefined || (!isAll && found.count <= SORTED_MAX)) return selected(options)
  return walked(options)
}

function keyOf(entry: Entry, { field }: Order): IndexKey | undefined {
  return field === undefined ? entry.id : keysOf(own(entry, field))[0]
}

function placeOf(entry: Entry, order: Order): Place {
  return { key: keyOf(entry, order) ?? null, kind: entry.kind, id: entry.id }
}

/** Order of two places: those without a key last, whichever way round. */
function comparePlaces(a: Place, b: Place, { isDescending }: Order): number {
  if (a.key === null || b.key === null) {
    return a.key === b.key ? compareEntries(a, b) : a.key === null ? 1 : -1
  }
  const ascending = compareKeys(a.key, b.key) || compareEntries(a, b)
  return isDescending ? -ascending : ascending
}

/** Looks at every match, and keeps the first few in order. */
function selected({ table, found, order, after, count }: PageOptions): number[] {
  const kept: { readonly place: Place; readonly n: number }[] = []
  found.each((n) => {
    const place = placeOf(table.entry(n), order)
    if (after !== undefined && comparePlaces(place, after, order) <= 0) return
    const last = kept[count - 1]
    if (last !== undefined && comparePlaces(place, last.place, order) > 0) return
    let [from, to] = [0, kept.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if (comparePlaces((kept[middle] as { place: Place }).place, place, order) < 0) from = middle + 1
      else to = middle
    }
    kept.splice(from, 0, { place, n })
    if (kept.length > count) kept.pop()
  })
  return kept.map(({ n }) => n)
}

/** Walks over an index until the page is full, then over those that have no place in it. */
function walked({ table, found, order, after, count }: PageOptions): number[] {
  const numbers: number[] = []
  const { field, isDescending } = order
  const index = field === undefined ? table.ids : table.fields.get(field)
  const visit = (n: number, key: IndexKey): boolean => {
    // An entry with several keys stands where its first one is.
    if (found.has(n) && keyOf(table.entry(n), order) === key) numbers.push(n)
    return numbers.length < count
  }
  if (after?.key !== null) {
    const place = after && indexPlace(table, after.key, after)
    if (isDescending) index?.walkBack(visit, place)
    else index?.walk(visit, place)
  }
  if (numbers.length >= count || field === undefined) return numbers
  const from = after?.key === null ? after : undefined
  const rest = (n: number): boolean => {
    if (found.has(n) && keyOf(table.entry(n), order) === undefined) numbers.push(n)
    return numbers.length < count
  }
  table.ids.walk(rest, from && indexPlace(table, from.id, from))
  return numbers
}

function indexPlace(table: Table, key: IndexKey, place: EntryKey): IndexPlace {
  return { key, compare: (n) => compareEntries(place, table.entry(n)) }
}

function itemOf({ kind, id, metadata }: Entry, fields: readonly string[] | undefined): QueryItem {
  if (fields === undefined) return { kind, id, metadata }
  const shown = fields.filter((field) => Object.hasOwn(metadata, field)).map((field) => [field, metadata[field]])
  return { kind, id, metadata: Object.fromEntries(shown) as Record<string, JsonValue> }
}
