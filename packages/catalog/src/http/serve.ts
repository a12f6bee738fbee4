/** The HTTP side of a catalog: API, metrics, and pages if there are any. */
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
  startHost,
  type TlsIdentity,
} from '@joinery/http'
import type { Scheduler } from '@joinery/sync'
import type { Logger } from 'pino'
import type { Catalog } from '../catalog.ts'
import { catalogErrors } from '../errors.ts'
import { catalogHttpLimits } from '../limits.ts'
import { addDeltaRoutes } from './delta-routes.ts'
import type { CatalogEndpoints } from './endpoints.ts'
import { addEntryRoutes } from './entry-routes.ts'
import { addQueryRoutes } from './query-routes.ts'
import { asCatalogRefusal } from './refusals.ts'
import { catalogSchemas } from './schemas.ts'

export interface ServeCatalogOptions {
  readonly catalog: Catalog
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
  readonly limits?: Partial<HttpLimits>
}

/** Answers requests for a catalog that has started. Throws `StartError`. */
export async function serveCatalog(options: ServeCatalogOptions): Promise<RunningHost> {
  const { keys, logger, random, now, tls, insecure = false } = options
  const limits = { ...defaultHttpLimits, ...catalogHttpLimits, ...options.limits }
  const address = chooseAddress({ address: options.address, keysRequired: keys.required(), insecure })
  const log = boundedLog({ logger, now, limits })
  const { app, load, seal } = hostApp({
    limits,
    keys,
    log,
    random,
    now,
    allowOrigins: (options.allowOrigins ?? []).map(checkOrigin),
    headers: ['X-Node-ID'],
    loopbackOnly: address.loopbackOnly,
    tls: tls !== undefined,
    gated: ['/snapshots/*', '/images/*', '/catalog/*', '/crdt/*', '/events'],
    routeOf: (path) => ({ route: routeOf(path), isNoted: false }),
    asRefusal: asCatalogRefusal,
  })
  addRoutes(options, { app, load, limits })
  seal()
  const keysRequired = (): boolean => keys.required()
  return await startHost({ fetch: app.fetch, load, address, tls, keysRequired, limits, logger, log, random, now })
}

type Built = Pick<CatalogEndpoints, 'app' | 'load' | 'limits'>

function addRoutes({ catalog, keys, metrics, scheduler, version }: ServeCatalogOptions, { app, load, limits }: Built) {
  const about = `Id of an entry, percent-encoded; 1 to ${catalog.limits.idBytesMax} bytes, no control characters.`
  const endpoints: CatalogEndpoints = {
    app,
    load,
    limits,
    keys,
    catalog,
    scheduler,
    bodies: bodyReader(limits),
    schemas: catalogSchemas(catalog.limits),
    table: catalogErrors,
    parameters: { id: { name: 'the id', bytesMax: catalog.limits.idBytesMax, about } },
  }
  addQueryRoutes(endpoints)
  addDeltaRoutes(endpoints)
  addEntryRoutes(endpoints)
  addHealthRoutes(app, load)
  addDescription(app, {
    title: 'Joinery catalog',
    version,
    description: 'One catalog of snapshots and images, written on every node. docs/CATALOG.md explains it.',
    keyDescription: 'Required once there are keys.',
  })
  addMetricsRoute(app, keys, metrics)
}

/** The path without ids, which would make labels and lines of the log grow. */
function routeOf(path: string): string {
  const [, first = '', second, third] = path.split('/')
  if (first === 'snapshots' || first === 'images') return `/${first}${third === undefined ? '/{id}' : '/{does}/{id}'}`
  if (first === 'catalog' || first === 'crdt') return `/${first}/${second === 'delta' ? 'delta' : '{more}'}`
  return first === 'events' ? '/events' : 'other'
}
