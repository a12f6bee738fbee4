export { StoreError, type StoreErrorCode } from './errors.ts'
export { applyOperation, type OperationContext } from './ops/apply-operation.ts'
export { applyToDocument, documentValue, putDocument, ROOT_FIELD, rootOf } from './ops/document-operations.ts'
export { OperationError, type OperationErrorCode } from './ops/errors.ts'
export {
  type DocumentType,
  documentTypes,
  type Operation,
  type OperationType,
  operationType,
  type StampContext,
} from './ops/operation.ts'
export type { SeenIds } from './ops/sequence-operations.ts'
export { writeValue } from './ops/write-value.ts'
export type {
  Commit,
  DocumentHead,
  DocumentKey,
  ListOptions,
  LogEntry,
  LogOptions,
  NewEntry,
  Page,
  Receipt,
  Store,
  StoredSnapshot,
  StoreEvent,
  StoreIdentity,
} from './ports/store.ts'
