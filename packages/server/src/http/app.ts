/** The HTTP application: a fetch handler over the document service, for `createServer` or to be embedded elsewhere. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { HttpLinks } from '@joinery/transport/http-link-server'
import type { Context } from 'hono'
import { asServerError } from '../as-server-error.ts'
import { ServerError } from '../errors.ts'
import { bodyReader } from './body.ts'
import type { AppOptions, HttpEnv, Load } from './context.ts'
import { Grants } from './grants.ts'
import { crossOrigin, headersGuard, hostGuard, securityHeaders } from './guard.ts'
import { journal } from './journal.ts'
import { loadGate } from './load.ts'
import { problemOf } from './problem.ts'
import { addDocumentRoutes } from './routes/documents.ts'
import { addEventRoutes } from './routes/events.ts'
import { addLinkRoutes } from './routes/links.ts'
import { type ApiInfo, addMetaRoutes, addMetricsRoute } from './routes/meta.ts'
import { addOperationRoutes } from './routes/operations.ts'
import { requestSchemas } from './schemas/requests.ts'
import { liveSessions, type SessionEvents, type Sessions } from './sessions.ts'
import { siteHandler } from './site.ts'
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

export function createApp(options: AppOptions, info: ApiInfo): App {
  const app = new OpenAPIHono<HttpEnv>()
  const { load, middleware: gate } = loadGate(options.limits)
  app.onError((error, c) => refuse(c, error, options))
  app.use(journal(options))
  app.use(securityHeaders(options))
  app.use(headersGuard(options))
  app.use(hostGuard(options))
  app.use(crossOrigin(options))
  if (options.site !== undefined) app.use(siteHandler(options.site))
  app.use('/v1/*', gate)

  const grants = new Grants(options.keys)
  const streams = new Streams()
  const endpoints = { app, options, load, grants, streams, bodies: bodyReader(options.limits) }
  const schemas = requestSchemas(options.limits)
  addDocumentRoutes(endpoints, schemas)
  addOperationRoutes(endpoints, schemas)
  addEventRoutes(endpoints, schemas)
  const sessions = liveSessions({ ...options, load, grants })
  const links = httpLinks(options, sessions)
  addLinkRoutes(endpoints, links)
  addMetaRoutes(endpoints, load, info)
  addMetricsRoute(endpoints)
  refuseOtherMethods(app)
  app.notFound((c) =>
    refuse(c, new ServerError('ROUTE_UNKNOWN', `there is nothing at ${c.req.path.slice(0, 200)}`), options),
  )
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

function refuse(c: Context<HttpEnv>, thrown: unknown, { limits, log }: AppOptions): Response {
  const error = asServerError(thrown)
  const state = c.get('state')
  state.code = error.code
  if (error.code === 'INTERNAL' || error.code === 'STORE_UNAVAILABLE') {
    const { requestId, tenant, node, document } = state
    log.failed(
      error.cause,
      { requestId, tenant, node, document },
      error.code === 'INTERNAL' ? 'unexpected failure' : 'the store failed',
    )
  }
  if (error.status === 503 || error.status === 429) c.header('Retry-After', String(limits.retryAfterSeconds))
  if (error.code === 'UNAUTHENTICATED') c.header('WWW-Authenticate', 'ApiKey header="X-API-Key"')
  // What is left of such a body is not worth receiving, and a server on its way out keeps no connection.
  if (error.code === 'BODY_TOO_LARGE' || error.code === 'SHUTTING_DOWN') c.header('Connection', 'close')
  const problem = problemOf(error, state.requestId)
  return c.body(JSON.stringify(problem), problem.status as 400, { 'Content-Type': 'application/problem+json' })
}

/** After all routes: a path that exists, asked with a method that does not. */
function refuseOtherMethods(app: OpenAPIHono<HttpEnv>): void {
  const methods = new Map<string, Set<string>>()
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue
    methods.set(path, (methods.get(path) ?? new Set()).add(method))
  }
  for (const [path, known] of methods) {
    if (known.has('GET')) known.add('HEAD')
    const allow = [...known].sort().join(', ')
    app.all(path, (c) => {
      c.header('Allow', allow)
      if (c.req.method === 'OPTIONS') return c.body(null, 204)
      throw new ServerError('METHOD_NOT_ALLOWED', `${c.req.method} is none of ${allow}`)
    })
  }
}
