/** All entries, in memory, with the indexes that find them. Told of every row that changes. */
import type { JsonValue } from '@joinery/core'
import type { CatalogLimits } from '../limits.ts'
import type { EntryKey, Kind } from '../model/kinds.ts'
import type { Row } from '../model/rows.ts'
import { Bitset } from './bitset.ts'
import { type IndexKey, keysOf } from './index-key.ts'
import { OrderedIndex } from './ordered-index.ts'
import { TextIndex } from './text-index.ts'
import { wordsOf } from './words.ts'

export interface Entry extends EntryKey {
  readonly metadata: Readonly<Record<string, JsonValue>>
  /** Whether an addition shows; otherwise concurrent updates alone keep it. */
  readonly isAdded: boolean
}

/** A row that reads differently now; without a value it is gone. */
export interface RowChange extends Row {
  readonly value: JsonValue | undefined
}

export interface TableOptions {
  readonly limits: CatalogLimits
  /** Fields that have an index. */
  readonly indexed: readonly string[]
}

export class Table {
  readonly words: TextIndex = new TextIndex()
  readonly ids: OrderedIndex
  readonly fields: ReadonlyMap<string, OrderedIndex>
  readonly ofKind: Readonly<Record<Kind, Bitset>> = { snapshots: new Bitset(), images: new Bitset() }
  readonly #limits: CatalogLimits
  readonly #entries: (Entry | undefined)[] = []
  readonly #free: number[] = []
  readonly #numbers: Readonly<Record<Kind, Map<string, number>>> = { snapshots: new Map(), images: new Map() }
  /** Before the indexes are built, entries come without them. */
  #isBuilt = false

  constructor({ limits, indexed }: TableOptions) {
    this.#limits = limits
    const index = (): OrderedIndex => new OrderedIndex((a, b) => compareEntries(this.entry(a), this.entry(b)))
    this.ids = index()
    this.fields = new Map(indexed.map((field) => [field, index()]))
  }

  get size(): number {
    return this.#numbers.snapshots.size + this.#numbers.images.size
  }

  count(kind: Kind): number {
    return this.#numbers[kind].size
  }

  /** Entry by number: one that is there. */
  entry(n: number): Entry {
    return this.#entries[n] as Entry
  }

  get({ kind, id }: EntryKey): Entry | undefined {
    const n = this.#numbers[kind].get(id)
    return n === undefined ? undefined : this.#entries[n]
  }

  *all(): Iterable<Entry> {
    for (const entry of this.#entries) if (entry !== undefined) yield entry
  }

  /** Takes rows in; answers the entries that are other ones than before, as they were named. */
  apply(rows: readonly RowChange[]): EntryKey[] {
    const changed: EntryKey[] = []
    for (let from = 0; from < rows.length; ) {
      const { kind, id } = rows[from] as RowChange
      let to = from + 1
      while (to < rows.length && rows[to]?.id === id && rows[to]?.kind === kind) to += 1
      if (this.#applyTo({ kind, id }, rows.slice(from, to))) changed.push({ kind, id })
      from = to
    }
    return changed
  }

  /** Builds the indexes, once everything that was stored is in. */
  build(): void {
    const ids = new Map<string, number[]>()
    for (const [n, entry] of this.#entries.entries()) if (entry !== undefined) pushTo(ids, entry.id, n)
    for (const same of ids.values()) same.sort((a, b) => compareEntries(this.entry(a), this.entry(b)))
    this.ids.build(ids)
    const numbers: number[] = []
    this.ids.walk((n) => numbers.push(n) > 0)
    // By id, so that entries of one key stand in that order, too.
    const groups = groupsOf(numbers, this)
    for (const [field, index] of this.fields) index.build(groups.get(field) as Groups)
    for (const n of numbers) {
      const { id, metadata } = this.entry(n)
      for (const word of wordsOf(id, metadata, this.#limits)) this.words.add(word, n)
    }
    this.#isBuilt = true
  }

  #applyTo(key: EntryKey, rows: readonly RowChange[]): boolean {
    const n = this.#numbers[key.kind].get(key.id)
    const before = n === undefined ? undefined : this.#entries[n]
    const after = changedEntry(key, before, rows)
    if (after === undefined) {
      if (n === undefined || before === undefined) return false
      this.#reindex(n, before, undefined)
      this.#drop(n, before)
      return true
    }
    const number = n ?? this.#number(after)
    // Order among equals is by id, which the indexes look up here.
    this.#entries[number] = after
    this.#reindex(number, before, after)
    return true
  }

  #number({ kind, id }: EntryKey): number {
    const n = this.#free.pop() ?? this.#entries.length
    this.#numbers[kind].set(id, n)
    this.ofKind[kind].add(n)
    return n
  }

  #drop(n: number, { kind, id }: EntryKey): void {
    this.#entries[n] = undefined
    this.#numbers[kind].delete(id)
    this.ofKind[kind].delete(n)
    this.#free.push(n)
  }

  #reindex(n: number, before: Entry | undefined, after: Entry | undefined): void {
    if (!this.#isBuilt) return
    if (before === undefined) this.ids.insert((after as Entry).id, n)
    if (after === undefined) this.ids.delete((before as Entry).id, n)
    for (const [field, index] of this.fields) {
      const [was, is] = [own(before, field), own(after, field)]
      if (was === is) continue
      for (const key of keysOf(was)) index.delete(key, n)
      for (const key of keysOf(is)) index.insert(key, n)
    }
    this.#rewrite(n, before, after)
  }

  #rewrite(n: number, before: Entry | undefined, after: Entry | undefined): void {
    const was = before === undefined ? NO_WORDS : wordsOf(before.id, before.metadata, this.#limits)
    const is = after === undefined ? NO_WORDS : wordsOf(after.id, after.metadata, this.#limits)
    for (const word of was) if (!is.has(word)) this.words.delete(word, n)
    for (const word of is) if (!was.has(word)) this.words.add(word, n)
  }
}

const NO_WORDS: ReadonlySet<string> = new Set()

/** A field of an entry, whatever it is called: `__proto__` is a name like any other. */
export function own(entry: Entry | undefined, field: string): JsonValue | undefined {
  return entry !== undefined && Object.hasOwn(entry.metadata, field) ? entry.metadata[field] : undefined
}

/** By id, letter by letter, then by kind. */
export function compareEntries(a: EntryKey, b: EntryKey): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1
  return a.kind === b.kind ? 0 : a.kind < b.kind ? -1 : 1
}

/** Undefined where nothing of it is left. */
function changedEntry(
  { kind, id }: EntryKey,
  before: Entry | undefined,
  rows: readonly RowChange[],
): Entry | undefined {
  let isAdded = before?.isAdded ?? false
  const metadata = { ...before?.metadata }
  let size = Object.keys(metadata).length
  for (const { field, value } of rows) {
    if (field === '') isAdded = value !== undefined
    else if (value === undefined) {
      if (Object.hasOwn(metadata, field)) size -= 1
      delete metadata[field]
    } else {
      if (!Object.hasOwn(metadata, field)) size += 1
      define(metadata, field, value)
    }
  }
  return isAdded || size > 0 ? { kind, id, metadata, isAdded } : undefined
}

function define(metadata: Record<string, JsonValue>, field: string, value: JsonValue): void {
  if (field !== '__proto__') metadata[field] = value
  else Object.defineProperty(metadata, field, { value, enumerable: true, configurable: true, writable: true })
}

/** Entries by key. */
type Groups = Map<IndexKey, number[]>

/** By indexed field. Entries have few fields: they are asked for theirs, not for all that there are. */
function groupsOf(numbers: readonly number[], table: Table): Map<string, Groups> {
  const all = new Map<string, Groups>([...table.fields.keys()].map((field) => [field, new Map()]))
  for (const n of numbers) {
    const { metadata } = table.entry(n)
    for (const field of Object.keys(metadata)) {
      const groups = all.get(field)
      if (groups !== undefined) for (const key of keysOf(metadata[field])) pushTo(groups, key, n)
    }
  }
  return all
}

function pushTo<K>(lists: Map<K, number[]>, key: K, n: number): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [n])
  else list.push(n)
}
