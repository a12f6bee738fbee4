/** Host data in the store: what a document is, and what an entry of its log shows. JSON, written and read here only. */
import type { DocumentHead, LogEntry } from '@joinery/sync'
import type { DocumentState, DocumentType, LoggedOperation, Operation } from './types.ts'

interface DocumentAttributes {
  readonly type: DocumentType
  /** Version before the incarnation began: a smaller `since` is of an earlier one. */
  readonly base: number
}

export function writeDocumentAttributes(attributes: DocumentAttributes): string {
  return JSON.stringify(attributes)
}

export function documentAttributes(head: DocumentHead): DocumentAttributes {
  return JSON.parse(head.attributes) as DocumentAttributes
}

export function stateOf(head: DocumentHead, storeId: string): DocumentState {
  const { type } = documentAttributes(head)
  return { id: head.key.id, type, version: head.version, incarnation: head.incarnation, storeId }
}

interface EntryAttributes {
  readonly node: string
  readonly time: string
  readonly op: Operation
}

export function writeEntryAttributes(attributes: EntryAttributes): string {
  return JSON.stringify(attributes)
}

export function loggedOperation(entry: LogEntry): LoggedOperation {
  const { node, time, op } = JSON.parse(entry.attributes) as EntryAttributes
  return { version: entry.version, node, time, op }
}
