/** How a cluster is doing, as one of its nodes sees it. */
import type { NodeStatus } from '@joinery/node'

export interface ClusterCounts {
  readonly vms: number
  readonly nodes: number
  readonly nodesAlive: number
  readonly assignments: number
  readonly resources: number
  readonly counters: number
  /** Fields that have concurrent writes now. */
  readonly conflicts: number
  /** Fields that had concurrent writes since the start, each settled the same way everywhere. */
  readonly conflictsSeen: number
}

export interface ClusterStats {
  readonly node: string
  readonly region: string
  readonly cluster: ClusterCounts
  readonly gossip: {
    /** Changes that came in, those that were known already included. */
    readonly seen: number
    readonly duplicates: number
    /** News told to a peer, and how often it had to be told again because nothing was heard of it. */
    readonly pushed: number
    readonly repeated: number
    readonly fanout: number
    /** The most steps that news came by. */
    readonly hops: number
    /** Part of the pushes that had to be sent again, from 0 to 1: of loss, or of peers that are slow. */
    readonly lossEstimate: number
  }
  readonly antiEntropy: {
    readonly total: number
    readonly succeeded: number
    readonly failed: number
    /** Differences that were found, and later none any more. */
    readonly succeededSyncs: number
    /** What these took, in seconds each; 0 while there was none. */
    readonly averageSeconds: number
    /** How long there has been a difference now, in seconds. */
    readonly differsSeconds: number
    /** Changes that came by comparing. */
    readonly keysExchanged: number
  }
  readonly causal: { readonly pending: number }
  readonly peers: readonly {
    readonly node: string
    readonly region: string
    readonly state: string
    readonly connected: boolean
  }[]
  readonly documents: number
  /** Equal on two nodes when they have the same. */
  readonly digest: string
  readonly traffic: { readonly sentBytes: number; readonly receivedBytes: number }
}

export function statsOf(status: NodeStatus, cluster: ClusterCounts, fanout: number): ClusterStats {
  const { replication, members, peers, transport } = status
  const { applied, duplicates, hopsMax, pushed, repeated, repaired, antiEntropy } = replication
  const connected = new Set(peers.map(({ node }) => node))
  return {
    node: status.node,
    region: status.region,
    cluster,
    gossip: {
      seen: applied + duplicates,
      duplicates,
      pushed,
      repeated,
      fanout,
      hops: hopsMax,
      lossEstimate: pushed + repeated === 0 ? 0 : repeated / (pushed + repeated),
    },
    antiEntropy: {
      total: antiEntropy.rounds,
      succeeded: antiEntropy.answered,
      failed: antiEntropy.failed,
      succeededSyncs: antiEntropy.syncs,
      averageSeconds: antiEntropy.syncs === 0 ? 0 : antiEntropy.syncMs / antiEntropy.syncs / 1000,
      differsSeconds: antiEntropy.differsMs / 1000,
      keysExchanged: repaired,
    },
    causal: { pending: replication.early },
    peers: members
      .filter(({ node }) => node !== status.node)
      .map(({ node, region, state }) => ({ node, region, state, connected: connected.has(node) })),
    documents: replication.lives,
    digest: replication.digest,
    traffic: { sentBytes: transport.sentBytes, receivedBytes: transport.receivedBytes },
  }
}
