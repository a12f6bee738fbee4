export { Cluster, type ClusterOptions, createCluster, type VmExplained } from './cluster.ts'
export { ClusterError, type ClusterErrorCode, clusterErrors } from './errors.ts'
export { type ServeClusterOptions, serveCluster } from './http/serve.ts'
export { type Comparison, compareInventory, type Difference, type InventoryRecord } from './inventory/compare.ts'
export { type ClusterLimits, clusterLimits } from './limits.ts'
export { type ClusterMetrics, clusterMetrics } from './metrics/metrics.ts'
export { SHARDS, shardOf } from './model/shards.ts'
export type {
  ClusterEvent,
  ClusterNode,
  ConcurrentWrite,
  Conflict,
  Credits,
  NodeFields,
  NodeUsage,
  Resource,
  Vm,
  VmFields,
  VmFilter,
  VmPage,
} from './model/types.ts'
export type { ClusterCounts, ClusterStats } from './stats.ts'
export type { ClusterListener } from './view/news.ts'
