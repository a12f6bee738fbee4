/**
 * Writes a whole value over what a container holds: for types that can be reset an observed reset plus a write, for the others
 * the operations that lead from here to there, if there are any.
 */
import {
  BoundedCounter,
  type Container,
  DisableWinsFlag,
  EnableWinsFlag,
  GCounter,
  GSet,
  type JsonValue,
  LwwRegister,
  MvRegister,
  normalizeJson,
  OrMap,
  OrSet,
  PnCounter,
  Rga,
  Text,
  TwoPhaseSet,
} from '@joinery/core'
import { type OperationContext, translating } from './apply-operation.ts'
import { OperationError } from './errors.ts'

/** Throws `VALUE_INVALID` for a value of the wrong kind, `VALUE_UNREACHABLE` where no operations lead to it. */
export function writeValue(target: Container, value: JsonValue, context: OperationContext): void {
  translating(() => write(target, value, context))
}

function write(target: Container, value: JsonValue, { node }: OperationContext): void {
  if (target instanceof LwwRegister || target instanceof MvRegister) target.set(value, { replica: node })
  else if (target instanceof OrSet) {
    const elems = arrayOf(value)
    target.observedReset()
    for (const elem of elems) target.add(elem)
  } else if (target instanceof GSet) growTo(target, arrayOf(value))
  else if (target instanceof TwoPhaseSet) moveTo(target, arrayOf(value))
  else if (target instanceof GCounter || target instanceof PnCounter || target instanceof BoundedCounter) {
    countTo(target, numberOf(value))
  } else if (target instanceof EnableWinsFlag || target instanceof DisableWinsFlag) {
    if (booleanOf(value)) target.enable()
    else target.disable()
  } else if (target instanceof OrMap) {
    const entries = Object.entries(objectOf(value))
    target.observedReset()
    for (const [key, item] of entries) target.setLww(key, item, { replica: node })
  } else writeSequence(target, value)
}

function writeSequence(target: Container, value: JsonValue): void {
  if (target instanceof Rga) {
    const items = arrayOf(value)
    target.observedReset()
    target.insert(0, ...items)
  } else if (target instanceof Text) {
    if (typeof value !== 'string') mistyped('text')
    target.observedReset()
    target.insert(0, value)
  } else throw new OperationError('OP_INVALID', 'this container cannot be written as a whole')
}

function growTo(set: GSet, elems: readonly JsonValue[]): void {
  for (const elem of elems) set.add(elem)
  // Every element of the value is in the set by now, so it is the value exactly when there are no others.
  if (set.size !== distinct(elems).size) unreachable('a G-Set never loses an element')
}

/** Canonical texts of elements: equal elements have equal texts. */
function distinct(elems: readonly JsonValue[]): Set<string> {
  return new Set(elems.map(canonical))
}

function canonical(elem: JsonValue): string {
  return JSON.stringify(normalizeJson(elem))
}

function moveTo(set: TwoPhaseSet, elems: readonly JsonValue[]): void {
  if (elems.some((elem) => set.wasRemoved(elem))) unreachable('an element removed from a 2P-Set never comes back')
  const wanted = distinct(elems)
  for (const elem of [...set.values()]) if (!wanted.has(canonical(elem))) set.remove(elem)
  for (const elem of elems) set.add(elem)
}

function countTo(counter: GCounter | PnCounter | BoundedCounter, value: number): void {
  const by = value - counter.value
  if (!Number.isSafeInteger(by)) unreachable('too far away for one step')
  if (by > 0) counter.increment(by)
  else if (by < 0) {
    if (counter instanceof GCounter) unreachable('a G-Counter never goes down')
    if (counter instanceof BoundedCounter && -by > counter.rights()) unreachable('not enough rights to go down so far')
    counter.decrement(-by)
  }
}

function unreachable(message: string): never {
  throw new OperationError('VALUE_UNREACHABLE', message)
}

function mistyped(wanted: string): never {
  throw new OperationError('VALUE_INVALID', `the value of this type is ${wanted}`)
}

function arrayOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? value : mistyped('an array')
}

function objectOf(value: JsonValue): { readonly [key: string]: JsonValue } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) mistyped('an object')
  return value as { readonly [key: string]: JsonValue }
}

function numberOf(value: JsonValue): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : mistyped('a safe integer')
}

function booleanOf(value: JsonValue): boolean {
  return typeof value === 'boolean' ? value : mistyped('true or false')
}
