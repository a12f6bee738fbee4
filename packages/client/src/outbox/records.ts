/**
 * What the outbox keeps in the queue. Keys sort in the order of the line:
 *
 *     meta                  who the queue belongs to, counters, clock
 *     document/ID           last known value of the server
 *     entry/0000000000042   a queued request, by the number of its first operation
 *     refused/000...        a refused request, by its handle
 *     seal                  the request that was sent or is about to be
 */
import type { JsonValue } from '@joinery/core'
import type { DocumentType, Operation } from '@joinery/sync'
import type { Problem } from '../errors.ts'
import type { WireRequest } from '../http/transport.ts'

/** The version that an author had seen, and where that number comes from; version 0: nothing. */
export interface Base {
  readonly version: number
  readonly storeId: string
  readonly incarnation: string
}

export const NOTHING_SEEN: Base = { version: 0, storeId: '', incarnation: '' }

/** Every operation takes one number of the sequence, so that a request may be cut anywhere. */
interface EntryBase {
  /** Number of the first operation; with `Meta.shift` added it is the `SEQ` of the idempotency key. */
  uid: number
  readonly id: string
  /** Sent in a request of its own: something in a common request was refused. */
  alone?: boolean
  /** Times it was issued anew on another base. */
  reissued?: number
}

export interface OpsEntry extends EntryBase {
  readonly kind: 'ops'
  readonly type: DocumentType
  ops: readonly Operation[]
  /** Time of the writes that name none, in microseconds. */
  micros: number
  /** Whether the time was corrected by the server's once. */
  restamped?: boolean
  since: Base
  /** Has positions that could not be translated to ids: they mean something at `since` only. */
  positional?: boolean
}

export interface PutEntry extends EntryBase {
  readonly kind: 'put'
  readonly type: DocumentType
  readonly value: JsonValue
}

export interface RemoveEntry extends EntryBase {
  readonly kind: 'remove'
}

export type Entry = OpsEntry | PutEntry | RemoveEntry

/** How many numbers an entry takes. */
export function lengthOf(entry: Entry): number {
  return entry.kind === 'ops' ? entry.ops.length : 1
}

/** Names the entry to the application: the number of its last operation, which cutting does not change. */
export function handleOf(entry: Entry): number {
  return entry.uid + lengthOf(entry) - 1
}

/** What an insertion in a sealed request created, in order. */
export interface Created {
  readonly ref: string
  readonly value: JsonValue
}

/**
 * A request as it goes over the wire. It is stored before it is sent and never changed: a repetition must have the same key
 * and the same body, also after a restart, or the server could not know it again.
 */
export interface Seal {
  readonly id: string
  /** Number of the last operation in it. */
  readonly upTo: number
  readonly request: WireRequest
  /** Elements that it inserts into an `rga` or `text`, as far as they still show after it. */
  readonly created?: readonly Created[]
  /** What it touches, for requests after it that were made without seeing its result. */
  readonly touched: readonly string[]
}

export interface RefusedRecord {
  readonly entry: Entry
  readonly problem: Problem
  readonly atMs: number
}

/** The last known state of a document on the server. */
export interface DocumentRecord {
  readonly id: string
  readonly type: DocumentType
  readonly base: Base
  readonly value: JsonValue
  /** Element ids, packed; absent when they are not known. */
  readonly ids?: readonly PackedIds[]
  /** The incarnation was ended. */
  readonly deleted?: boolean
  /** Where elements stood that are named by queued operations and gone by now: after which they are shown. */
  readonly anchors?: Readonly<Record<string, string | null>>
  /** The version up to which the application was told what others did; answers to pushes go further without telling. */
  readonly told?: Base
  /** What own requests did after the versions that queued ones have as `since`. */
  readonly own?: { readonly base: Base; readonly touched: readonly string[] }
}

/** Ids `counter@actor`, and so many that follow it. */
export type PackedIds = string | readonly [first: string, count: number]

export interface Meta {
  readonly tenant: string
  readonly nodeId: string
  /** The next number. */
  nextUid: number
  /** Difference between numbers and the `SEQ` on the wire; grows when the server knows larger ones. */
  shift: number
  /** Server time minus local time, as far as a refusal told. */
  offsetMs: number
  /** The last time that was stamped. */
  lastMicros: number
}

export const META_KEY = 'meta'
export const SEAL_KEY = 'seal'
const ENTRY = 'entry/'
const REFUSED = 'refused/'
const DOCUMENT = 'document/'

export function entryKey(uid: number): string {
  return ENTRY + pad(uid)
}

export function refusedKey(handle: number): string {
  return REFUSED + pad(handle)
}

export function documentKey(id: string): string {
  return DOCUMENT + id
}

function pad(value: number): string {
  return String(value).padStart(16, '0')
}

/** Everything in a queue. */
export interface Contents {
  readonly meta: Meta | undefined
  readonly seal: Seal | undefined
  readonly entries: readonly Entry[]
  readonly refused: readonly RefusedRecord[]
  readonly documents: readonly DocumentRecord[]
}

/** Parses what `Queue.read` answers. */
export function parseRecords(records: ReadonlyMap<string, string>): Contents {
  const below = <T>(prefix: string): T[] =>
    [...records]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, value]) => JSON.parse(value) as T)
  const one = <T>(key: string): T | undefined => {
    const value = records.get(key)
    return value === undefined ? undefined : (JSON.parse(value) as T)
  }
  return {
    meta: one<Meta>(META_KEY),
    seal: one<Seal>(SEAL_KEY),
    entries: below<Entry>(ENTRY),
    refused: below<RefusedRecord>(REFUSED),
    documents: below<DocumentRecord>(DOCUMENT),
  }
}
