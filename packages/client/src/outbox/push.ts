/** Puts requests into the line: checked, numbered, translated to ids and shown at once; durable when the promise resolves. */
import { CoreError, type JsonValue, normalizeJson } from '@joinery/core'
import { type DocumentType, documentTypes, type Operation, OperationError } from '@joinery/sync'
import { ClientError, refuse } from '../errors.ts'
import { applyToLive, liveOf, livePut } from '../view/live.ts'
import { translate } from '../view/sequence.ts'
import { stamped } from '../view/stamp.ts'
import type { Outbox } from './outbox.ts'
import { type Base, type Entry, handleOf, NOTHING_SEEN, type OpsEntry } from './records.ts'

export interface Pushed {
  readonly handle: number
  readonly durable: Promise<void>
}

/** Queues operations. Throws `CLIENT_ARGUMENT`, `CLIENT_OP_INVALID`, `CLIENT_QUEUE_FULL`; queues nothing then. */
export function pushOps(outbox: Outbox, id: string, type: DocumentType, given: readonly Operation[]): Pushed {
  requireType(type)
  if (!Array.isArray(given) || given.length === 0) refuse('CLIENT_ARGUMENT', 'operations are an array of at least one')
  const ops = given.map((op) => checked(() => normalizeJson(op), 'CLIENT_OP_INVALID'))
  requireRoom(outbox, ops.length, JSON.stringify(ops).length)
  const entry: OpsEntry = {
    kind: 'ops',
    uid: outbox.meta.nextUid,
    id,
    type,
    ops: [],
    micros: nextMicros(outbox),
    since: sinceOf(outbox, id),
  }
  // While it is applied the value shown is ahead of the line; it is built anew if an operation does not fit.
  try {
    entry.ops = ops.map((op, index) => showOne(outbox, entry, op, index))
  } catch (error) {
    outbox.invalidate(id)
    throw error
  }
  return enqueue(outbox, entry)
}

function showOne(outbox: Outbox, entry: OpsEntry, op: Operation, index: number): Operation {
  const { id, type } = entry
  let live = outbox.live(id)
  if (live !== undefined && live.type !== type) {
    refuse('CLIENT_OP_INVALID', `the document has type "${live.type}", not "${type}"`)
  }
  if (live === undefined) {
    live = liveOf(type, undefined)
    outbox.show(id, live)
  }
  let kept = op
  if (live.kind === 'sequence') {
    const translated = translate(live.sequence, op)
    kept = translated.op
    if (translated.positional) entry.positional = true
  } else if (mentionsPosition(op)) entry.positional = true
  const target = live
  try {
    checked(() => applyToLive(target, stamped(type, kept, entry.micros), entry.uid + index), 'CLIENT_OP_INVALID')
  } catch (error) {
    // What the server knows may allow what an unknown or old value here does not.
    if (!dependsOnState(error)) throw error
  }
  return kept
}

/** Positions in sequences below the root cannot be translated: the API shows no ids for those. */
function mentionsPosition(op: Operation): boolean {
  const inner = op.op
  if (typeof inner === 'object' && inner !== null && 'index' in inner) return true
  return op.index !== undefined || (Array.isArray(op.path) && op.path.some((step) => typeof step === 'number'))
}

function dependsOnState(error: unknown): boolean {
  const cause = error instanceof ClientError ? error.cause : undefined
  return cause instanceof OperationError && (cause.code === 'PRECONDITION_FAILED' || cause.code === 'POSITION_INVALID')
}

/** Queues a whole value. */
export function pushPut(outbox: Outbox, id: string, type: DocumentType, given: JsonValue): Pushed {
  requireType(type)
  const value = checked(() => normalizeJson(given), 'CLIENT_ARGUMENT')
  requireRoom(outbox, 1, JSON.stringify(value).length)
  const uid = outbox.meta.nextUid
  const live = checked(() => livePut(type, value, uid), 'CLIENT_ARGUMENT')
  outbox.show(id, live)
  return enqueue(outbox, { kind: 'put', uid, id, type, value })
}

/** Queues a deletion. */
export function pushRemove(outbox: Outbox, id: string): Pushed {
  requireRoom(outbox, 1, 0)
  outbox.show(id, undefined)
  return enqueue(outbox, { kind: 'remove', uid: outbox.meta.nextUid, id })
}

function enqueue(outbox: Outbox, entry: Entry): Pushed {
  const handle = handleOf(entry)
  outbox.meta.nextUid = handle + 1
  outbox.append(entry)
  outbox.waiter(handle)
  return { handle, durable: outbox.commit() }
}

function requireType(type: DocumentType): void {
  if (!documentTypes.includes(type)) refuse('CLIENT_ARGUMENT', `"${String(type)}" is not a type`)
}

function requireRoom({ queuedOps, queuedBytes, limits }: Outbox, ops: number, bytes: number): void {
  if (queuedOps + ops > limits.queuedOpsMax) {
    refuse('CLIENT_QUEUE_FULL', `${queuedOps} operations are queued or refused, ${limits.queuedOpsMax} fit`)
  }
  if (queuedBytes + bytes > limits.queuedBytesMax) {
    refuse('CLIENT_QUEUE_FULL', `${queuedBytes} bytes are queued or refused, ${limits.queuedBytesMax} fit`)
  }
}

/** What the author of a new request sees: the last known value. */
export function sinceOf(outbox: Outbox, id: string): Base {
  return outbox.record(id)?.base ?? NOTHING_SEEN
}

/** A time by the server's clock as far as it is known, larger than all before. */
export function nextMicros({ meta, host }: Outbox): number {
  meta.lastMicros = Math.max(meta.lastMicros + 1, Math.floor((host.nowMs() + meta.offsetMs) * 1000))
  return meta.lastMicros
}

function checked<R>(run: () => R, code: 'CLIENT_ARGUMENT' | 'CLIENT_OP_INVALID'): R {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof OperationError || cause instanceof CoreError)
      throw new ClientError(code, cause.message, { cause })
    throw cause
  }
}
