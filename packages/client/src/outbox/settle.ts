/** What becomes of a sealed request once the server has answered. All of it is to be committed by the caller. */
import type { JsonValue } from '@joinery/core'
import { ClientError, type Problem } from '../errors.ts'
import { refusedError } from '../http/failure.ts'
import type { DocumentState, DocumentValue } from '../types.ts'
import { unpackIds } from '../view/packed-ids.ts'
import { resolveCreated } from '../view/resolve.ts'
import { isRef, isSequenceType, unitsOf } from '../view/sequence.ts'
import { baseOf, learn, learnDeleted } from './learn.ts'
import type { Outbox } from './outbox.ts'
import { type DocumentRecord, type Entry, handleOf, type OpsEntry, type Seal } from './records.ts'

/** Touched things remembered per document; beyond it every later request counts as touching them. */
const TOUCHED_MAX = 10_000

export interface Accepted {
  readonly state: DocumentState
  /** The document right after the request; undefined after a deletion. */
  readonly value: JsonValue | undefined
  readonly ids: readonly string[] | undefined
  /** A later state that came along. */
  readonly later?: DocumentValue | undefined
}

/** The server has stored the request. */
export function accept(outbox: Outbox, seal: Seal, { state, value, ids, later }: Accepted): void {
  const before = outbox.record(seal.id)
  outbox.seal = undefined
  leaveLine(outbox, seal, state)
  nameCreated(outbox, seal, before, ids === undefined && later !== undefined ? later : { value, ids })
  if (value === undefined) learnDeleted(outbox, state)
  else {
    const touched = [...new Set([...(before?.own?.touched ?? []), ...seal.touched])]
    const own = { base: baseOf(state), touched: touched.length > TOUCHED_MAX ? ['*'] : touched }
    const isAwaited = outbox.line.some(({ id, kind }) => id === seal.id && kind === 'ops')
    learn(outbox, { state, value, ids, own: isAwaited ? own : undefined })
    if (later !== undefined)
      learn(outbox, { state: later, value: later.value, ids: later.ids, own: isAwaited ? own : undefined })
  }
  outbox.invalidate(seal.id)
}

function leaveLine(outbox: Outbox, seal: Seal, state: DocumentState): void {
  for (const entry of [...outbox.line]) {
    if (entry.uid > seal.upTo) return
    const handle = handleOf(entry)
    if (handle <= seal.upTo) {
      outbox.dropEntry(entry)
      outbox.takeWaiter(handle)?.resolve(state)
    } else if (entry.kind === 'ops') outbox.trimEntry(entry, seal.upTo - entry.uid + 1)
  }
}

/** Queued operations that name elements of this request by reference name them by id from here on. */
function nameCreated(
  outbox: Outbox,
  { id, created }: Seal,
  before: DocumentRecord | undefined,
  { value, ids }: { readonly value?: JsonValue | undefined; readonly ids?: readonly string[] | undefined },
): void {
  if (created === undefined || created.length === 0 || value === undefined || ids === undefined) return
  const waiting = outbox
    .entriesOf(id)
    .filter((entry): entry is OpsEntry => entry.kind === 'ops' && isSequenceType(entry.type))
  if (waiting.length === 0) return
  const units = unitsOf((waiting[0] as OpsEntry).type as 'rga' | 'text', value)
  const known = new Set(before?.ids === undefined ? [] : unpackIds(before.ids))
  const names = resolveCreated(created, { ids, units }, known)
  if (names === undefined) return
  const nameOf = (ref: JsonValue | undefined): JsonValue => names.get(ref as string) ?? (ref as JsonValue)
  for (const entry of waiting) {
    if (!JSON.stringify(entry.ops).includes('~')) continue
    entry.ops = entry.ops.map((op) => {
      if (typeof op.after === 'string' && isRef(op.after)) return { ...op, after: nameOf(op.after) }
      return Array.isArray(op.ids) ? { ...op, ids: op.ids.map(nameOf) } : op
    })
    outbox.saveEntry(entry)
  }
}

/** Entries that are in the sealed request. */
export function sealedEntries(outbox: Outbox, { id, upTo }: Seal): Entry[] {
  return outbox.line.filter((entry) => entry.id === id && entry.uid <= upTo)
}

/**
 * The server refused the request. Of several entries in it perhaps one is at fault: they are sent again one by one, and the one
 * that is refused alone leaves the line.
 */
export function refuseSealed(outbox: Outbox, seal: Seal, problem: Problem): void {
  const entries = sealedEntries(outbox, seal)
  outbox.seal = undefined
  const [first, second] = entries
  if (first === undefined) return
  if (second === undefined) {
    setAside(outbox, first, problem)
    return
  }
  for (const entry of entries) {
    entry.alone = true
    outbox.saveEntry(entry)
  }
}

/** Nobody knows whether the request was stored: it must not be sent again unasked. */
export function refuseUncertain(outbox: Outbox, seal: Seal, problem: Problem): void {
  outbox.seal = undefined
  for (const entry of sealedEntries(outbox, seal)) setAside(outbox, entry, problem)
}

/** Takes an entry out of the line and keeps it with its reason. */
export function setAside(outbox: Outbox, entry: Entry, problem: Problem): void {
  const handle = handleOf(entry)
  outbox.dropEntry(entry)
  outbox.addRefused({ entry, problem, atMs: outbox.host.nowMs() })
  outbox.takeWaiter(handle)?.reject(refusedError(problem))
  outbox.invalidate(entry.id)
}

/** The reason of an entry that names what never came to be. */
export function unresolvedProblem(): Problem {
  const { code, message } = new ClientError('CLIENT_UNRESOLVED', 'an element it names was never inserted on the server')
  return { code, status: 0, detail: message }
}

/** Refusals that mean: the version you are at counts for nothing here. */
export const RESETS: ReadonlySet<string> = new Set([
  'STORE_MISMATCH',
  'INCARNATION_MISMATCH',
  'SINCE_COMPACTED',
  'SINCE_UNKNOWN',
])

/**
 * Starts over from the state in a refusal. What names elements, keys or ids means the same there and is sent again on the new
 * version; what counts positions means nothing there and is set aside. So is everything that was meant for an incarnation that
 * has ended: its author edited a document that somebody deleted.
 */
export function startOver(outbox: Outbox, seal: Seal, problem: Problem, now: DocumentValue): void {
  outbox.seal = undefined
  const old = outbox.record(seal.id)
  learn(outbox, { state: now, value: now.value, ids: now.ids, force: true })
  const base = baseOf(now)
  for (const entry of outbox.entriesOf(seal.id)) {
    // What follows a queued PUT builds on that, not on what was there before.
    if (entry.kind !== 'ops') break
    const reissued = (entry.reissued ?? 0) + 1
    const isOver = problem.code === 'INCARNATION_MISMATCH' && entry.since.incarnation !== base.incarnation
    const isLost = entry.positional === true && entry.since.version > 0
    if (isOver || isLost || reissued > outbox.limits.reissuesMax) {
      setAside(outbox, entry, problem)
      continue
    }
    if (entry.since.version === 0 && old === undefined) continue
    entry.since = base
    entry.reissued = reissued
    outbox.saveEntry(entry)
  }
  outbox.invalidate(seal.id)
}

/** The clock was wrong: all queued times move by the difference. Answers false when that was tried before. */
export function restamp(outbox: Outbox, seal: Seal, serverMs: number): boolean {
  const sealed = sealedEntries(outbox, seal).filter((entry): entry is OpsEntry => entry.kind === 'ops')
  if (sealed.length === 0 || sealed.some(({ restamped }) => restamped === true)) return false
  const { meta, host } = outbox
  const offsetMs = serverMs - host.nowMs()
  const shiftMicros = Math.round((offsetMs - meta.offsetMs) * 1000)
  meta.offsetMs = offsetMs
  meta.lastMicros = 0
  for (const entry of outbox.line) {
    if (entry.kind !== 'ops') continue
    // A wrong clock that was set right in between must not leave times of the future behind.
    entry.micros = Math.min(Math.max(1, entry.micros + shiftMicros), Math.floor(serverMs * 1000))
    meta.lastMicros = Math.max(meta.lastMicros, entry.micros)
    if (sealed.includes(entry)) entry.restamped = true
    outbox.saveEntry(entry)
  }
  outbox.saveMeta()
  outbox.seal = undefined
  return true
}

/** Moves all numbers on the wire beyond those that the server has seen of this node. */
export function renumber(outbox: Outbox, highest: number): void {
  const { meta, line } = outbox
  const first = line[0]?.uid ?? meta.nextUid
  meta.shift = Math.max(meta.shift + 1, highest + 1 - first)
  outbox.saveMeta()
  outbox.seal = undefined
}
