/**
 * Operations on lists and texts for the wire. Ids of the server go as they are. An element inserted earlier in the same request
 * has no id yet: it is named by its position in the document as of `since` plus the request so far, which the server counts
 * in the same way. Where that position cannot be known the request ends before the operation, and the answer brings the id.
 */
import type { JsonValue } from '@joinery/core'
import type { Operation } from '@joinery/sync'
import type { ClientLimits } from '../limits.ts'
import { unpackIds } from '../view/packed-ids.ts'
import { insertedUnits, isRef, refOf, type SequenceType } from '../view/sequence.ts'
import type { Created, DocumentRecord } from './records.ts'
import type { Stretch, WireOps } from './seal.ts'

/** Undefined when the first operation names an element that is neither on the server nor in this request. */
export function sequenceRequest(
  type: SequenceType,
  stretch: Stretch,
  record: DocumentRecord | undefined,
  limits: ClientLimits,
): WireOps | undefined {
  const draft = new Draft(type, idsAt(stretch, record))
  let upTo: number | undefined
  let bytes = 0
  for (const entry of stretch.entries) {
    for (const [index, op] of entry.ops.entries()) {
      const uid = entry.uid + index
      bytes += JSON.stringify(op).length
      const isFull = bytes > limits.requestBytesMax || draft.ops.length >= limits.requestOpsMax
      if (upTo !== undefined && isFull) return draft.finish(upTo)
      if (!draft.add(op, uid)) return upTo === undefined ? undefined : draft.finish(upTo)
      upTo = uid
    }
  }
  return upTo === undefined ? undefined : draft.finish(upTo)
}

/**
 * Ids of the document as of `since`; undefined when they are not known. Of a document that was never seen nothing is known but
 * that own elements stand at its start.
 */
function idsAt({ since }: Stretch, record: DocumentRecord | undefined): string[] | undefined {
  if (since.version === 0) return record === undefined ? [] : undefined
  const isSame = record?.base.version === since.version && record.base.storeId === since.storeId
  return isSame && record.ids !== undefined ? unpackIds(record.ids) : undefined
}

class Draft {
  readonly ops: Operation[] = []
  readonly #type: SequenceType
  /** The sequence as the server will see it; undefined once a position in it could not be told. */
  #ids: string[] | undefined
  readonly #created = new Map<string, JsonValue>()
  /** A deletion by position hit something unknown: what shows of the own elements cannot be told. */
  #isVague = false
  /** The last element of the last insertion, which the next may continue. */
  #end: string | undefined

  constructor(type: SequenceType, ids: string[] | undefined) {
    this.#type = type
    this.#ids = ids
  }

  finish(upTo: number): WireOps {
    const created: Created[] = [...this.#created].map(([ref, value]) => ({ ref, value }))
    return { ops: this.ops, upTo, ...(this.#isVague ? {} : { created }) }
  }

  /** Answers false for an operation that must wait for the answer to those before it. */
  add(op: Operation, uid: number): boolean {
    return op.type === 'insert' ? this.#insert(op, uid) : this.#delete(op)
  }

  #insert(op: Operation, uid: number): boolean {
    const after = op.after as string | null | undefined
    const units = insertedUnits(this.#type, op)
    if (typeof after === 'string' && isRef(after)) {
      if (after === this.#end) this.#extend(op)
      else {
        const at = this.#created.has(after) ? (this.#ids?.indexOf(after) ?? -1) : -1
        if (at < 0) return false
        const { after: _, ...rest } = op
        this.ops.push({ ...rest, index: at + 1 })
      }
    } else this.ops.push(op)
    this.#place(op, uid, units)
    return true
  }

  /** Somebody typed on: one insertion instead of one per key. */
  #extend(op: Operation): void {
    const last = this.ops.pop() as Operation
    const joined: Operation =
      this.#type === 'text'
        ? { text: `${last.text as string}${op.text as string}` }
        : { values: [...(last.values as JsonValue[]), ...(op.values as JsonValue[])] }
    this.ops.push({ ...last, ...joined })
  }

  #place(op: Operation, uid: number, units: readonly JsonValue[]): void {
    const refs = units.map((_, index) => refOf(uid, index))
    for (const [index, ref] of refs.entries()) this.#created.set(ref, units[index] as JsonValue)
    if (refs.length > 0) this.#end = refs.at(-1)
    if (this.#ids === undefined) return
    const after = op.after as string | null | undefined
    const at = after === undefined ? (op.index as number) : after === null ? 0 : this.#ids.indexOf(after) + 1
    const isKnown = after === undefined ? at <= this.#ids.length : after === null || at > 0
    if (isKnown) this.#ids = [...this.#ids.slice(0, at), ...refs, ...this.#ids.slice(at)]
    else this.#ids = undefined
  }

  #delete(op: Operation): boolean {
    this.#end = undefined
    if (op.ids === undefined) {
      this.ops.push(op)
      const removed = this.#ids?.splice(op.index as number, (op.count as number | undefined) ?? 1)
      if (removed === undefined) this.#isVague = true
      for (const id of removed ?? []) this.#created.delete(id)
      return true
    }
    const all = op.ids as readonly string[]
    const own = all.filter(isRef)
    if (own.some((ref) => !this.#created.has(ref) || (this.#ids?.indexOf(ref) ?? -1) < 0)) return false
    const others = all.filter((id) => !isRef(id))
    if (others.length > 0 || all.length === 0) {
      this.ops.push({ ...op, ids: others })
      const gone = new Set(others)
      this.#ids = this.#ids?.filter((id) => !gone.has(id))
    }
    for (const ref of own) this.#deleteOwn(ref)
    return true
  }

  #deleteOwn(ref: string): void {
    const index = (this.#ids as string[]).indexOf(ref)
    this.#ids?.splice(index, 1)
    this.#created.delete(ref)
    const last = this.ops.at(-1)
    // Neighbours from left to right end up as one deletion.
    if (last?.type === 'delete' && last.index === index && last.ids === undefined) {
      this.ops[this.ops.length - 1] = { ...last, count: ((last.count as number | undefined) ?? 1) + 1 }
    } else this.ops.push({ type: 'delete', index, count: 1 })
  }
}
