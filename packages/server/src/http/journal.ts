/** Gives every request an id and every answer a line in the log. Bodies, keys and header values stay out of it. */
import type { MiddlewareHandler } from 'hono'
import type { AppOptions, HttpEnv, RequestState } from './context.ts'

/** What is taken from a caller as request id: anything else could forge lines in somebody's log. */
const acceptable = /^[\w.:-]{1,128}$/
const REQUEST_ID_BYTES = 12

export function journal({
  logger,
  random,
  now,
  metrics,
}: Pick<AppOptions, 'logger' | 'random' | 'now' | 'metrics'>): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const sent = c.req.header('x-request-id')
    const requestId =
      sent !== undefined && acceptable.test(sent) ? sent : Buffer.from(random(REQUEST_ID_BYTES)).toString('base64url')
    const state: RequestState = { requestId, startedAt: now() }
    c.set('state', state)
    c.header('X-Request-ID', requestId)
    await next()
    const { startedAt, ...known } = state
    const line = {
      ...known,
      method: c.req.method,
      route: routeOf(c.req.path),
      status: c.res.status,
      ms: now() - startedAt,
    }
    const { method, route, status, ms } = line
    metrics?.request({ method, route: routes.has(route) ? route : 'unknown', status, seconds: ms / 1000 })
    if (state.code !== undefined) metrics?.refused('http', state.code)
    if (c.res.status >= 500 && state.code === 'INTERNAL') logger.error(line, 'failed')
    else if (state.code !== undefined || c.req.path.startsWith('/v1/')) logger.info(line, 'answered')
    else logger.debug(line, 'answered')
  }
}

/** What may become a label: whoever asks for anything, in whatever way, must not make metrics grow. */
const routes: ReadonlySet<string> = new Set([
  '/v1/docs',
  '/v1/docs/{docID}',
  '/v1/docs/{docID}/ops',
  '/v1/docs/{docID}/events',
  '/v1/ops',
  '/healthz',
  '/readyz',
  '/openapi.json',
  '/metrics',
])

/** The path without the document's id, which has a member of its own. */
function routeOf(path: string): string {
  return path.replace(/^\/v1\/docs\/[^/]+/, '/v1/docs/{docID}').slice(0, 100)
}
