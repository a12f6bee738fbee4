/** `joinery catalog serve`: a node of the catalog with its HTTP API, stopped in order. */
import { catalogMetrics, serveCatalog, startCatalog } from '@joinery/catalog'
import { shownFailure } from '@joinery/http'
import { clusterKeys, nodeLog, nodeMetrics, observers } from '@joinery/node'
import { openKeyRing } from '@joinery/server'
import type { Store } from '@joinery/sync'
import { nodeScheduler } from '@joinery/transport/scheduler'
import type { Logger } from 'pino'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { createLog } from '../log.ts'
import { type PeeringParts, peeringOf } from '../node/peering.ts'
import type { NodeOptions } from '../node/peering-flags.ts'
import { stopRequest } from '../stop-request.ts'
import { formatStoreUrl, openStore, parseStoreUrl, type StoreUrl } from '../store-url.ts'
import { readTls, type TlsOptions } from '../tls.ts'
import { isDamaged, putAside } from './damaged.ts'
import { markOwner, ownedBy } from './owner.ts'

export interface CatalogServeOptions extends NodeOptions, TlsOptions {
  readonly addr: string
  /** Data that cannot be read is put aside, and fetched from the other nodes. */
  readonly rebuild: boolean
  /** Undefined: those that the catalog indexes by default. */
  readonly indexed: readonly string[] | undefined
  readonly allowOrigin: readonly string[]
  readonly insecure: boolean
}

/** Resolves once the catalog is stopped again. */
export async function serveCatalogCommand(options: CatalogServeOptions, environment: Environment): Promise<number> {
  const url = parseStoreUrl(options.store)
  const logger = createLog({ level: options.logLevel, output: environment.stderr })
  const scheduler = nodeScheduler(() => performance.now())
  const { shown, ...peering } = peeringIn(options, { environment, logger, scheduler })
  const tls = await readTls(options)
  // Listened for before anything can be acknowledged: from then on a signal stops in order.
  const stop = stopRequest(environment, logger)
  const { nowMs: wallMs, random: randomBytes, version } = environment
  const store = await openOwn(url, options, { logger, nowMs: wallMs() })
  try {
    const node = nodeMetrics()
    const catalog = await startCatalog({
      ...peering,
      node: options.name,
      region: options.region,
      store,
      wallMs,
      scheduler,
      randomBytes,
      observer: observers([node, nodeLog({ logger, scheduler })]),
      ...(options.indexed !== undefined && { indexed: options.indexed }),
    })
    try {
      for (const address of options.join) catalog.node.join(address)
      node.watch(() => catalog.node.status())
      const own = catalogMetrics(() => catalog.status())
      const host = await serveCatalog({
        catalog,
        address: options.addr,
        keys: await openKeyRing({ store, random: randomBytes, now: wallMs }),
        logger,
        metrics: { text: async () => (await node.text()) + (await own.text()) },
        random: randomBytes,
        now: () => scheduler.nowMs(),
        scheduler,
        version,
        tls,
        allowOrigins: options.allowOrigin,
        insecure: options.insecure,
      })
      const { address } = catalog.node.status()
      announce(options, { url: host.url, address, shown, store: formatStoreUrl(url) }, environment)
      await stop
      await host.close()
    } finally {
      await catalog.stop()
    }
    logger.info('stopped')
    return 0
  } finally {
    await store.close()
  }
}

/** Without a secret or keys a node is alone: others carry its deltas. */
function peeringIn(options: CatalogServeOptions, parts: PeeringParts): ReturnType<typeof peeringOf> {
  const { key, nodes, secret, join, cluster } = options
  if (key !== undefined || nodes !== undefined || secret !== undefined) return peeringOf(options, parts)
  if (join.length > 0) {
    throw new UsageError('nodes must know each other', 'Give --secret, or --key and --nodes, beside --peers.')
  }
  return { transports: [], digestKey: clusterKeys(cluster).digestKey, shown: 'none: this node is alone' }
}

interface Opening {
  readonly logger: Logger
  readonly nowMs: number
}

/** Says who has the store, where somebody has. */
async function openOwn(url: StoreUrl, options: CatalogServeOptions, opening: Opening): Promise<Store> {
  try {
    return await openMarked(url)
  } catch (error) {
    if (options.rebuild && isDamaged(error)) return await openAnew(url, options, { ...opening, error })
    throw ownedBy(url, error)
  }
}

async function openMarked(url: StoreUrl): Promise<Store> {
  const store = await openStore(url)
  markOwner(url, process.pid)
  return store
}

/** What cannot be read is kept: somebody may want to look at it. */
async function openAnew(
  url: StoreUrl,
  { join }: CatalogServeOptions,
  { logger, nowMs, error }: Opening & { readonly error: unknown },
): Promise<Store> {
  if (join.length === 0) {
    throw new UsageError('--rebuild fetches everything from other nodes', 'Give some by --peers.')
  }
  const kept = putAside(url, nowMs)
  logger.warn(
    { failure: shownFailure(error), kept },
    'the data cannot be read: it is put aside, and fetched from peers',
  )
  return await openMarked(url)
}

interface Announced {
  readonly url: string
  readonly address: string
  readonly shown: string
  readonly store: string
}

function announce(
  { name, region, cluster }: CatalogServeOptions,
  { url, address, shown, store }: Announced,
  { stdout, version }: Environment,
): void {
  stdout.write(
    [
      `Joinery ${version}: catalog node ${name} answers at ${url}`,
      `  nodes    ${address === '' ? 'none can dial it' : address}, cluster ${cluster}, region ${region}`,
      `  key      ${shown}`,
      `  store    ${store}`,
      `  API      ${url}/openapi.json`,
      '',
    ].join('\n'),
  )
}
