/**
 * Applies an operation of the JSON language to a container, inside a change. The language is what the HTTP API speaks; it adds
 * no merge rule of its own, every operation is one call of the type's mutator.
 */
import {
  BoundedCounter,
  type Container,
  CoreError,
  DisableWinsFlag,
  EnableWinsFlag,
  GCounter,
  GSet,
  type JsonValue,
  LwwRegister,
  MvRegister,
  OrMap,
  OrSet,
  PnCounter,
  parseActorId,
  Rga,
  specOf,
  Text,
  TwoPhaseSet,
} from '@joinery/core'
import { OperationError, type OperationErrorCode } from './errors.ts'
import {
  count,
  invalid,
  kindOf,
  member,
  type Operation,
  onlyMembers,
  operationType,
  type StampContext,
  stampOf,
  text,
} from './operation.ts'
import { applySequenceOperation, type SeenIds } from './sequence-operations.ts'

export interface OperationContext extends StampContext {
  /**
   * Ids of a sequence as its author saw it, where that is not what is there now. The same array for the same sequence
   * throughout a request.
   */
  readonly seenIds?: (sequence: Rga | Text) => SeenIds
}

/** What core refuses, in the words of the API. */
const coreCodes: Partial<Record<string, OperationErrorCode>> = {
  CORE_VALUE_INVALID: 'VALUE_INVALID',
  CORE_LIMIT_EXCEEDED: 'LIMIT_EXCEEDED',
  CORE_POSITION_INVALID: 'POSITION_INVALID',
  CORE_PRECONDITION_FAILED: 'PRECONDITION_FAILED',
  CORE_SCHEMA_INVALID: 'OP_INVALID',
  CORE_ID_INVALID: 'OP_INVALID',
}

/** Runs something that calls core and speaks of its refusals as operations do. */
export function translating<R>(run: () => R): R {
  try {
    return run()
  } catch (error) {
    const code = error instanceof CoreError ? coreCodes[error.code] : undefined
    if (code === undefined) throw error
    throw new OperationError(code, (error as CoreError).message, { cause: error })
  }
}

/**
 * Throws `OperationError`; the caller's change is rolled back then.
 * @returns the operation as it took effect: where indices were translated, in terms of ids.
 */
export function applyOperation(target: Container, op: Operation, context: OperationContext): Operation {
  return translating(() => dispatch(target, op, context))
}

function dispatch(target: Container, op: Operation, context: OperationContext): Operation {
  if (target instanceof Rga || target instanceof Text) {
    return applySequenceOperation(target, op, context.seenIds?.(target))
  }
  if (target instanceof OrMap) return applyMapOperation(target, op, context)
  applySimple(target, op, context)
  return op
}

function applySimple(target: Container, op: Operation, context: OperationContext): void {
  if (target instanceof LwwRegister || target instanceof MvRegister) setRegister(target, op, context)
  else if (target instanceof OrSet || target instanceof TwoPhaseSet || target instanceof GSet)
    applySetOperation(target, op)
  else if (target instanceof EnableWinsFlag || target instanceof DisableWinsFlag) applyFlagOperation(target, op)
  else if (target instanceof GCounter || target instanceof PnCounter) applyCounterOperation(target, op)
  else if (target instanceof BoundedCounter) applyBoundedOperation(target, op)
  else invalid('an operation on several fields at once: name the field in "path"')
}

function setRegister(target: LwwRegister | MvRegister, op: Operation, context: OperationContext): void {
  if (kindOf(op) !== 'set') invalid(`"${kindOf(op)}" is not an operation of a register`)
  onlyMembers(op, 'set', 'ts_unix_ns')
  target.set(member(op, 'set'), stampOf(op, context))
}

function applySetOperation(target: OrSet | TwoPhaseSet | GSet, op: Operation): void {
  const kind = kindOf(op)
  onlyMembers(op, 'elem')
  const elem = member(op, 'elem')
  if (kind === 'add') target.add(elem)
  else if (kind === 'remove' && !(target instanceof GSet)) target.remove(elem)
  else invalid(`"${kind}" is not an operation of this set`)
}

function applyFlagOperation(target: EnableWinsFlag | DisableWinsFlag, op: Operation): void {
  const kind = kindOf(op)
  onlyMembers(op)
  if (kind === 'enable') target.enable()
  else if (kind === 'disable') target.disable()
  else invalid(`"${kind}" is not an operation of a flag`)
}

function applyCounterOperation(target: GCounter | PnCounter, op: Operation): void {
  const kind = kindOf(op)
  onlyMembers(op, 'by')
  const by = count(op, 'by', 1)
  if (kind === 'increment') target.increment(by)
  else if (kind === 'decrement' && target instanceof PnCounter) target.decrement(by)
  else invalid(`"${kind}" is not an operation of this counter`)
}

function applyBoundedOperation(target: BoundedCounter, op: Operation): void {
  const kind = kindOf(op)
  if (kind === 'transfer') {
    onlyMembers(op, 'to', 'amount')
    target.transfer(parseActorId(text(op, 'to')), count(op, 'amount'))
    return
  }
  onlyMembers(op, 'by')
  const by = count(op, 'by', 1)
  if (kind === 'increment') target.increment(by)
  else if (kind === 'decrement') target.decrement(by)
  else invalid(`"${kind}" is not an operation of a bounded counter`)
}

function applyMapOperation(target: OrMap, op: Operation, context: OperationContext): Operation {
  const kind = kindOf(op)
  if (kind === 'update') {
    onlyMembers(op, 'key', 'op')
    const inner = target.open(text(op, 'key'), specOf(operationType(op.of)))
    return { ...op, op: dispatch(inner, innerOperation(member(op, 'op')), context) }
  }
  if (kind === 'set') {
    onlyMembers(op, 'key', 'value', 'ts_unix_ns')
    target.setLww(text(op, 'key'), member(op, 'value'), stampOf(op, context))
  } else if (kind === 'remove') {
    onlyMembers(op, 'key')
    target.remove(text(op, 'key'))
  } else invalid(`"${kind}" is not an operation of a map`)
  return op
}

function innerOperation(value: JsonValue): Operation {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Operation)
    : invalid('"op" is an operation')
}
