/**
 * Records of one kind, as they are now: kept in memory from what the documents tell, so that reading costs no more than looking. Writes
 * go to the documents, and come back from there.
 */
import { type Doc, type JsonValue, type KeyWrite, type OrMap, orMap, type Patch, type SchemaDoc } from '@joinery/core'
import type { DocumentEvent, EditOptions, JoineryNode } from '@joinery/node'
import { NodeError } from '@joinery/node'
import { type FieldOf, fieldKey, parseFieldKey } from '../model/field-keys.ts'
import { SHARDS, shardName, shardOf } from '../model/shards.ts'
import type { Conflict } from '../model/types.ts'
import { conflictOf } from './conflicts.ts'

/** Fields by name. */
export type Row = Readonly<Record<string, JsonValue>>
/** What to write to the fields of a record; undefined takes a field away. */
export type FieldWrites = ReadonlyMap<string, JsonValue | undefined>

export interface RecordsOptions {
  readonly node: Pick<JoineryNode, 'edit' | 'read' | 'watch'>
  /** Name of the document, or of the documents where there are several. */
  readonly name: string
  readonly isSharded: boolean
  readonly kind: Conflict['kind']
  /** Whether a field is one that readers are shown. Others are kept as they are. */
  readonly isShown: (field: string) => boolean
  /** Whether anybody cares that several wrote it at once. */
  readonly isContested: (field: string) => boolean
  /** A record is another than before; undefined: all may be. */
  readonly onChange: (id: string | undefined, origin: Origin) => void
  readonly onConflict: (conflict: Conflict) => void
}

type Rows = Map<string, Record<string, JsonValue>>
type Origin = 'local' | 'remote'

const FIELDS = 'fields'
const fieldsSpec = orMap()

export class Records {
  readonly #options: RecordsOptions
  /** By document, then id. */
  readonly #rows = new Map<string, Map<string, Record<string, JsonValue>>>()
  /** By key. */
  readonly #conflicts = new Map<string, Conflict>()
  #ids: string[] | undefined
  #ends: (() => void)[] = []
  /** Fields that had several concurrent writes at some time, since the start. */
  conflictsSeen = 0

  constructor(options: RecordsOptions) {
    this.#options = options
  }

  /** Reads everything, and follows it from then on. */
  async open(): Promise<void> {
    const { node } = this.#options
    for (const document of this.documents()) {
      this.#rows.set(document, new Map())
      this.#ends.push(node.watch(document, (event) => this.#hear(document, event)))
    }
    await Promise.all(this.documents().map((document) => this.#readAll(document)))
  }

  close(): void {
    for (const end of this.#ends) end()
    this.#ends = []
  }

  documents(): string[] {
    const { name, isSharded } = this.#options
    return isSharded ? Array.from({ length: SHARDS }, (_, shard) => shardName(name, shard)) : [name]
  }

  get size(): number {
    let size = 0
    for (const rows of this.#rows.values()) size += rows.size
    return size
  }

  get(id: string): Row | undefined {
    return this.#rowsOf(this.#documentOf(id)).get(id)
  }

  /** Ascending. O(n log n) after a record came or went, else O(1). */
  ids(): readonly string[] {
    this.#ids ??= [...this.#rows.values()].flatMap((rows) => [...rows.keys()]).sort()
    return this.#ids
  }

  *rows(): Iterable<readonly [id: string, row: Row]> {
    for (const rows of this.#rows.values()) yield* rows
  }

  conflicts(): Iterable<Conflict> {
    return this.#conflicts.values()
  }

  /** All writes of each field of a record that nobody has overwritten, the one that shows first. */
  async writes(id: string): Promise<ReadonlyMap<string, readonly KeyWrite[]>> {
    const fields = Object.keys(this.get(id) ?? {})
    return await this.#options.node.read(this.#documentOf(id), (doc) => {
      const map = fieldsOf(doc)
      return new Map(fields.map((field) => [field, map.writes(fieldKey(field, id))]))
    })
  }

  /**
   * Writes fields of records, each document in one change. `write` is called with the record as it is then, and answers what to write.
   */
  async edit(
    ids: readonly string[],
    write: (id: string, now: Row | undefined) => FieldWrites,
    how: EditOptions,
  ): Promise<void> {
    const byDocument = new Map<string, string[]>()
    for (const id of ids) {
      const document = this.#documentOf(id)
      byDocument.set(document, [...(byDocument.get(document) ?? []), id])
    }
    const { node } = this.#options
    await Promise.all(
      [...byDocument].map(([document, some]) => node.edit(document, (doc) => this.#write(doc, some, write), how)),
    )
  }

  #write(doc: Doc, ids: readonly string[], write: (id: string, now: Row | undefined) => FieldWrites): void {
    const map = fieldsOf(doc)
    for (const id of ids) {
      for (const [field, value] of write(id, this.get(id))) {
        if (value === undefined) map.remove(fieldKey(field, id))
        else map.setLww(fieldKey(field, id), value)
      }
    }
  }

  /** Takes away all fields of a record, those that are not shown among them. */
  async remove(id: string, how: EditOptions): Promise<void> {
    await this.#options.node.edit(
      this.#documentOf(id),
      (doc) => {
        const map = fieldsOf(doc)
        const hidden = map.keys().filter((key) => parseFieldKey(key)?.id === id)
        for (const key of hidden) map.remove(key)
      },
      how,
    )
  }

  #documentOf(id: string): string {
    const { name, isSharded } = this.#options
    return isSharded ? shardName(name, shardOf(id)) : name
  }

  #hear(document: string, event: DocumentEvent): void {
    if (event.type === 'reset') {
      // Whoever stops meanwhile reads nothing more.
      this.#readAll(document).catch(() => {})
      return
    }
    const { doc, patches, origin } = event
    for (const patch of patches) this.#take(document, patch, { doc, origin })
  }

  #take(document: string, patch: Patch, { doc, origin }: { readonly doc: SchemaDoc; readonly origin: Origin }): void {
    const [root, key] = patch.path
    if (root !== FIELDS || typeof key !== 'string') return
    const of = parseFieldKey(key)
    if (of === undefined || !this.#options.isShown(of.field)) return
    const rows = this.#rowsOf(document)
    if (patch.type === 'set') this.#set(rows, of, patch.value)
    else if (patch.type === 'unset') this.#unset(rows, of)
    this.#compare(key, of, fieldsOf(doc).writes(key))
    this.#options.onChange(of.id, origin)
  }

  #set(rows: Rows, { id, field }: FieldOf, value: JsonValue): void {
    const row = rows.get(id)
    if (row !== undefined) row[field] = value
    else {
      rows.set(id, { [field]: value })
      this.#ids = undefined
    }
  }

  #unset(rows: Rows, { id, field }: FieldOf): void {
    const row = rows.get(id)
    if (row === undefined) return
    delete row[field]
    for (const _ in row) return
    rows.delete(id)
    this.#ids = undefined
  }

  #compare(key: string, of: FieldOf, writes: readonly KeyWrite[]): void {
    if (!this.#options.isContested(of.field)) return
    const conflict = conflictOf(this.#options.kind, of, writes)
    if (conflict === undefined) this.#conflicts.delete(key)
    else {
      if (!this.#conflicts.has(key)) this.conflictsSeen += 1
      this.#conflicts.set(key, conflict)
      this.#options.onConflict(conflict)
    }
  }

  async #readAll(document: string): Promise<void> {
    try {
      await this.#options.node.read(document, (doc) => this.#replace(document, fieldsOf(doc)))
    } catch (error) {
      // Nobody has begun it yet.
      if (!(error instanceof NodeError) || error.code !== 'NODE_DOCUMENT_MISSING') throw error
      this.#forget(document)
    }
  }

  #replace(document: string, map: OrMap): void {
    this.#forget(document)
    const rows = this.#rowsOf(document)
    for (const key of map.keys()) {
      const of = parseFieldKey(key)
      const value = map.getLww(key)
      if (of !== undefined && value !== undefined && this.#options.isShown(of.field)) this.#set(rows, of, value)
    }
    for (const key of map.contested()) {
      const of = parseFieldKey(key)
      if (of !== undefined && this.#options.isShown(of.field)) this.#compare(key, of, map.writes(key))
    }
    this.#options.onChange(undefined, 'remote')
  }

  #rowsOf(document: string): Rows {
    return this.#rows.get(document) as Rows
  }

  #forget(document: string): void {
    this.#rowsOf(document).clear()
    for (const [key, { id }] of [...this.#conflicts]) {
      if (this.#documentOf(id) === document) this.#conflicts.delete(key)
    }
    this.#ids = undefined
  }
}

function fieldsOf(doc: SchemaDoc): OrMap {
  return doc.field(FIELDS, fieldsSpec)
}
