/**
 * The outbox: queued requests in one line, refused ones, and the last known value of each document, in memory and in the
 * queue. Everything changes in memory at once and becomes durable in the order of the changes.
 *
 * There is one line for all documents because the server remembers the highest `SEQ` of a node: requests are sent one after
 * the other, or a repetition of an earlier one would be refused as stale.
 */

import type { ClientError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { ClientLimits } from '../limits.ts'
import type { QueueChange } from '../queue/port.ts'
import type { DocumentState } from '../types.ts'
import { type Live, rebuild } from '../view/live.ts'
import {
  type Contents,
  type DocumentRecord,
  documentKey,
  type Entry,
  entryKey,
  handleOf,
  lengthOf,
  META_KEY,
  type Meta,
  type RefusedRecord,
  refusedKey,
  SEAL_KEY,
  type Seal,
} from './records.ts'
import type { Writer } from './writer.ts'

/** What `saved()` of a request waits for. */
export interface Waiter {
  readonly promise: Promise<DocumentState>
  resolve(state: DocumentState): void
  reject(error: ClientError): void
}

interface Shown {
  readonly live: Live | undefined
}

export interface OutboxOptions {
  readonly contents: Contents
  readonly meta: Meta
  readonly writer: Writer
  readonly host: Host
  readonly limits: ClientLimits
  /** Called after every change that a view or the status may show. */
  readonly changed: () => void
}

export class Outbox {
  readonly meta: Meta
  readonly host: Host
  readonly limits: ClientLimits
  /** In the order of the line. */
  readonly line: Entry[]
  readonly refused: Map<number, RefusedRecord>
  readonly waiters: Map<number, Waiter> = new Map()
  /** In the order of use, the least recent first. */
  readonly #documents: Map<string, { record: DocumentRecord; bytes: number }>
  readonly #shown = new Map<string, Shown>()
  readonly #writer: Writer
  readonly #changed: () => void
  #seal: Seal | undefined
  #changes: QueueChange[] = []
  /** Size of each queued or refused entry, by handle, so that the bound costs nothing to check. */
  readonly #sizes = new Map<number, { readonly ops: number; readonly bytes: number }>()
  #documentBytes = 0
  queuedOps = 0
  queuedBytes = 0

  constructor({ contents, meta, writer, host, limits, changed }: OutboxOptions) {
    this.meta = meta
    this.host = host
    this.limits = limits
    this.#writer = writer
    this.#changed = changed
    this.line = [...contents.entries]
    this.refused = new Map(contents.refused.map((record) => [handleOf(record.entry), record]))
    this.#documents = new Map()
    this.#seal = contents.seal
    for (const record of contents.documents) this.#keep(record, JSON.stringify(record).length)
    for (const entry of this.line) this.#count(entry, JSON.stringify(entry).length)
    for (const { entry } of this.refused.values()) this.#count(entry, JSON.stringify(entry).length)
  }

  get seal(): Seal | undefined {
    return this.#seal
  }

  set seal(seal: Seal | undefined) {
    this.#seal = seal
    this.#changes.push([SEAL_KEY, seal === undefined ? undefined : JSON.stringify(seal)])
  }

  /** Numbers of operations in the line. */
  get pendingOps(): number {
    let pending = 0
    for (const entry of this.line) pending += lengthOf(entry)
    return pending
  }

  /** Appends a new entry to the line. */
  append(entry: Entry): void {
    this.line.push(entry)
    this.saveEntry(entry)
    this.saveMeta()
  }

  /** Notes that an entry of the line has changed. */
  saveEntry(entry: Entry): void {
    const json = JSON.stringify(entry)
    this.#forget(handleOf(entry))
    this.#count(entry, json.length)
    this.#changes.push([entryKey(entry.uid), json])
  }

  /** Takes an entry out of the line. */
  dropEntry(entry: Entry): void {
    const at = this.line.indexOf(entry)
    if (at >= 0) this.line.splice(at, 1)
    this.#forget(handleOf(entry))
    this.#changes.push([entryKey(entry.uid), undefined])
  }

  /** Cuts operations off the front of an entry: they have been sent. */
  trimEntry(entry: Extract<Entry, { kind: 'ops' }>, count: number): void {
    this.#changes.push([entryKey(entry.uid), undefined])
    entry.ops = entry.ops.slice(count)
    entry.uid += count
    this.saveEntry(entry)
  }

  addRefused(record: RefusedRecord): void {
    const handle = handleOf(record.entry)
    const json = JSON.stringify(record)
    this.refused.set(handle, record)
    this.#count(record.entry, json.length)
    this.#changes.push([refusedKey(handle), json])
  }

  dropRefused(handle: number): void {
    this.refused.delete(handle)
    this.#forget(handle)
    this.#changes.push([refusedKey(handle), undefined])
  }

  saveMeta(): void {
    this.#changes.push([META_KEY, JSON.stringify(this.meta)])
  }

  #count(entry: Entry, bytes: number): void {
    const ops = lengthOf(entry)
    this.#sizes.set(handleOf(entry), { ops, bytes })
    this.queuedOps += ops
    this.queuedBytes += bytes
  }

  #forget(handle: number): void {
    const size = this.#sizes.get(handle)
    if (size === undefined) return
    this.#sizes.delete(handle)
    this.queuedOps -= size.ops
    this.queuedBytes -= size.bytes
  }

  /** The last known state of a document. */
  record(id: string): DocumentRecord | undefined {
    return this.#documents.get(id)?.record
  }

  /** Entries of a document, in order. */
  entriesOf(id: string): Entry[] {
    return this.line.filter((entry) => entry.id === id)
  }

  saveRecord(record: DocumentRecord): void {
    const json = JSON.stringify(record)
    this.#keep(record, json.length)
    this.#changes.push([documentKey(record.id), json])
    this.#evict()
  }

  #keep(record: DocumentRecord, bytes: number): void {
    const before = this.#documents.get(record.id)
    if (before !== undefined) this.#documentBytes -= before.bytes
    this.#documents.delete(record.id)
    this.#documents.set(record.id, { record, bytes })
    this.#documentBytes += bytes
    this.#shown.delete(record.id)
  }

  /** Forgets values of documents that were not used for longest and have nothing queued. */
  #evict(): void {
    const { documentsMax, documentsBytesMax } = this.limits
    if (this.#documents.size <= documentsMax && this.#documentBytes <= documentsBytesMax) return
    const queued = new Set(this.line.map(({ id }) => id))
    const newest = [...this.#documents.keys()].at(-1)
    for (const [id, { bytes }] of this.#documents) {
      if (this.#documents.size <= documentsMax && this.#documentBytes <= documentsBytesMax) return
      if (queued.has(id) || id === newest) continue
      this.#documents.delete(id)
      this.#shown.delete(id)
      this.#documentBytes -= bytes
      this.#changes.push([documentKey(id), undefined])
    }
  }

  /** The value shown for a document. The caller may apply to it what it appends to the line. */
  live(id: string): Live | undefined {
    const known = this.#shown.get(id)
    if (known !== undefined) return known.live
    const live = rebuild(this.record(id), this.entriesOf(id))
    this.show(id, live)
    return live
  }

  show(id: string, live: Live | undefined): void {
    // Built again from record and line at need, so any bound will do.
    if (this.#shown.size >= this.limits.documentsMax) this.#shown.clear()
    this.#shown.set(id, { live })
  }

  /** The value shown must be built anew. */
  invalidate(id: string): void {
    this.#shown.delete(id)
  }

  waiter(handle: number): Waiter {
    const known = this.waiters.get(handle)
    if (known !== undefined) return known
    const waiter = createWaiter()
    this.waiters.set(handle, waiter)
    return waiter
  }

  takeWaiter(handle: number): Waiter | undefined {
    const waiter = this.waiters.get(handle)
    this.waiters.delete(handle)
    return waiter
  }

  /** Makes all changes so far durable, together. */
  commit(): Promise<void> {
    const changes = this.#changes
    this.#changes = []
    this.#changed()
    return this.#writer.write(changes)
  }
}

function createWaiter(): Waiter {
  let resolve: (state: DocumentState) => void = () => undefined
  let reject: (error: ClientError) => void = () => undefined
  const promise = new Promise<DocumentState>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  // Whoever does not ask whether a request was saved must not be told by a crash that it was not.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
