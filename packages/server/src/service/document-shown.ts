import { Doc } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { documentValue, type StoredDocument } from '@joinery/sync'
import { documentAttributes } from './attributes.ts'

/** The value of a stored document as the HTTP API shows it; nothing of a deleted one, or of one that this version cannot read. */
export function documentShown(document: StoredDocument): unknown {
  try {
    return document.head.deleted ? undefined : valueIn(document)
  } catch {
    // Its bytes can be copied all the same.
    return undefined
  }
}

function valueIn({ head, snapshot, log }: StoredDocument): unknown {
  const { type } = documentAttributes(head)
  const after = snapshot?.version ?? head.compactedVersion
  const parts = [
    ...(snapshot ? [snapshot.bytes] : []),
    ...log.filter(({ version }) => version > after).map(({ change }) => change),
  ]
  // It is read and never changed, so it does not matter whose it is.
  const actor = newActor('reader')
  const doc = parts.length === 0 ? new Doc({ actor, incarnation: head.incarnation }) : Doc.load(parts, { actor })
  return documentValue(doc, type)
}
