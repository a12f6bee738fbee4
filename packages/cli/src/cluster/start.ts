/** `joinery cluster start`: a node of a cluster, with its HTTP API. */
import { statfs } from 'node:fs/promises'
import { cpus, freemem, loadavg, totalmem } from 'node:os'
import { clusterMetrics, createCluster, type NodeUsage, serveCluster } from '@joinery/cluster'
import type { Environment } from '../environment.ts'
import { peeringOf } from '../node/peering.ts'
import type { NodeOptions } from '../node/peering-flags.ts'
import { type Begun, type HostCommandOptions, type HostParts, runHost } from '../node/run-host.ts'
import { formatStoreUrl, openStore, parseStoreUrl } from '../store-url.ts'
import { consoleSite } from './console.ts'

export interface ClusterStartOptions extends NodeOptions, HostCommandOptions {
  readonly antiEntropyInterval?: number
  readonly gossipFanout?: number
  readonly heartbeatMs?: number
}

/** Resolves once the node is stopped again. */
export async function startClusterCommand(options: ClusterStartOptions, environment: Environment): Promise<number> {
  const url = parseStoreUrl(options.store)
  return await runHost(options, environment, {
    peering: (parts) => peeringOf(options, parts),
    open: () => openStore(url),
    begin: (parts) => begin(options, environment, parts),
  })
}

async function begin(
  options: ClusterStartOptions,
  { stdout, version }: Environment,
  { shown: _, ...parts }: HostParts,
): Promise<Begun> {
  const { name, region, cluster: clusterName, store } = options
  const cluster = createCluster({ ...parts, ...tuning(options), nodeId: name, region, usage: usageReader() })
  await cluster.start()
  const own = clusterMetrics(() => cluster.stats())
  return {
    join: (address) => cluster.join(address),
    watch: (metrics) => metrics.watch(() => cluster.status()),
    metrics: () => own.text(),
    serve: (api) => serveCluster({ ...api, cluster, site: consoleSite }),
    announce(url, shown) {
      const lines = [
        `Joinery ${version}: node ${name} of cluster ${clusterName} answers at ${url}`,
        `  nodes    ${cluster.status().address}, region ${region}`,
        `  key      ${shown}`,
        `  store    ${formatStoreUrl(parseStoreUrl(store))}`,
        '',
      ]
      stdout.write(lines.join('\n'))
    },
    stop: () => cluster.stop(),
  }
}

function tuning({ antiEntropyInterval, gossipFanout, heartbeatMs }: ClusterStartOptions) {
  return {
    ...(antiEntropyInterval !== undefined && { antiEntropyInterval }),
    ...(gossipFanout !== undefined && { gossipFanout }),
    ...(heartbeatMs !== undefined && { limits: { heartbeatMs } }),
  }
}

/** The machine as it is: load by core, memory, and the disk that the process works on. */
function usageReader(): () => NodeUsage {
  let disk = 0
  const look = (): void => {
    statfs('.').then(
      ({ blocks, bavail }) => {
        disk = blocks === 0 ? 0 : 1 - bavail / blocks
      },
      () => {},
    )
  }
  look()
  return () => {
    look()
    const [load = 0] = loadavg()
    return { cpu: Math.min(1, load / cpus().length), memory: 1 - freemem() / totalmem(), disk }
  }
}
