export { ReplicationError, type ReplicationErrorCode } from './replication/errors.ts'
export { type ReplicationLimits, replicationLimits } from './replication/limits.ts'
export { MessageCodec } from './replication/messages/codec.ts'
export type { Cause, LifeKey, MemberNews, MemberState, Message } from './replication/messages/messages.ts'
export { MESSAGE_VERSION } from './replication/messages/messages.ts'
export type {
  ActorChoice,
  Input,
  LifeWrite,
  NodeId,
  NodeOptions,
  Output,
  StoredLife,
  WriteChange,
} from './replication/ports.ts'
