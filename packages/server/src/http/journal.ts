/** Gives every request an id and every answer a line in the log. Bodies, keys and header values stay out of it. */
import type { MiddlewareHandler } from 'hono'
import type { AppOptions, HttpEnv, RequestState } from './context.ts'

/** What is taken from a caller as request id: anything else could forge lines in somebody's log. */
const acceptable = /^[\w.:-]{1,128}$/
const REQUEST_ID_BYTES = 12

export function journal({
  log,
  random,
  now,
  metrics,
}: Pick<AppOptions, 'log' | 'random' | 'now' | 'metrics'>): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const sent = c.req.header('x-request-id')
    const requestId =
      sent !== undefined && acceptable.test(sent) ? sent : Buffer.from(random(REQUEST_ID_BYTES)).toString('base64url')
    const state: RequestState = { requestId, startedAt: now() }
    c.set('state', state)
    c.header('X-Request-ID', requestId)
    await next()
    const { startedAt, ...known } = state
    const { method } = c.req
    const { status } = c.res
    const route = routeOf(c.req.path)
    const ms = now() - startedAt
    metrics?.request({ method, route, status, seconds: ms / 1000 })
    if (state.code !== undefined) metrics?.refused('http', state.code)
    const line = { ...known, method, route, status, ms }
    if (state.code !== undefined) log.refused(line, 'refused')
    else if (c.req.path.startsWith('/v1/')) log.done(line, 'answered')
    else log.detail(line, 'answered')
  }
}

/** What may become a label, and stand in the log: whoever asks for anything, in whatever way, must not make either grow. */
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
  const route = path.replace(/^\/v1\/docs\/[^/]+/, '/v1/docs/{docID}')
  return routes.has(route) ? route : 'unknown'
}
