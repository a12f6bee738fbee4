/** Runs what stands on a node and answers HTTP, from its options to the last answer: a cluster, a catalog. */
import type { RunningHost, ServeApiOptions } from '@joinery/http'
import { type NodeMetrics, type NodeObserver, nodeLog, nodeMetrics, observers } from '@joinery/node'
import { openKeyRing } from '@joinery/server'
import type { Scheduler, Store } from '@joinery/sync'
import { nodeScheduler } from '@joinery/transport/scheduler'
import type { Environment } from '../environment.ts'
import { createLog } from '../log.ts'
import type { LogLevel } from '../options.ts'
import { stopRequest } from '../stop-request.ts'
import { readTls, type TlsOptions } from '../tls.ts'
import type { Peering, PeeringParts } from './peering.ts'

/** What whoever starts a host chooses. */
export interface HostCommandOptions extends TlsOptions {
  readonly addr: string
  readonly join: readonly string[]
  readonly allowOrigin: readonly string[]
  readonly insecure: boolean
  readonly logLevel: LogLevel
}

/** What a host begins with. */
export interface HostParts extends Peering {
  readonly store: Store
  readonly wallMs: () => number
  readonly scheduler: Scheduler
  readonly randomBytes: (count: number) => Uint8Array
  readonly observer: NodeObserver
}

/** A host that has begun. */
export interface Begun {
  /** Finds the others through the node at this address. */
  join(address: string): void
  /** Tells the metrics of the node below what there is. */
  watch(metrics: NodeMetrics): void
  /** Metrics of its own. */
  metrics(): Promise<string>
  serve(options: ServeApiOptions): Promise<RunningHost>
  /** Says where it answers. */
  announce(url: string, shown: string): void
  stop(): Promise<void>
}

export interface HostKind {
  readonly peering: (parts: PeeringParts) => Peering
  readonly open: (parts: PeeringParts) => Promise<Store>
  readonly begin: (parts: HostParts) => Promise<Begun>
}

/** Resolves once the host is stopped again. */
export async function runHost(options: HostCommandOptions, environment: Environment, kind: HostKind): Promise<number> {
  const logger = createLog({ level: options.logLevel, output: environment.stderr })
  const scheduler = nodeScheduler(() => performance.now())
  const parts = { environment, logger, scheduler }
  const peering = kind.peering(parts)
  const tls = await readTls(options)
  // Listened for before anything can be acknowledged: from then on a signal stops in order.
  const stop = stopRequest(environment, logger)
  const { nowMs: wallMs, random: randomBytes, version } = environment
  const store = await kind.open(parts)
  try {
    const node = nodeMetrics()
    const observer = observers([node, nodeLog({ logger, scheduler })])
    const begun = await kind.begin({ ...peering, store, wallMs, scheduler, randomBytes, observer })
    try {
      for (const address of options.join) begun.join(address)
      begun.watch(node)
      const host = await begun.serve({
        address: options.addr,
        keys: await openKeyRing({ store, random: randomBytes, now: wallMs }),
        logger,
        metrics: { text: async () => (await node.text()) + (await begun.metrics()) },
        random: randomBytes,
        now: () => scheduler.nowMs(),
        scheduler,
        version,
        tls,
        allowOrigins: options.allowOrigin,
        insecure: options.insecure,
      })
      begun.announce(host.url, peering.shown)
      await stop
      await host.close()
    } finally {
      await begun.stop()
    }
    logger.info('stopped')
    return 0
  } finally {
    await store.close()
  }
}
