/** Makes the next request of the line: as many entries as may share one, in the words of the wire. */
import type { Operation } from '@joinery/sync'
import { isSequenceType, refOf, unitsOf } from '../view/sequence.ts'
import { stamped } from '../view/stamp.ts'
import { EVERYTHING, overlaps, touchOf } from '../view/touches.ts'
import type { Outbox } from './outbox.ts'
import {
  type Base,
  type DocumentRecord,
  type Entry,
  lengthOf,
  NOTHING_SEEN,
  type OpsEntry,
  type Seal,
} from './records.ts'
import { sequenceRequest } from './seal-sequence.ts'

/** An entry that cannot be sent: it names an element whose insertion never reached the server. */
export interface Unsendable {
  readonly unresolved: Entry
}

/** A stretch of the line that may share a request. */
export interface Stretch {
  readonly entries: readonly OpsEntry[]
  readonly since: Base
}

/** What the stretch amounts to on the wire. */
export interface WireOps {
  readonly ops: readonly Operation[]
  /** Number of the last operation in it. */
  readonly upTo: number
  readonly created?: Seal['created']
}

/** Undefined when the line is empty. */
export function nextSeal(outbox: Outbox): Seal | Unsendable | undefined {
  const [first] = outbox.line
  if (first === undefined) return undefined
  const path = `/docs/${encodeURIComponent(first.id)}`
  if (first.kind === 'remove') {
    const request = { method: 'DELETE', path, idempotencyKey: keyOf(outbox, first.uid) } as const
    return { id: first.id, upTo: first.uid, touched: [EVERYTHING], request }
  }
  if (first.kind === 'put') {
    const body = JSON.stringify({ type: first.type, value: first.value })
    const request = { method: 'PUT', path, body, idempotencyKey: keyOf(outbox, first.uid) } as const
    const { id, uid, type, value } = first
    const units = isSequenceType(type) ? unitsOf(type, value) : []
    const created = units.map((unit, index) => ({ ref: refOf(uid, index), value: unit }))
    return { id, upTo: uid, touched: [EVERYTHING], request, ...(isSequenceType(type) ? { created } : {}) }
  }
  return opsSeal(outbox, first, path)
}

function opsSeal(outbox: Outbox, first: OpsEntry, path: string): Seal | Unsendable {
  const record = outbox.record(first.id)
  const stretch = stretchOf(outbox, first, record)
  const wire = isSequenceType(first.type)
    ? sequenceRequest(first.type, stretch, record, outbox.limits)
    : plainRequest(stretch, outbox)
  if (wire === undefined) return { unresolved: first }
  const { since } = stretch
  const body = JSON.stringify({
    ...(since.version > 0 ? { since: since.version, storeId: since.storeId, incarnation: since.incarnation } : {}),
    type: first.type,
    ops: wire.ops,
  })
  const query = isSequenceType(first.type) ? '?ids=true' : ''
  const idempotencyKey = keyOf(outbox, wire.upTo)
  const touched = [...new Set(stretch.entries.flatMap((entry) => touchesOf(entry)))]
  return {
    id: first.id,
    upTo: wire.upTo,
    touched,
    request: { method: 'POST', path: `${path}/ops${query}`, body, idempotencyKey },
    ...(wire.created === undefined ? {} : { created: wire.created }),
  }
}

function keyOf({ meta }: Outbox, uid: number): string {
  return `${meta.nodeId}:${uid + meta.shift}`
}

/** The entries from the head of the line that go to the same document with the same `since`. */
function stretchOf(outbox: Outbox, first: OpsEntry, record: DocumentRecord | undefined): Stretch {
  const since = effectiveSince(first, record)
  const entries = [first]
  let count = lengthOf(first)
  for (const entry of outbox.line.slice(1, outbox.limits.requestOpsMax)) {
    if (first.alone === true || entry.kind !== 'ops' || entry.alone === true) break
    if (entry.id !== first.id || entry.type !== first.type) break
    if (!sameBase(effectiveSince(entry, record), since)) break
    count += lengthOf(entry)
    if (count > outbox.limits.requestOpsMax) break
    entries.push(entry)
  }
  return { entries, since }
}

/**
 * The version an entry was made on, or that of an own request after it which it builds on: the server counts as seen what had
 * arrived by `since` and what comes earlier in the same request, and knows of no other order between requests.
 */
function effectiveSince(entry: OpsEntry, record: DocumentRecord | undefined): Base {
  const own = record?.own
  if (own === undefined || !overlaps(own.touched, touchesOf(entry))) return entry.since
  const isLater = own.base.version > entry.since.version || own.base.incarnation !== entry.since.incarnation
  // Nothing seen means "the document as it is now", which includes the own request.
  if (sameBase(entry.since, NOTHING_SEEN) && !own.touched.includes(EVERYTHING)) return entry.since
  return isLater ? own.base : entry.since
}

function touchesOf({ type, ops }: OpsEntry): string[] {
  return ops.map((op) => touchOf(type, op))
}

export function sameBase(a: Base, b: Base): boolean {
  return a.version === b.version && a.storeId === b.storeId && a.incarnation === b.incarnation
}

function plainRequest({ entries }: Stretch, { limits }: Outbox): WireOps {
  const ops: Operation[] = []
  let upTo = 0
  let bytes = 0
  for (const entry of entries) {
    for (const [index, op] of entry.ops.entries()) {
      const wire = stamped(entry.type, op, entry.micros)
      bytes += JSON.stringify(wire).length
      if (ops.length > 0 && (bytes > limits.requestBytesMax || ops.length >= limits.requestOpsMax)) return { ops, upTo }
      ops.push(wire)
      upTo = entry.uid + index
    }
  }
  return { ops, upTo }
}
