/**
 * Applies operations to values as JSON. Registers, sets, counters and flags are filled into a scratch document and changed by
 * the same code as on the server; maps and documents are walked as JSON, because the value of a document over HTTP does not say
 * which types are inside it, and the operations do.
 */
import { actorId, Doc, HybridClock, type JsonValue, replicaId } from '@joinery/core'
import {
  applyToDocument,
  documentValue,
  type Operation,
  type OperationContext,
  type OperationType,
  operationType,
  putDocument,
} from '@joinery/sync'
import { refuse } from '../errors.ts'
import { applyToSequence, isSequenceType, sequenceJson, sequenceOf } from './sequence.ts'
import { typeAtEnd } from './stamp.ts'

export type JsonTree = { [key: string]: JsonValue }

/** Times are the server's to judge: here every one is believed. */
const context: OperationContext = { node: 'view', nowMicros: Number.MAX_SAFE_INTEGER, driftMsMax: 0 }

/** A value of a type without parts. */
export interface Leaf {
  /** Throws `OperationError`; changes nothing then. */
  apply(op: Operation): void
  json(): JsonValue
}

/** @param value undefined when nothing is known of it. */
export function leafOf(type: OperationType, value: JsonValue | undefined): Leaf {
  const clock = new HybridClock(() => 0)
  const doc = new Doc({ actor: { id: actorId(replicaId('view'), new Uint8Array(12)), clock }, incarnation: 'view' })
  // Concurrent values of a register are shown as an array, which as a value to write would be one of them.
  let shown = type === 'mvreg' ? value : undefined
  if (value !== undefined && type !== 'mvreg') doc.change(() => putDocument(doc, type, value, context))
  return {
    apply(op) {
      doc.change(() => applyToDocument(doc, type, op, context))
      shown = undefined
    },
    json: () => shown ?? documentValue(doc, type),
  }
}

/** The value of a type after an operation. May change `value` where it is a map. Throws `OperationError`. */
export function evaluate(type: OperationType, value: JsonValue | undefined, op: Operation): JsonValue {
  if (type === 'ormap') return evaluateMap(isTree(value) ? value : {}, op)
  if (isSequenceType(type)) return evaluateSequence(type, value, op)
  const leaf = leafOf(type, fits(type, value) ? value : undefined)
  leaf.apply(op)
  return leaf.json()
}

function evaluateMap(map: JsonTree, op: Operation): JsonTree {
  const { type, key } = op
  if (typeof key !== 'string') refuse('CLIENT_OP_INVALID', 'an operation of a map names its "key"')
  if (type === 'set') {
    if (op.value === undefined) refuse('CLIENT_OP_INVALID', '"value" is missing')
    setMember(map, key, op.value)
  } else if (type === 'remove') delete map[key]
  else if (type === 'update') {
    if (!isTree(op.op)) refuse('CLIENT_OP_INVALID', '"op" is an operation')
    setMember(map, key, evaluate(operationType(op.of), ownMember(map, key), op.op))
  } else refuse('CLIENT_OP_INVALID', `"${String(type)}" is not an operation of a map`)
  return map
}

/** Nested sequences have no ids over HTTP: positions count in what is shown. */
function evaluateSequence(type: 'rga' | 'text', value: JsonValue | undefined, op: Operation): JsonValue {
  const sequence = sequenceOf(type, value ?? (type === 'text' ? '' : []), undefined)
  applyToSequence(sequence, op, 0)
  return sequenceJson(sequence)
}

/** An operation of a document: `path` leads to the value, `of` names its type. Changes `root`. Throws `OperationError`. */
export function evaluateDocument(root: JsonTree, { path, of, ...op }: Operation): void {
  if (!Array.isArray(path) || typeof path[0] !== 'string') {
    refuse('CLIENT_OP_INVALID', '"path" is an array that begins with the name of a field')
  }
  const steps = path as readonly JsonValue[]
  let at: JsonValue = root
  for (const step of steps.slice(0, -1)) at = descend(at, step)
  const last = steps.at(-1) as JsonValue
  const nested = op.type === 'update' ? { ...op, of: of as JsonValue } : op
  const target = operationType(op.type === 'update' ? 'ormap' : typeAtEnd(of))
  if (Array.isArray(at) && typeof last === 'number') at[last] = evaluate(target, at[last] as JsonValue, nested)
  else if (isTree(at)) setMember(at, String(last), evaluate(target, ownMember(at, String(last)), nested))
}

/** The part of a value below a step, made an object where there is none yet. */
function descend(at: JsonValue, step: JsonValue): JsonValue {
  if (Array.isArray(at)) return (at as readonly JsonValue[])[step as number] ?? {}
  if (!isTree(at)) return {}
  const known = ownMember(at, String(step))
  if (typeof known === 'object' && known !== null) return known
  const made: JsonTree = {}
  setMember(at, String(step), made)
  return made
}

/** Whether a value can have come from this type; the key may have held another type before. */
function fits(type: OperationType, value: JsonValue | undefined): boolean {
  switch (type) {
    case 'gcounter':
    case 'bcounter':
      return typeof value === 'number' && value >= 0
    case 'pncounter':
      return typeof value === 'number'
    case 'orset':
    case 'gset':
    case '2pset':
    case 'mvreg':
      return Array.isArray(value)
    case 'ewflag':
    case 'dwflag':
      return typeof value === 'boolean'
    case 'lww':
    case 'ormap':
    case 'rga':
    case 'text':
      return value !== undefined
    default:
      return type satisfies never
  }
}

export function isTree(value: JsonValue | undefined): value is JsonTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function ownMember(tree: JsonTree, key: string): JsonValue | undefined {
  return Object.hasOwn(tree, key) ? tree[key] : undefined
}

/** Assignment would take a key named `__proto__` for something else. */
function setMember(tree: JsonTree, key: string, value: JsonValue): void {
  Object.defineProperty(tree, key, { value, writable: true, enumerable: true, configurable: true })
}
