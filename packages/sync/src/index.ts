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
export { ownValuePrefix, requireFinished, unfinishedValue } from './ports/own-values.ts'
export type {
  Commit,
  DocumentHead,
  DocumentKey,
  ImportOptions,
  ListOptions,
  LogEntry,
  LogOptions,
  NewEntry,
  Page,
  PageOptions,
  Receipt,
  Store,
  StoredDocument,
  StoredSnapshot,
  StoreEvent,
  StoreIdentity,
} from './ports/store.ts'
export { Budget } from './session/budget.ts'
export { Channel } from './session/channel.ts'
export { ClientSession, type ClientSessionOptions } from './session/client-session.ts'
export { type Compression, Packer } from './session/compression.ts'
export { decodeClientFrame, decodeServerFrame } from './session/decode-frame.ts'
export { encodeFrame } from './session/encode-frame.ts'
export { Feed, type FeedEntry, type FeedsKept, type FeedUpdate, type Follower } from './session/feed.ts'
export { FollowedDocument } from './session/followed-document.ts'
export type { FollowedEvents, FollowedOptions, FollowState, Position } from './session/followed-types.ts'
export type {
  AckLevel,
  ClientFrame,
  Frame,
  From,
  Hello,
  Known,
  Peers,
  Resume,
  ServerFrame,
  Subscribe,
  Welcome,
} from './session/frames.ts'
export { kinds } from './session/frames.ts'
export { type SessionLimits, sessionLimits } from './session/limits.ts'
export type { Outgoing } from './session/outbox.ts'
export type {
  CatchUp,
  HostedDocument,
  Link,
  LinkClose,
  Opened,
  Principal,
  Scheduler,
  SessionHost,
  Submission,
  Verdict,
} from './session/ports.ts'
export { PresenceBoard } from './session/presence-board.ts'
export { type RefusalCode, refusalCodes, SessionRefusal } from './session/refusal.ts'
export {
  type RefusedDocument,
  ServerSession,
  type ServerSessionOptions,
  type SessionObserver,
} from './session/server-session.ts'
export { type SessionBudgets, sessionBudgets } from './session/session-budgets.ts'
export { TokenBucket } from './session/token-bucket.ts'
