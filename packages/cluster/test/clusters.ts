/** Clusters for tests: nodes of one process, over a network in memory. */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { clusterKeys } from '@joinery/node'
import { memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { memoryNetwork } from '@joinery/transport/memory'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { afterEach } from 'vitest'
import { type Cluster, type ClusterOptions, createCluster } from '../src/index.ts'

export const scheduler = nodeScheduler(() => performance.now())

const running: Cluster[] = []
const stores: Store[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((cluster) => cluster.stop()))
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

export interface TestClusterOptions extends Partial<ClusterOptions> {
  readonly nodeId: string
}

export function testNetwork() {
  const network = memoryNetwork({ scheduler })
  return {
    async start(options: TestClusterOptions): Promise<Cluster> {
      const { nodeId, region = `region-${nodeId}` } = options
      const store = options.store ?? memoryStore()
      if (options.store === undefined) stores.push(store)
      const cluster = createCluster({
        region,
        digestKey: clusterKeys('test').digestKey,
        transports: [network.transport({ node: nodeId, region })],
        wallMs: Date.now,
        scheduler,
        randomBytes,
        ...options,
        store,
      })
      await cluster.start()
      running.push(cluster)
      return cluster
    },
    /** So many that know each other. */
    async several(...names: readonly string[]): Promise<Cluster[]> {
      const clusters: Cluster[] = []
      for (const nodeId of names) {
        const cluster = await this.start({ nodeId })
        if (clusters[0] !== undefined) cluster.join(clusters[0].status().address)
        clusters.push(cluster)
      }
      return clusters
    },
  }
}

const PATIENCE_MS = 45_000

export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`it never came to this: ${what}`)
    await delay(10)
  }
}

/** Waits until all have the same documents. */
export async function converged(clusters: readonly Cluster[]): Promise<void> {
  await until(
    () => new Set(clusters.map((cluster) => cluster.status().replication.digest)).size === 1,
    `${clusters.length} nodes have the same`,
  )
}

export function code(attempt: Promise<unknown> | (() => unknown)): Promise<unknown> {
  return (typeof attempt === 'function' ? Promise.resolve().then(attempt) : attempt).then(
    () => undefined,
    (error: { readonly code?: string }) => error.code,
  )
}
