/** `joinery node start`: puts store, identity, transports and node together and stops them in order. */
import { type JoineryNode, nodeLog, nodeMetrics, observers, serveNodeControl, startNode } from '@joinery/node'
import { nodeScheduler } from '@joinery/transport/scheduler'
import type { Environment } from '../environment.ts'
import { createLog } from '../log.ts'
import { stopRequest } from '../stop-request.ts'
import { formatStoreUrl, openStore, parseStoreUrl } from '../store-url.ts'
import { controlPathOf } from './ask.ts'
import { peeringOf } from './peering.ts'
import type { NodeOptions } from './peering-flags.ts'

export interface StartOptions extends NodeOptions {
  readonly control?: string
}

/** Resolves once the node is stopped again. */
export async function startCommand(options: StartOptions, environment: Environment): Promise<number> {
  const url = parseStoreUrl(options.store)
  const control = controlPathOf({ store: options.store, control: options.control })
  const logger = createLog({ level: options.logLevel, output: environment.stderr })
  const scheduler = nodeScheduler(() => performance.now())
  const { shown, ...peering } = peeringOf(options, { environment, logger, scheduler })
  // Listened for before anything can be acknowledged: from then on a signal stops in order.
  const stop = stopRequest(environment, logger)
  const store = await openStore(url)
  try {
    let leaving = (): void => {}
    const left = new Promise<'leave'>((resolve) => {
      leaving = () => resolve('leave')
    })
    const metrics = nodeMetrics()
    const { nowMs: wallMs, random: randomBytes } = environment
    const node = await startNode({
      node: options.name,
      region: options.region,
      store,
      ...peering,
      wallMs,
      scheduler,
      randomBytes,
      observer: observers([metrics, nodeLog({ logger, scheduler })]),
    })
    await joinAll(node, options.join)
    metrics.watch(() => node.status())
    const socket = await serveNodeControl(control, { node, metrics, logger, wallMs, onLeave: leaving })
    announce(node, { ...options, shown, control, store: formatStoreUrl(url) }, environment)
    const why = await Promise.race([stop, left])
    await node.stop({ leave: why === 'leave' })
    await socket.close()
    logger.info('stopped')
    return 0
  } finally {
    await store.close()
  }
}

async function joinAll(node: JoineryNode, addresses: readonly string[]): Promise<void> {
  try {
    for (const address of addresses) node.join(address)
  } catch (error) {
    await node.stop()
    throw error
  }
}

interface Announced {
  readonly cluster: string
  readonly shown: string
  readonly store: string
  readonly control: string
}

function announce(
  node: JoineryNode,
  { cluster, shown, store, control }: Announced,
  { stdout, version }: Environment,
): void {
  const { node: name, region, address } = node.status()
  stdout.write(
    [
      `Joinery ${version}: node ${name} is listening on ${address === '' ? 'nothing that others could dial' : address}`,
      `  cluster  ${cluster}, region ${region}`,
      `  key      ${shown}`,
      `  store    ${store}`,
      `  control  ${control}`,
      '',
    ].join('\n'),
  )
}
