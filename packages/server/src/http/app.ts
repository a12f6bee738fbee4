/** The HTTP application: a fetch handler over the document service, for `createServer` or to be embedded elsewhere. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import {
  addDescription,
  addHealthRoutes,
  addMetricsRoute,
  bodyReader,
  type HttpEnv,
  hostApp,
  type Load,
} from '@joinery/http'
import { HttpLinks } from '@joinery/transport/http-link-server'
import { asServerError } from '../as-server-error.ts'
import type { AppOptions } from './context.ts'
import { Grants } from './grants.ts'
import { addDocumentRoutes } from './routes/documents.ts'
import { addEventRoutes } from './routes/events.ts'
import { addLinkRoutes } from './routes/links.ts'
import { addOperationRoutes } from './routes/operations.ts'
import { routeOf } from './routes/route-of.ts'
import { requestSchemas } from './schemas/requests.ts'
import { liveSessions, type SessionEvents, type Sessions } from './sessions.ts'
import { Streams } from './streams.ts'

export interface App {
  readonly fetch: OpenAPIHono<HttpEnv>['fetch']
  readonly load: Load
  readonly grants: Grants
  readonly streams: Streams
  readonly sessions: Sessions
  /** Sessions that come over plain requests. */
  readonly links: HttpLinks<SessionEvents>
}

/** Headers of the API beside those that every host reads. */
const HEADERS = ['X-Tenant-ID', 'X-Node-ID', 'Idempotency-Key', 'X-Sync-Link']

export function createApp(options: AppOptions, { version }: { readonly version: string }): App {
  const { limits, keys, metrics } = options
  const { app, load, seal } = hostApp({
    ...options,
    headers: HEADERS,
    gated: ['/v1/*'],
    routeOf,
    onAnswer({ code, ...measure }) {
      metrics?.request(measure)
      if (code !== undefined) metrics?.refused('http', code)
    },
    asRefusal: asServerError,
  })
  const grants = new Grants(keys)
  const streams = new Streams()
  const endpoints = { app, options, load, grants, streams, bodies: bodyReader(limits) }
  const schemas = requestSchemas(limits)
  addDocumentRoutes(endpoints, schemas)
  addOperationRoutes(endpoints, schemas)
  addEventRoutes(endpoints, schemas)
  const sessions = liveSessions({ ...options, load, grants })
  const links = httpLinks(options, sessions)
  addLinkRoutes(endpoints, links)
  addHealthRoutes(app, load)
  addDescription(app, {
    title: 'Joinery',
    version,
    description: 'Conflict-free replicated documents over HTTP. docs/HTTP-API.md explains every type and operation.',
    keyDescription: 'A key of the tenant; required once the server has keys.',
  })
  if (metrics !== undefined) addMetricsRoute(app, keys, metrics)
  seal()
  return { fetch: app.fetch, load, grants, streams, sessions, links }
}

function httpLinks(
  { random, service, limits: { linksMax } }: AppOptions,
  sessions: Sessions,
): HttpLinks<SessionEvents> {
  const { scheduler, limits } = service.live
  return new HttpLinks({
    newName: () => Buffer.from(random(LINK_NAME_BYTES)).toString('base64url'),
    scheduler,
    frameBytesMax: limits.frameBytesMax,
    linksMax,
    onConnection: (link) => sessions.accept(link, Buffer.from(random(12)).toString('base64url')),
  })
}

/** Whoever knows the name of a connection is taken for its owner. */
const LINK_NAME_BYTES = 24
