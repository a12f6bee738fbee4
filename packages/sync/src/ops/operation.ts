/** Operations as JSON: the members they may have, checked and read one by one. */
import type { JsonValue, Stamp, TypeName } from '@joinery/core'
import { OperationError } from './errors.ts'

/** Types that operations name: every type of the library but the struct, and `doc` for a whole document. */
export type OperationType = Exclude<TypeName, 'struct'>

export type DocumentType = OperationType | 'doc'

/** See `docs/HTTP-API.md` for the operations of each type. */
export type Operation = { readonly [key: string]: JsonValue }

const OPERATION_TYPES: Readonly<Record<OperationType, true>> = {
  gcounter: true,
  pncounter: true,
  bcounter: true,
  gset: true,
  '2pset': true,
  orset: true,
  lww: true,
  mvreg: true,
  ewflag: true,
  dwflag: true,
  ormap: true,
  rga: true,
  text: true,
}

/** Every name a document's type can have. */
export const documentTypes: readonly DocumentType[] = [...(Object.keys(OPERATION_TYPES) as OperationType[]), 'doc']

/** Reads the name of a type. Throws `TYPE_UNKNOWN`. */
export function operationType(name: JsonValue | undefined): OperationType {
  if (typeof name !== 'string' || !Object.hasOwn(OPERATION_TYPES, name)) {
    throw new OperationError('TYPE_UNKNOWN', `${JSON.stringify(name)} is not a type`)
  }
  return name as OperationType
}

export function invalid(message: string): never {
  throw new OperationError('OP_INVALID', message)
}

/** The kind of an operation: its `type`, or `set` for one that has the member `set`. */
export function kindOf(op: Operation): string {
  if (typeof op !== 'object' || op === null || Array.isArray(op)) invalid('an operation is an object')
  if ('set' in op && op.type === undefined) return 'set'
  return typeof op.type === 'string' ? op.type : invalid('an operation names its "type"')
}

/** Refuses members that the operation does not have: a misspelt one must not be passed over in silence. */
export function onlyMembers(op: Operation, ...members: readonly string[]): void {
  for (const member of Object.keys(op)) {
    if (member !== 'type' && member !== 'path' && member !== 'of' && !members.includes(member)) {
      invalid(`"${member}" is not a member of this operation`)
    }
  }
}

export function member(op: Operation, name: string): JsonValue {
  const value = op[name]
  return value === undefined ? invalid(`"${name}" is missing`) : value
}

export function text(op: Operation, name: string): string {
  const value = member(op, name)
  return typeof value === 'string' ? value : invalid(`"${name}" is text`)
}

/** A non-negative safe integer. */
export function count(op: Operation, name: string, absent?: number): number {
  const value = op[name] ?? absent
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    return invalid(`"${name}" is a non-negative integer`)
  }
  return value
}

export function array(op: Operation, name: string): readonly JsonValue[] {
  const value = member(op, name)
  return Array.isArray(value) ? value : invalid(`"${name}" is an array`)
}

/** Who stamps operations, and how far ahead a timestamp may be. */
export interface StampContext {
  readonly node: string
  readonly nowMicros: number
  readonly driftMsMax: number
}

/**
 * The stamp of a write: the node's, at the time the operation names in `ts_unix_ns` (a number, or its digits as text so that
 * none is lost; 0 or absent means now). Throws `CLOCK_SKEW` beyond the drift bound.
 */
export function stampOf(op: Operation, { node, nowMicros, driftMsMax }: StampContext): Stamp {
  const micros = unixMicros(op.ts_unix_ns)
  if (micros === 0) return { replica: node }
  if (micros > nowMicros + driftMsMax * 1000) {
    const serverTime = new Date(nowMicros / 1000).toISOString()
    throw new OperationError('CLOCK_SKEW', `the timestamp is more than ${driftMsMax} ms ahead of ${serverTime}`, {
      extra: { serverTime, serverTimeUnixNs: `${nowMicros}000` },
    })
  }
  return { replica: node, timeMicros: micros }
}

function unixMicros(nanos: JsonValue | undefined): number {
  if (nanos === undefined) return 0
  const digits = typeof nanos === 'number' && Number.isInteger(nanos) && nanos >= 0 ? BigInt(nanos) : parseDigits(nanos)
  const micros = digits / 1000n
  return micros <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(micros) : invalid('"ts_unix_ns" is out of range')
}

function parseDigits(nanos: JsonValue): bigint {
  return typeof nanos === 'string' && /^\d{1,20}$/.test(nanos)
    ? BigInt(nanos)
    : invalid('"ts_unix_ns" is a count of nanoseconds, as a number or as digits')
}
