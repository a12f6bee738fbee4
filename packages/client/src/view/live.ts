/** The value of one document as this client shows it, kept up to date operation by operation. */
import type { JsonValue } from '@joinery/core'
import type { DocumentType, Operation, OperationType } from '@joinery/sync'
import type { DocumentRecord, Entry } from '../outbox/records.ts'
import { evaluate, evaluateDocument, isTree, type JsonTree, type Leaf, leafOf } from './evaluate.ts'
import { unpackIds } from './packed-ids.ts'
import {
  type Anchors,
  applyToSequence,
  isSequenceType,
  refOf,
  type Sequence,
  sequenceJson,
  sequenceOf,
} from './sequence.ts'
import { stamped } from './stamp.ts'

export type Live =
  | { readonly kind: 'sequence'; readonly type: DocumentType; readonly sequence: Sequence }
  | { readonly kind: 'tree'; readonly type: DocumentType; readonly tree: JsonTree }
  | { readonly kind: 'leaf'; readonly type: DocumentType; readonly leaf: Leaf }

/** @param value undefined when nothing is known. */
export function liveOf(type: DocumentType, value: JsonValue | undefined, ids?: readonly string[]): Live {
  if (isSequenceType(type)) {
    return {
      kind: 'sequence',
      type,
      sequence: sequenceOf(type, value ?? (type === 'text' ? '' : []), ids ?? (value === undefined ? [] : undefined)),
    }
  }
  if (type === 'ormap' || type === 'doc') {
    return { kind: 'tree', type, tree: isTree(value) ? structuredClone(value) : {} }
  }
  return { kind: 'leaf', type, leaf: leafOf(type, value) }
}

/** Applies one queued operation. Throws `OperationError`, `ClientError`; a leaf is unchanged then. */
export function applyToLive(live: Live, op: Operation, uid: number, anchors?: Anchors): void {
  if (live.kind === 'sequence') applyToSequence(live.sequence, op, uid, anchors)
  else if (live.kind === 'leaf') live.leaf.apply(op)
  else if (live.type === 'doc') evaluateDocument(live.tree, structuredClone(op))
  else evaluate(live.type as OperationType, live.tree, structuredClone(op))
}

/** The value, the caller's own copy. */
export function liveJson(live: Live): JsonValue {
  if (live.kind === 'sequence') return sequenceJson(live.sequence)
  return live.kind === 'leaf' ? live.leaf.json() : structuredClone(live.tree)
}

/** The value of a document with these queued requests on top; undefined when there is no document. */
export function rebuild(record: DocumentRecord | undefined, entries: readonly Entry[]): Live | undefined {
  let live =
    record === undefined || record.deleted === true
      ? undefined
      : liveOf(record.type, record.value, record.ids === undefined ? undefined : unpackIds(record.ids))
  for (const entry of entries) {
    if (entry.kind === 'remove') live = undefined
    else if (entry.kind === 'put') live = livePut(entry.type, entry.value, entry.uid)
    else {
      if (live?.type !== entry.type) live = liveOf(entry.type, undefined)
      for (const [index, op] of entry.ops.entries()) {
        try {
          applyToLive(live, stamped(entry.type, op, entry.micros), entry.uid + index, record?.anchors)
        } catch {
          // Fitted what was known when it was queued and no longer does, such as spending what others spent: the server says so.
        }
      }
    }
  }
  return live
}

/** The value of a queued PUT. A `doc` is written with its types and read without them. */
export function livePut(type: DocumentType, value: JsonValue, uid: number): Live {
  if (isSequenceType(type)) {
    const sequence = sequenceOf(type, value, undefined)
    const ids = sequence.units.map((_, index) => refOf(uid, index))
    return { kind: 'sequence', type, sequence: { ...sequence, ids } }
  }
  if (type === 'doc' && isTree(value)) {
    const shown = Object.entries(value).map(([name, field]) => [name, isTree(field) ? (field.value ?? null) : null])
    return liveOf(type, Object.fromEntries(shown) as JsonTree)
  }
  return type === 'mvreg' ? liveOf(type, [value]) : liveOf(type, value)
}
