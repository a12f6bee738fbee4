/** Everything that the metrics of a cluster tell, by name. The table in `docs/METRICS.md` is made from this one. */
import type { ClusterStats } from '../stats.ts'

export interface ClusterInstrument {
  readonly name: `joinery_cluster_${string}`
  readonly type: 'counter' | 'gauge'
  readonly labels: readonly string[]
  readonly help: string
  readonly read: (stats: ClusterStats) => number
}

type Read = ClusterInstrument['read']

const counter = (name: ClusterInstrument['name'], help: string, read: Read): ClusterInstrument => ({
  name,
  type: 'counter',
  labels: [],
  help,
  read,
})
const gauge = (name: ClusterInstrument['name'], help: string, read: Read): ClusterInstrument => ({
  name,
  type: 'gauge',
  labels: [],
  help,
  read,
})

export const clusterInstruments: readonly ClusterInstrument[] = [
  gauge('joinery_cluster_vms', 'Virtual machines.', ({ cluster }) => cluster.vms),
  gauge('joinery_cluster_nodes', 'Nodes that were registered or are heard of.', ({ cluster }) => cluster.nodes),
  gauge('joinery_cluster_nodes_alive', 'Nodes that were heard of lately.', ({ cluster }) => cluster.nodesAlive),
  gauge('joinery_cluster_assignments', 'Virtual machines that are assigned.', ({ cluster }) => cluster.assignments),
  gauge('joinery_cluster_conflicts', 'Fields that have concurrent writes now.', ({ cluster }) => cluster.conflicts),
  counter(
    'joinery_cluster_conflicts_seen_total',
    'Fields that had concurrent writes, settled the same way everywhere.',
    ({ cluster }) => cluster.conflictsSeen,
  ),
  counter(
    'joinery_cluster_comparisons_total',
    'Comparisons with other nodes that this node began (anti-entropy).',
    ({ antiEntropy }) => antiEntropy.total,
  ),
  counter(
    'joinery_cluster_comparison_failures_total',
    'Comparisons whose peer was not heard of.',
    ({ antiEntropy }) => antiEntropy.failed,
  ),
  counter(
    'joinery_cluster_syncs_total',
    'Times that a difference with another node was found, and later none any more.',
    ({ antiEntropy }) => antiEntropy.succeededSyncs,
  ),
  counter(
    'joinery_cluster_sync_seconds_total',
    'What these took in all.',
    ({ antiEntropy }) => antiEntropy.averageSeconds * antiEntropy.succeededSyncs,
  ),
  gauge(
    'joinery_cluster_differs_seconds',
    'How long this node has differed from others now.',
    ({ antiEntropy }) => antiEntropy.differsSeconds,
  ),
  gauge('joinery_cluster_causal_pending', 'Changes that wait for others.', ({ causal }) => causal.pending),
  counter('joinery_cluster_pushes_total', 'News told to a peer, the first time.', ({ gossip }) => gossip.pushed),
  counter(
    'joinery_cluster_push_repeats_total',
    'News told again because nothing was heard of it.',
    ({ gossip }) => gossip.repeated,
  ),
  counter(
    'joinery_cluster_duplicates_total',
    'Changes that came in although they were known.',
    ({ gossip }) => gossip.duplicates,
  ),
]
