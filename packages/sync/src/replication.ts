export type { AntiEntropyFigures } from './replication/anti-entropy/figures.ts'
export { isSignedSummary } from './replication/documents/summary.ts'
export { ReplicationError, type ReplicationErrorCode } from './replication/errors.ts'
export { hashKey } from './replication/hash64.ts'
export { presenceBytesMax, type ReplicationLimits, replicationLimits } from './replication/limits.ts'
export { type Peer, Roster } from './replication/membership/roster.ts'
export { MessageCodec } from './replication/messages/codec.ts'
export type { Cause, LifeKey, MemberNews, MemberState, Message } from './replication/messages/messages.ts'
export { MESSAGE_VERSION } from './replication/messages/messages.ts'
export { NodeEngine, type NodeStatus } from './replication/node-engine.ts'
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
export { changeDigest, changeRefusal, sealOf } from './replication/signing/claim.ts'
export { decodeProof, type ForkProof, forkedFrom, isProof } from './replication/signing/fork-proof.ts'
export type { Fork } from './replication/signing/quarantine.ts'
export type { Signing } from './replication/signing/signing.ts'
