export { StoreError, type StoreErrorCode } from './errors.ts'
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
  StoreIdentity,
} from './ports/store.ts'
