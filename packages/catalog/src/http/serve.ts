/** The HTTP side of a catalog: API, metrics, and pages if there are any. */
import { type RunningHost, type ServeApiOptions, serveApi } from '@joinery/http'
import type { Catalog } from '../catalog.ts'
import { catalogErrors } from '../errors.ts'
import { catalogHttpLimits } from '../limits.ts'
import { addDeltaRoutes } from './delta-routes.ts'
import { addEntryRoutes } from './entry-routes.ts'
import { addQueryRoutes } from './query-routes.ts'
import { asCatalogRefusal } from './refusals.ts'
import { catalogSchemas } from './schemas.ts'

export interface ServeCatalogOptions extends ServeApiOptions {
  readonly catalog: Catalog
}

/** Answers requests for a catalog that has started. Throws `StartError`. */
export async function serveCatalog(options: ServeCatalogOptions): Promise<RunningHost> {
  const { catalog, scheduler } = options
  const { idBytesMax: bytesMax } = catalog.limits
  const about = `Id of an entry, percent-encoded; 1 to ${bytesMax} bytes, no control characters.`
  return await serveApi(options, {
    info: {
      title: 'Joinery catalog',
      description: 'One catalog of snapshots and images, written on every node. docs/CATALOG.md explains it.',
    },
    limits: catalogHttpLimits,
    headers: ['X-Node-ID'],
    gated: ['/snapshots/*', '/images/*', '/catalog/*', '/crdt/*', '/events'],
    table: catalogErrors,
    parameters: { id: { name: 'the id', bytesMax, about } },
    routeOf,
    asRefusal: asCatalogRefusal,
    addRoutes(to) {
      const endpoints = { ...to, catalog, scheduler, schemas: catalogSchemas(catalog.limits) }
      addQueryRoutes(endpoints)
      addDeltaRoutes(endpoints)
      addEntryRoutes(endpoints)
    },
  })
}

/** The path without ids, which would make labels and lines of the log grow. */
function routeOf(path: string): string {
  const [, first = '', second, third] = path.split('/')
  if (first === 'snapshots' || first === 'images') return `/${first}${third === undefined ? '/{id}' : '/{does}/{id}'}`
  if (first === 'catalog' || first === 'crdt') return `/${first}/${second === 'delta' ? 'delta' : '{more}'}`
  return first === 'events' ? '/events' : 'other'
}
