/**
 * What the author of a request had seen: the document as of `since`, plus what the request itself did. Removals take away only
 * what had arrived by then, and indices count in the document as it was then.
 */
import type { Container, Doc, Observed, Path, Rga, Text } from '@joinery/core'
import type { SeenIds } from '@joinery/sync'
import { ServerError } from '../errors.ts'
import type { Library, OpenDocument } from './library.ts'
import type { DocumentType, Operation } from './types.ts'

export interface AuthorView {
  readonly observed: Observed | undefined
  readonly seenIds: ((sequence: Rga | Text) => SeenIds) | undefined
}

/** The view of an author who saw what is there now. */
const PRESENT: AuthorView = { observed: undefined, seenIds: undefined }

export async function authorView(
  library: Library,
  opened: OpenDocument & { readonly doc: Doc },
  since: number,
  request: { readonly type: DocumentType; readonly ops: readonly Operation[] },
): Promise<AuthorView> {
  const { head, doc, arrivals } = opened
  if (since === 0 || since >= head.version) return PRESENT
  const past = needsPast(request) ? await library.at(head, since) : undefined
  const own = doc.version().get(doc.actor.id)
  const seen = new Map<Rga | Text, SeenIds>()
  return {
    observed: {
      sees: (dot) => (dot.actor === doc.actor.id && dot.counter > own) || arrivals.versionOf(dot) <= since,
      find: (path: Path) => pastDocument(past).find(path),
    },
    seenIds: (sequence) => {
      const known = seen.get(sequence)
      if (known !== undefined) return known
      const then = past?.doc?.find(sequence.path())
      const ids: SeenIds = { ids: past === undefined ? undefined : isSequence(then) ? then.ids() : [] }
      seen.set(sequence, ids)
      return ids
    },
  }
}

function pastDocument(past: OpenDocument | undefined): Doc {
  if (past?.doc !== undefined) return past.doc
  throw new ServerError('SINCE_COMPACTED', 'removing a counter needs the document as of "since"')
}

function isSequence(container: Container | undefined): container is Rga | Text {
  return container !== undefined && 'ids' in container
}

/** Whether some operation can ask for the past itself, which costs a load; arrival of tags is known without. */
function needsPast({ type, ops }: { readonly type: DocumentType; readonly ops: readonly Operation[] }): boolean {
  if (type !== 'rga' && type !== 'text' && type !== 'ormap' && type !== 'doc') return false
  return ops.some((op) => /"index":|"remove"|"path":/.test(JSON.stringify(op)))
}
