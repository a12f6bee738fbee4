/**
 * Insertions and deletions in lists and texts. They name elements by id, or by index in the document as its author saw it:
 * then a view of that state translates the index, and is kept up as the author's own operations follow each other.
 */
import { type JsonValue, Rga, type Text } from '@joinery/core'
import { OperationError } from './errors.ts'
import { array, count, invalid, kindOf, member, type Operation, onlyMembers, text } from './operation.ts'

/** What an author saw of a sequence, where that is not what is there now. */
export interface SeenIds {
  /**
   * Ids of the elements in order, changed along with the author's operations; undefined where the past is no longer known, so
   * that only operations by id are possible.
   */
  readonly ids: string[] | undefined
}

type Sequence = Rga | Text

/**
 * @param seen absent when the author saw what is there now.
 * @returns the operation as it took effect: where indices were translated, in terms of ids.
 */
export function applySequenceOperation(target: Sequence, op: Operation, seen: SeenIds | undefined): Operation {
  const kind = kindOf(op)
  if (kind === 'insert') return insert(target, op, seen)
  if (kind === 'delete') return remove(target, op, seen)
  return invalid(`"${kind}" is not an operation of a list or text`)
}

function insert(target: Sequence, op: Operation, seen: SeenIds | undefined): Operation {
  onlyMembers(op, 'index', 'after', target instanceof Rga ? 'values' : 'text')
  if ('after' in op) {
    const after = member(op, 'after')
    if (after !== null && typeof after !== 'string') invalid('"after" is the id of an element, or null for the start')
    const ids = insertAfter(target, op, after)
    const at = after === null ? 0 : (seen?.ids?.indexOf(after) ?? -1) + 1
    if (after === null || at > 0) seen?.ids?.splice(at, 0, ...ids)
    return op
  }
  const index = count(op, 'index')
  if (seen === undefined) {
    if (target instanceof Rga) target.insert(index, ...array(op, 'values'))
    else target.insert(index, text(op, 'text'))
    return op
  }
  const ids = idsOf(seen)
  if (index > ids.length) outside(index, ids.length)
  const after = index === 0 ? null : (ids[index - 1] as string)
  ids.splice(index, 0, ...insertAfter(target, op, after))
  const { index: _, ...rest } = op
  return { ...rest, after }
}

function insertAfter(target: Sequence, op: Operation, after: string | null): string[] {
  return target instanceof Rga
    ? target.insertAfter(after ?? undefined, ...array(op, 'values'))
    : target.insertAfter(after ?? undefined, text(op, 'text'))
}

function remove(target: Sequence, op: Operation, seen: SeenIds | undefined): Operation {
  onlyMembers(op, 'index', 'count', 'ids')
  if ('ids' in op) {
    for (const id of array(op, 'ids')) removeId(target, id, seen)
    return op
  }
  const index = count(op, 'index')
  const size = count(op, 'count', 1)
  if (seen === undefined) {
    target.delete(index, size)
    return op
  }
  const then = idsOf(seen)
  if (index + size > then.length) outside(index + size, then.length)
  const ids = then.splice(index, size)
  for (const id of ids) target.deleteById(id)
  const { index: _, count: __, ...rest } = op
  return { ...rest, ids }
}

function removeId(target: Sequence, id: JsonValue, seen: SeenIds | undefined): void {
  if (typeof id !== 'string') invalid('"ids" are ids of elements')
  target.deleteById(id)
  const at = seen?.ids?.indexOf(id) ?? -1
  if (at >= 0) seen?.ids?.splice(at, 1)
}

function idsOf({ ids }: SeenIds): string[] {
  if (ids === undefined) throw new OperationError('SINCE_COMPACTED', 'an index needs the document as of "since"')
  return ids
}

function outside(position: number, length: number): never {
  throw new OperationError('POSITION_INVALID', `position ${position} is outside of a length of ${length}`)
}
