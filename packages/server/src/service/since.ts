/** Whether the version a caller is at means anything here, and the refusals that say how to go on when it does not. */
import type { Doc, JsonValue } from '@joinery/core'
import { documentValue } from '@joinery/sync'
import { ServerError, type ServerErrorCode } from '../errors.ts'
import { documentAttributes, stateOf } from './attributes.ts'
import { idsOf } from './ids.ts'
import type { OpenDocument } from './library.ts'
import type { DocumentType, Since } from './types.ts'

export type Living = OpenDocument & { readonly doc: Doc }

/** The document as it is now, for an answer that tells the caller to start over. */
export function snapshotOf({ head, doc }: Living, storeId: string): Record<string, JsonValue> {
  const { type } = documentAttributes(head)
  // The `type` of a problem is its own: the document's goes by another name.
  const { type: documentType, ...state } = stateOf(head, storeId)
  return { ...state, documentType, snapshot: documentValue(doc, type), ...idsOf(doc, type) }
}

export function refuseSince(code: ServerErrorCode, living: Living, storeId: string): never {
  const { head } = living
  throw new ServerError(code, `the document is at version ${head.version} of incarnation ${head.incarnation}`, {
    extra: snapshotOf(living, storeId),
  })
}

/** Throws `STORE_MISMATCH`, `INCARNATION_MISMATCH` or `SINCE_UNKNOWN`, each with a snapshot. */
export function checkSince(living: Living, since: Since, storeId: string): void {
  const { head } = living
  if (since.storeId !== undefined && since.storeId !== storeId) refuseSince('STORE_MISMATCH', living, storeId)
  const { base } = documentAttributes(head)
  const older = since.version > 0 && since.version <= base
  if (older || (since.incarnation !== undefined && since.incarnation !== head.incarnation)) {
    refuseSince('INCARNATION_MISMATCH', living, storeId)
  }
  if (since.version > head.version) refuseSince('SINCE_UNKNOWN', living, storeId)
}

/** Throws `TYPE_MISMATCH`. */
export function checkType({ head }: OpenDocument, type: DocumentType): void {
  const { type: actual } = documentAttributes(head)
  if (actual !== type) {
    throw new ServerError('TYPE_MISMATCH', `the document is of type "${actual}"`, { extra: { documentType: actual } })
  }
}

/** The document, if there is one now. Throws `NOT_FOUND`, `GONE`. */
export function requireLiving(opened: OpenDocument | undefined, id: string, storeId: string): Living {
  if (opened === undefined) throw new ServerError('NOT_FOUND', `there is no document "${id}"`)
  const { head, doc } = opened
  if (doc === undefined) {
    throw new ServerError('GONE', `the document "${id}" was deleted`, { extra: { ...stateOf(head, storeId) } })
  }
  return { ...opened, doc }
}
