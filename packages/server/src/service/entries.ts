/** Turns what a request does to a document into entries of its log: one change, one version, one operation each. */
import type { Doc, Observed } from '@joinery/core'
import { applyToDocument, type NewEntry, type OperationContext } from '@joinery/sync'
import { writeEntryAttributes } from './attributes.ts'
import type { AuthorView } from './author-view.ts'
import type { Caller, DocumentType, Operation } from './types.ts'

/** When, and how far ahead a timestamp may be. */
export interface Moment {
  readonly nowMs: number
  readonly driftMsMax: number
}

export function entryAttributes(caller: Caller, op: Operation, { nowMs }: Moment): string {
  return writeEntryAttributes({ node: caller.node, time: new Date(nowMs).toISOString(), op })
}

function contextOf(caller: Caller, { nowMs, driftMsMax }: Moment, view?: AuthorView): OperationContext {
  const context = { node: caller.node, nowMicros: nowMs * 1000, driftMsMax }
  return view?.seenIds === undefined ? context : { ...context, seenIds: view.seenIds }
}

/** One change of its own even if it changes nothing: the version it takes is what the caller is told. */
export function entryOf(
  caller: Caller,
  doc: Doc,
  op: Operation,
  moment: Moment,
  mutate: (context: OperationContext) => void,
): NewEntry {
  const change = doc.change(() => mutate(contextOf(caller, moment)), { evenIfEmpty: true })
  return { change: change as Uint8Array, attributes: entryAttributes(caller, op, moment) }
}

/** The entry of an operation; none when it changes nothing. */
export function entriesOf(
  caller: Caller,
  doc: Doc,
  operation: { readonly type: DocumentType; readonly op: Operation; readonly view: AuthorView },
  moment: Moment,
): NewEntry[] {
  const { type, op, view } = operation
  let effective = op
  const options: { observed?: Observed } = view.observed === undefined ? {} : { observed: view.observed }
  const change = doc.change(() => {
    effective = applyToDocument(doc, type, op, contextOf(caller, moment, view))
  }, options)
  return change === undefined ? [] : [{ change, attributes: entryAttributes(caller, effective, moment) }]
}
