/**
 * Times of writes. "The last write wins" must mean the last one made, not the last one that got through, so every write takes
 * its time when it is queued. The time is kept apart from the operation until that goes out, because the server may correct it.
 */
import type { JsonValue } from '@joinery/core'
import type { DocumentType, Operation } from '@joinery/sync'

/** The operation with a time where it can have one and names none. */
export function stamped(type: DocumentType, op: Operation, micros: number): Operation {
  const target = type === 'doc' ? typeAtEnd(op.of) : type
  if (op.type === 'update' && typeof op.of === 'string' && isObject(op.op)) {
    return { ...op, op: stamped(op.of as DocumentType, op.op as Operation, micros) }
  }
  const isWrite = (target === 'lww' && 'set' in op) || (target === 'ormap' && op.type === 'set')
  const hasTime = op.ts_unix_ns !== undefined && op.ts_unix_ns !== 0 && op.ts_unix_ns !== '0'
  return isWrite && !hasTime ? { ...op, ts_unix_ns: `${micros}000` } : op
}

/** The type that `of` gives the container at the end of a path. */
export function typeAtEnd(of: JsonValue | undefined): DocumentType | undefined {
  const last: unknown = Array.isArray(of) ? of.at(-1) : of
  return typeof last === 'string' ? (last as DocumentType) : undefined
}

function isObject(value: JsonValue | undefined): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
