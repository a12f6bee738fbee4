/** Takes note of what the server says a document is. */
import type { JsonValue } from '@joinery/core'
import type { DocumentState } from '../types.ts'
import { packIds, unpackIds } from '../view/packed-ids.ts'
import { isRef, isSequenceType } from '../view/sequence.ts'
import type { Outbox } from './outbox.ts'
import type { Base, DocumentRecord, OpsEntry } from './records.ts'

export interface Learned {
  readonly state: DocumentState
  readonly value: JsonValue
  readonly ids?: readonly string[] | undefined
  readonly own?: DocumentRecord['own'] | undefined
  /** The application is told the value and all that led to it. */
  readonly tells?: boolean
  /** Keep it even if it looks older: the server said that what is known here counts for nothing. */
  readonly force?: boolean
}

export function baseOf({ version, storeId, incarnation }: DocumentState): Base {
  return { version, storeId, incarnation }
}

/**
 * Keeps a value as the last known one, unless a later one of the same store is known already: answers may overtake each other.
 * To be committed by the caller.
 */
export function learn(outbox: Outbox, { state, value, ids, own, tells, force }: Learned): void {
  const before = outbox.record(state.id)
  if (force !== true && before?.base.storeId === state.storeId && before.base.version > state.version) {
    if (own !== before.own) outbox.saveRecord(withOwn(before, own))
    return
  }
  const known = isSequenceType(state.type) && ids !== undefined ? { ids: packIds(ids) } : {}
  const anchors = ids === undefined ? {} : anchorsOf(outbox, before, state.id, ids)
  const isAnchored = Object.keys(anchors).length > 0
  const told = tells === true ? baseOf(state) : before?.told
  outbox.saveRecord({
    id: state.id,
    type: state.type,
    base: baseOf(state),
    value,
    ...known,
    ...(isAnchored ? { anchors } : {}),
    ...(told === undefined ? {} : { told }),
    ...(own === undefined ? {} : { own }),
  })
}

function withOwn({ own: _, ...record }: DocumentRecord, own: DocumentRecord['own']): DocumentRecord {
  return own === undefined ? record : { ...record, own }
}

/** Notes that the document was deleted; what is queued for it is refused when it is sent. */
export function learnDeleted(outbox: Outbox, state: DocumentState): void {
  const before = outbox.record(state.id)
  if (before?.base.storeId === state.storeId && before.base.version > state.version) return
  outbox.saveRecord({ id: state.id, type: state.type, base: baseOf(state), value: null, deleted: true })
}

/**
 * For elements that queued insertions follow and that are gone now: the nearest earlier element that is still there. The
 * server places them exactly; until then they are shown where they were typed.
 */
function anchorsOf(
  outbox: Outbox,
  before: DocumentRecord | undefined,
  id: string,
  ids: readonly string[],
): Record<string, string | null> {
  const named = outbox
    .entriesOf(id)
    .filter((entry): entry is OpsEntry => entry.kind === 'ops')
    .flatMap(({ ops }) => ops.map(({ after }) => after))
    .filter((after): after is string => typeof after === 'string' && !isRef(after))
  if (named.length === 0) return {}
  const here = new Set(ids)
  const then = before?.ids === undefined ? [] : unpackIds(before.ids)
  const anchors: Record<string, string | null> = {}
  for (const name of named) {
    if (here.has(name)) continue
    const kept = before?.anchors?.[name]
    let at = then.indexOf(name)
    if (at < 0) {
      if (kept !== undefined) anchors[name] = kept
      continue
    }
    while (at >= 0 && !here.has(then[at] as string)) at -= 1
    anchors[name] = at < 0 ? null : (then[at] as string)
  }
  return anchors
}
