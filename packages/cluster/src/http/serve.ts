/** The HTTP side of a node of a cluster: API, metrics, and pages if there are any. */
import { type RunningHost, type ServeApiOptions, serveApi } from '@joinery/http'
import type { Cluster } from '../cluster.ts'
import { ClusterError, clusterErrors } from '../errors.ts'
import { clusterHttpLimits } from '../limits.ts'
import { addNodeRoutes } from './node-routes.ts'
import { asClusterRefusal } from './refusals.ts'
import { clusterSchemas } from './schemas.ts'
import { addVmRoutes } from './vm-routes.ts'
import { addWatchRoute } from './watch-routes.ts'

export interface ServeClusterOptions extends ServeApiOptions {
  readonly cluster: Cluster
}

/** Answers requests for a cluster that has started. Throws `StartError`. */
export async function serveCluster(options: ServeClusterOptions): Promise<RunningHost> {
  const { cluster, scheduler } = options
  const { idBytesMax: bytesMax } = cluster.limits
  const parameter = (what: string) => ({
    name: `the name of the ${what}`,
    bytesMax,
    about: `Name of a ${what}, percent-encoded; 1 to ${bytesMax} bytes, no control characters.`,
  })
  return await serveApi(options, {
    info: {
      title: 'Joinery cluster',
      description: 'Metadata of virtual machines and nodes, written in every region. docs/CLUSTER.md explains it.',
    },
    limits: clusterHttpLimits,
    headers: [],
    gated: ['/v1/*'],
    table: clusterErrors,
    parameters: {
      vm: parameter('virtual machine'),
      node: parameter('node'),
      counter: parameter('counter'),
      resource: parameter('resource'),
    },
    routeOf,
    asRefusal: asClusterRefusal,
    addRoutes(to) {
      const requireVm = (id: string | undefined) => {
        const found = cluster.getVm(id as string)
        if (found !== undefined) return found
        throw new ClusterError('CLUSTER_VM_UNKNOWN', `there is no virtual machine ${JSON.stringify(id)}`)
      }
      const endpoints = { ...to, cluster, scheduler, schemas: clusterSchemas(cluster.limits), requireVm }
      addVmRoutes(endpoints)
      addNodeRoutes(endpoints)
      addWatchRoute(endpoints)
    },
  })
}

const kinds: ReadonlySet<string> = new Set([
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
])

/** The path without names, which would make labels and lines of the log grow. */
function routeOf(path: string): string {
  const [, version, kind = '', name, more] = path.split('/')
  if (version !== 'v1') return 'other'
  if (!kinds.has(kind)) return 'unknown'
  return `/v1/${kind}${name === undefined ? '' : '/{name}'}${more === undefined ? '' : '/{more}'}`
}
