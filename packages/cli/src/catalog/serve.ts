/** `joinery catalog serve`: a node of the catalog with its HTTP API, stopped in order. */
import { catalogMetrics, serveCatalog, startCatalog } from '@joinery/catalog'
import { shownFailure } from '@joinery/http'
import { clusterKeys } from '@joinery/node'
import type { Store } from '@joinery/sync'
import type { Logger } from 'pino'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { type PeeringParts, peeringOf } from '../node/peering.ts'
import type { NodeOptions } from '../node/peering-flags.ts'
import { type Begun, type HostCommandOptions, type HostParts, runHost } from '../node/run-host.ts'
import { formatStoreUrl, openStore, parseStoreUrl, type StoreUrl } from '../store-url.ts'
import { isDamaged, putAside } from './damaged.ts'
import { markOwner, ownedBy } from './owner.ts'

export interface CatalogServeOptions extends NodeOptions, HostCommandOptions {
  /** Data that cannot be read is put aside, and fetched from the other nodes. */
  readonly rebuild: boolean
  /** Undefined: those that the catalog indexes by default. */
  readonly indexed: readonly string[] | undefined
}

/** Resolves once the catalog is stopped again. */
export async function serveCatalogCommand(options: CatalogServeOptions, environment: Environment): Promise<number> {
  const url = parseStoreUrl(options.store)
  return await runHost(options, environment, {
    peering: (parts) => peeringIn(options, parts),
    open: ({ logger }) => openOwn(url, options, { logger, nowMs: environment.nowMs() }),
    begin: (parts) => begin(options, environment, parts),
  })
}

async function begin(
  options: CatalogServeOptions,
  { stdout, version }: Environment,
  { shown: _, ...parts }: HostParts,
): Promise<Begun> {
  const { name, region, cluster, indexed, store } = options
  const catalog = await startCatalog({ ...parts, node: name, region, ...(indexed !== undefined && { indexed }) })
  const own = catalogMetrics(() => catalog.status())
  return {
    join: (address) => catalog.node.join(address),
    watch: (metrics) => metrics.watch(() => catalog.node.status()),
    metrics: () => own.text(),
    serve: (api) => serveCatalog({ ...api, catalog }),
    announce(url, shown) {
      const { address } = catalog.node.status()
      const lines = [
        `Joinery ${version}: catalog node ${name} answers at ${url}`,
        `  nodes    ${address === '' ? 'none can dial it' : address}, cluster ${cluster}, region ${region}`,
        `  key      ${shown}`,
        `  store    ${formatStoreUrl(parseStoreUrl(store))}`,
        `  API      ${url}/openapi.json`,
        '',
      ]
      stdout.write(lines.join('\n'))
    },
    stop: () => catalog.stop(),
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
