/** The HTTP side of a node of a cluster: API, metrics, and pages if there are any. */
import {
  addDescription,
  addHealthRoutes,
  addMetricsRoute,
  bodyReader,
  boundedLog,
  checkOrigin,
  chooseAddress,
  defaultHttpLimits,
  type HttpLimits,
  hostApp,
  type KeyCheck,
  type RunningHost,
  readSite,
  type SiteOptions,
  startHost,
  type TlsIdentity,
} from '@joinery/http'
import type { Scheduler } from '@joinery/sync'
import type { Logger } from 'pino'
import type { Cluster } from '../cluster.ts'
import { ClusterError, clusterErrors } from '../errors.ts'
import { clusterHttpLimits } from '../limits.ts'
import { addNodeRoutes } from './node-routes.ts'
import { asClusterRefusal } from './refusals.ts'
import { clusterSchemas } from './schemas.ts'
import { addVmRoutes } from './vm-routes.ts'
import { addWatchRoute } from './watch-routes.ts'

export interface ServeClusterOptions {
  readonly cluster: Cluster
  /** `HOST:PORT` or `:PORT`; port 0 takes a free one. */
  readonly address: string
  readonly keys: KeyCheck
  readonly logger: Logger
  readonly metrics: { text(): Promise<string> }
  readonly random: (bytes: number) => Uint8Array
  /** Milliseconds, for durations. */
  readonly now: () => number
  readonly scheduler: Scheduler
  /** Shown in `/openapi.json`. */
  readonly version: string
  readonly tls?: TlsIdentity | undefined
  readonly allowOrigins?: readonly string[]
  /** Allows an address that others can reach although there are no keys. */
  readonly insecure?: boolean
  readonly site?: SiteOptions | undefined
  readonly limits?: Partial<HttpLimits>
}

/** Answers requests for a cluster that has started. Throws `StartError`. */
export async function serveCluster(options: ServeClusterOptions): Promise<RunningHost> {
  const { keys, logger, random, now, tls, insecure = false } = options
  const limits = { ...defaultHttpLimits, ...clusterHttpLimits, ...options.limits }
  const address = chooseAddress({ address: options.address, keysRequired: keys.required(), insecure })
  const log = boundedLog({ logger, now, limits })
  const { app, load, seal } = hostApp({
    limits,
    keys,
    log,
    random,
    now,
    allowOrigins: (options.allowOrigins ?? []).map(checkOrigin),
    headers: [],
    loopbackOnly: address.loopbackOnly,
    tls: tls !== undefined,
    site: options.site && readSite(options.site, limits.siteBytesMax),
    gated: ['/v1/*'],
    routeOf: (path) => ({ route: routeOf(path), isNoted: false }),
    asRefusal: asClusterRefusal,
  })
  addRoutes(options, { app, load, limits })
  seal()
  return await startHost({
    fetch: app.fetch,
    load,
    address,
    tls,
    keysRequired: () => keys.required(),
    limits,
    logger,
    log,
    random,
    now,
  })
}

type Built = Pick<Parameters<typeof addVmRoutes>[0], 'app' | 'load' | 'limits'>

function addRoutes({ cluster, keys, metrics, scheduler, version }: ServeClusterOptions, { app, load, limits }: Built) {
  const { idBytesMax: bytesMax } = cluster.limits
  const parameter = (name: string, about: string) => ({ name, bytesMax, about })
  const endpoints = {
    app,
    load,
    limits,
    keys,
    cluster,
    scheduler,
    bodies: bodyReader(limits),
    schemas: clusterSchemas(cluster.limits),
    table: clusterErrors,
    parameters: {
      vm: parameter('the name of the virtual machine', 'Name of a virtual machine, percent-encoded.'),
      node: parameter('the name of the node', 'Name of a node, percent-encoded.'),
      counter: parameter('the name of the counter', 'Name of a counter, percent-encoded.'),
      resource: parameter('the name of the resource', 'Name of a resource, percent-encoded.'),
    },
    requireVm(id: string | undefined) {
      const found = cluster.getVm(id as string)
      if (found !== undefined) return found
      throw new ClusterError('CLUSTER_VM_UNKNOWN', `there is no virtual machine ${JSON.stringify(id)}`)
    },
  }
  addVmRoutes(endpoints)
  addNodeRoutes(endpoints)
  addWatchRoute(endpoints)
  addHealthRoutes(app, load)
  addDescription(app, {
    title: 'Joinery cluster',
    version,
    description: 'Metadata of virtual machines and nodes, written in every region. docs/CLUSTER.md explains it.',
    keyDescription: 'Required once there are keys.',
  })
  addMetricsRoute(app, keys, metrics)
}

/** The path without names, which would make labels and lines of the log grow. */
function routeOf(path: string): string {
  const [, version, kind = '', name, more] = path.split('/')
  if (version !== 'v1') return 'other'
  const known = [
    'vms',
    'nodes',
    'counters',
    'credits',
    'resources',
    'conflicts',
    'stats',
    'watch',
    'join',
    'drill',
    'inventory',
  ]
  if (!known.includes(kind)) return 'unknown'
  return `/v1/${kind}${name === undefined ? '' : '/{name}'}${more === undefined ? '' : '/{more}'}`
}
