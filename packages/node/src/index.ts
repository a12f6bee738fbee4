export { type ClusterKeys, clusterKeys } from './cluster-keys.ts'
export { type NodeControlClient, nodeControlClient } from './control/control-client.ts'
export { type NodeControl, type NodeControlOptions, serveNodeControl } from './control/control-server.ts'
export { NodeError, type NodeErrorCode, NodeRefusal } from './errors.ts'
export { allowListFile, readIdentityFile, readSecretFile, writeIdentity, writeSecret } from './key-files.ts'
export { type NodeLimits, nodeLimits } from './limits.ts'
export { type NodeMetrics, nodeMetrics } from './metrics/metrics.ts'
export {
  type DocumentNews,
  type EditOptions,
  type JoineryNode,
  type NodeOptions,
  type NodeStatus,
  type PresenceListener,
  startNode,
} from './node.ts'
export { type NodeLogOptions, nodeLog, observers } from './node-log.ts'
export type { NodeObserver } from './observer.ts'
export { type NodeSigning, signingWith } from './signing.ts'
export type { DocumentEvent, DocumentListener } from './watched-documents.ts'
