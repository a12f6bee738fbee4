/** `joinery cluster start`: a node of a cluster, with its HTTP API, and stops them in order. */

import { statfs } from 'node:fs/promises'
import { cpus, freemem, loadavg, totalmem } from 'node:os'
import { clusterMetrics, createCluster, type NodeUsage, serveCluster } from '@joinery/cluster'
import { nodeLog, nodeMetrics, observers } from '@joinery/node'
import { openKeyRing } from '@joinery/server'
import { nodeScheduler } from '@joinery/transport/scheduler'
import type { Environment } from '../environment.ts'
import { createLog } from '../log.ts'
import { peeringOf } from '../node/peering.ts'
import type { NodeOptions } from '../node/peering-flags.ts'
import { stopRequest } from '../stop-request.ts'
import { formatStoreUrl, openStore, parseStoreUrl } from '../store-url.ts'
import { readTls, type TlsOptions } from '../tls.ts'
import { consoleSite } from './console.ts'

export interface ClusterStartOptions extends NodeOptions, TlsOptions {
  readonly addr: string
  readonly allowOrigin: readonly string[]
  readonly insecure: boolean
  readonly antiEntropyInterval?: number
  readonly gossipFanout?: number
  readonly heartbeatMs?: number
}

/** Resolves once the node is stopped again. */
export async function startClusterCommand(options: ClusterStartOptions, environment: Environment): Promise<number> {
  const url = parseStoreUrl(options.store)
  const logger = createLog({ level: options.logLevel, output: environment.stderr })
  const scheduler = nodeScheduler(() => performance.now())
  const { shown, ...peering } = peeringOf(options, { environment, logger, scheduler })
  const tls = await readTls(options)
  // Listened for before anything can be acknowledged: from then on a signal stops in order.
  const stop = stopRequest(environment, logger)
  const { nowMs: wallMs, random: randomBytes, version } = environment
  const store = await openStore(url)
  try {
    const node = nodeMetrics()
    const cluster = createCluster({
      ...peering,
      ...tuning(options),
      nodeId: options.name,
      region: options.region,
      store,
      usage: usageReader(),
      wallMs,
      scheduler,
      randomBytes,
      observer: observers([node, nodeLog({ logger, scheduler })]),
    })
    await cluster.start()
    try {
      for (const address of options.join) cluster.join(address)
      node.watch(() => cluster.status())
      const own = clusterMetrics(() => cluster.stats())
      const keys = await openKeyRing({ store, random: randomBytes, now: wallMs })
      const host = await serveCluster({
        cluster,
        address: options.addr,
        keys,
        logger,
        metrics: { text: async () => (await node.text()) + (await own.text()) },
        random: randomBytes,
        now: () => scheduler.nowMs(),
        scheduler,
        version,
        tls,
        allowOrigins: options.allowOrigin,
        insecure: options.insecure,
        site: consoleSite,
      })
      announce(
        options,
        { url: host.url, address: cluster.status().address, shown, store: formatStoreUrl(url) },
        environment,
      )
      await stop
      await host.close()
    } finally {
      await cluster.stop()
    }
    logger.info('stopped')
    return 0
  } finally {
    await store.close()
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

interface Announced {
  readonly url: string
  readonly address: string
  readonly shown: string
  readonly store: string
}

function announce(
  { name, region, cluster }: ClusterStartOptions,
  { url, address, shown, store }: Announced,
  { stdout, version }: Environment,
): void {
  stdout.write(
    [
      `Joinery ${version}: node ${name} of cluster ${cluster} answers at ${url}`,
      `  nodes    ${address}, region ${region}`,
      `  key      ${shown}`,
      `  store    ${store}`,
      '',
    ].join('\n'),
  )
}
