/**
 * A list or text as this client has it: its units and beside each its id. Elements of the server have the id it gave them, own
 * ones that it has not confirmed yet a reference `~UID.N`: the Nth element of the operation with that number.
 *
 * Operations are queued in terms of these ids, so they mean the same elements whatever others do before they arrive.
 */
import type { JsonValue } from '@joinery/core'
import type { Operation } from '@joinery/sync'
import { refuse } from '../errors.ts'

export type SequenceType = 'rga' | 'text'

/** The id of an element whose id is not known: the value came without ids. */
export const UNKNOWN_ID = ''

export interface Sequence {
  readonly type: SequenceType
  /** Elements of a list, or UTF-16 units of a text as strings of length 1. */
  readonly units: JsonValue[]
  readonly ids: string[]
}

export function isSequenceType(type: string): type is SequenceType {
  return type === 'rga' || type === 'text'
}

export function refOf(uid: number, index: number): string {
  return `~${uid}.${index}`
}

export function isRef(id: string): boolean {
  return id.startsWith('~')
}

export function unitsOf(type: SequenceType, value: JsonValue): JsonValue[] {
  // Not by code point: positions count UTF-16 units.
  if (type === 'text') return typeof value === 'string' ? value.split('') : []
  return Array.isArray(value) ? [...value] : []
}

/** @param ids of as many elements; absent when they are not known. */
export function sequenceOf(type: SequenceType, value: JsonValue, ids: readonly string[] | undefined): Sequence {
  const units = unitsOf(type, value)
  const known = ids !== undefined && ids.length === units.length
  return { type, units, ids: known ? [...ids] : units.map(() => UNKNOWN_ID) }
}

export function sequenceJson({ type, units }: Sequence): JsonValue {
  return type === 'text' ? units.join('') : [...units]
}

/** What an insertion inserts, unit by unit. Throws `CLIENT_OP_INVALID`. */
export function insertedUnits(type: SequenceType, op: Operation): JsonValue[] {
  const content = type === 'text' ? op.text : op.values
  const fits = type === 'text' ? typeof content === 'string' : Array.isArray(content)
  if (!fits) refuse('CLIENT_OP_INVALID', `an insertion into "${type}" has "${type === 'text' ? 'text' : 'values'}"`)
  return unitsOf(type, content as JsonValue)
}

/** An operation in terms of ids where they are known. `positional` when they are not. */
export interface Translated {
  readonly op: Operation
  readonly positional: boolean
}

/** Says by id what an operation says by index. Throws `CLIENT_OP_INVALID`. */
export function translate(sequence: Sequence, op: Operation): Translated {
  if (op.type === 'insert') {
    insertedUnits(sequence.type, op)
    if (op.after !== undefined) return { op, positional: false }
    const index = position(op.index)
    requireBoundary(sequence, index)
    if (index === 0) return { op: without(op, { after: null }), positional: false }
    const after = sequence.ids[index - 1]
    if (after === undefined) return { op, positional: true }
    return after === UNKNOWN_ID ? { op, positional: true } : { op: without(op, { after }), positional: false }
  }
  if (op.type !== 'delete') refuse('CLIENT_OP_INVALID', `"${String(op.type)}" is not an operation of a list or text`)
  if (op.ids !== undefined) return { op, positional: false }
  const index = position(op.index)
  const count = op.count === undefined ? 1 : position(op.count)
  requireBoundary(sequence, index)
  requireBoundary(sequence, index + count)
  const ids = sequence.ids.slice(index, index + count)
  if (ids.length < count || ids.includes(UNKNOWN_ID)) return { op, positional: true }
  return { op: without(op, { ids }), positional: false }
}

function position(value: JsonValue | undefined): number {
  const valid = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  return valid ? value : refuse('CLIENT_OP_INVALID', 'a position is a non-negative integer')
}

function requireBoundary({ type, units }: Sequence, index: number): void {
  const unit = type === 'text' && index > 0 ? units[index] : undefined
  if (typeof unit === 'string' && unit >= '\udc00' && unit <= '\udfff') {
    refuse('CLIENT_OP_INVALID', `position ${index} is inside a surrogate pair`)
  }
}

function without(op: Operation, members: Operation): Operation {
  const { index: _, count: __, ...rest } = op
  return { ...rest, ...members }
}

/** Elements that are gone, and after which one they are shown; null is the start. */
export type Anchors = Readonly<Record<string, string | null>>

/** Applies a queued operation. What it cannot place it puts at the end: this is a view, the server decides. */
export function applyToSequence(sequence: Sequence, op: Operation, uid: number, anchors: Anchors = {}): void {
  if (op.type === 'insert') {
    const units = insertedUnits(sequence.type, op)
    const at = insertionPoint(sequence, op, anchors)
    // Not by spreading: a pasted text may have more units than a call takes arguments.
    const tail = { units: sequence.units.splice(at), ids: sequence.ids.splice(at) }
    for (const [index, unit] of units.entries()) {
      sequence.units.push(unit)
      sequence.ids.push(refOf(uid, index))
    }
    for (const unit of tail.units) sequence.units.push(unit)
    for (const id of tail.ids) sequence.ids.push(id)
    return
  }
  if (op.ids === undefined) {
    remove(sequence, op.index as number, (op.count as number | undefined) ?? 1)
    return
  }
  for (const id of op.ids as readonly string[]) {
    const at = sequence.ids.indexOf(id)
    if (at >= 0) remove(sequence, at, 1)
  }
}

function remove({ units, ids }: Sequence, index: number, count: number): void {
  units.splice(index, count)
  ids.splice(index, count)
}

function insertionPoint({ ids }: Sequence, op: Operation, anchors: Anchors): number {
  if (op.after === undefined) return Math.min(op.index as number, ids.length)
  let after = op.after as string | null
  for (let hops = 0; after !== null && hops < ids.length + 1; hops += 1) {
    const at = ids.indexOf(after)
    if (at >= 0) return at + 1
    const anchor: string | null | undefined = anchors[after]
    if (anchor === undefined) return ids.length
    after = anchor
  }
  return 0
}
