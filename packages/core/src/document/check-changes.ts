/**
 * Checks changes before the first of them is applied: a block of changes is taken whole or not at all. Each is compared with
 * its actor's history, which is what the document has and, behind that, what comes before it in the same block.
 */
import type { ActorId } from '../causality/actor.ts'
import { checksum32 } from '../codec/checksum.ts'
import { refuse } from '../errors.ts'
import { reusedActor } from '../kernel/codec.ts'
import type { CausalBuffer } from './causal-buffer.ts'
import { type Change, lastOf } from './change.ts'
import type { Past } from './past.ts'

/** What changes are checked against. */
export interface History {
  readonly incarnation: string | undefined
  /** The local actor, of which nobody else can know more; absent while its own state is loaded. */
  readonly own: ActorId | undefined
  readonly past: Pick<Past, 'known' | 'checkOf'>
  /** The change applied that ends with a dot, while the log has it. */
  logged(actor: ActorId, last: number): Uint8Array | undefined
  readonly buffer: CausalBuffer
  /** Reads a change's payload and throws when it is damaged. */
  read(change: Change): unknown
}

/** Throws `CORE_INCARNATION_MISMATCH`, `CORE_ACTOR_*`, `CORE_DECODE_*`, `CORE_BUFFER_FULL`. */
export function checkChanges(changes: readonly Change[], history: History): void {
  const { incarnation, buffer } = history
  const heads = new Map<ActorId, Change>()
  const early = new Map<string, Change>()
  let earlyBytes = 0
  const knownOf = (actor: ActorId): number => {
    const head = heads.get(actor)
    return head === undefined ? history.past.known(actor) : lastOf(head.header)
  }
  for (const change of changes) {
    const { header } = change
    if (header.incarnation !== incarnation) otherLife()
    if (!isNews(change, heads.get(header.actor), history)) continue
    history.read(change)
    const follows = header.first === knownOf(header.actor) + 1
    if (follows && header.deps.every((dep) => knownOf(dep.actor) >= dep.counter)) {
      heads.set(header.actor, change)
      continue
    }
    const key = `${header.first}@${header.actor}`
    const waiting = buffer.twin(change)
    const twin = waiting ?? early.get(key)
    if (twin !== undefined && checksum32(twin.bytes) !== checksum32(change.bytes)) forked()
    if (twin === undefined) earlyBytes += change.bytes.length
    if (waiting === undefined) early.set(key, change)
  }
  buffer.requireRoom(early.size, earlyBytes)
}

/** Checks a change against the chain of its actor, which ends with `head`. Answers false for a change that is known. */
function isNews(change: Change, head: Change | undefined, history: History): boolean {
  const { header } = change
  const { actor, first, previous } = header
  const here = history.past.known(actor)
  const known = head === undefined ? here : lastOf(head.header)
  if (actor === history.own && lastOf(header) > here) reusedActor()
  if (lastOf(header) <= known) {
    const check = checkAt(lastOf(header), actor, head, history)
    if (check !== undefined && check !== checksum32(change.bytes)) forked()
    return false
  }
  if (first <= known) forked()
  if (first > known + 1) return true
  if (previous !== checkAt(known, actor, head, history)) forked()
  return true
}

/** The check over the change of an actor that ends with a dot; undefined where it is known no more. */
function checkAt(
  last: number,
  actor: ActorId,
  head: Change | undefined,
  { past, logged }: History,
): number | undefined {
  if (head !== undefined && last === lastOf(head.header)) return checksum32(head.bytes)
  if (last === past.known(actor)) return past.checkOf(actor)
  const change = logged(actor, last)
  return change && checksum32(change)
}

export function forked(): never {
  return refuse('CORE_ACTOR_FORKED', 'two histories of one actor')
}

export function otherLife(): never {
  return refuse('CORE_INCARNATION_MISMATCH', 'of another life of this document')
}
