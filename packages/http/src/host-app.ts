/** The application of a host, before it has routes: ids and log lines, guards, pages, load, and refusals as problem documents. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { HttpEnv, KeyCheck, Load } from './context.ts'
import { HttpError, type Refusal } from './errors.ts'
import { crossOrigin, headersGuard, hostGuard, securityHeaders } from './guard.ts'
import { type JournalOptions, journal } from './journal.ts'
import type { HttpLimits } from './limits.ts'
import { loadGate } from './load.ts'
import { problemOf } from './problem.ts'
import { type Site, siteHandler } from './site.ts'

export interface HostAppOptions extends JournalOptions {
  readonly limits: HttpLimits
  readonly keys: Pick<KeyCheck, 'required'>
  /** Origins of other sites whose pages may call, such as `https://app.example`. */
  readonly allowOrigins: readonly string[]
  /** Headers that requests may have beside those that every host reads. */
  readonly headers: readonly string[]
  /** Listening on loopback only: then requests must come for a loopback name as well. */
  readonly loopbackOnly: boolean
  readonly tls: boolean
  /** Pages of an application, served beside the API. */
  readonly site?: Site | undefined
  /** Paths of the API, as patterns: requests for these are counted, shed when they are too many, and finished before the host ends. */
  readonly gated: readonly string[]
  /** Whatever was thrown, as a refusal. What nobody foresaw keeps its cause for the log alone. */
  readonly asRefusal: (thrown: unknown) => Refusal
}

export interface HostApp {
  readonly app: OpenAPIHono<HttpEnv>
  readonly load: Load
  /** After all routes: what is asked for beside them is refused. */
  seal(): void
}

export function hostApp(options: HostAppOptions): HostApp {
  const { limits, keys, loopbackOnly, site, gated } = options
  const app = new OpenAPIHono<HttpEnv>()
  const { load, middleware: gate } = loadGate(limits)
  app.onError((error, c) => refuse(c, error, options))
  app.use(journal(options))
  app.use(securityHeaders(options))
  app.use(headersGuard(limits))
  app.use(hostGuard(() => loopbackOnly && !keys.required()))
  app.use(crossOrigin(options))
  if (site !== undefined) app.use(siteHandler(site))
  for (const pattern of gated) app.use(pattern, gate)
  return {
    app,
    load,
    seal() {
      refuseOtherMethods(app)
      app.notFound((c) =>
        refuse(c, new HttpError('ROUTE_UNKNOWN', `there is nothing at ${c.req.path.slice(0, 200)}`), options),
      )
    },
  }
}

const failures: ReadonlySet<string> = new Set(['INTERNAL', 'STORE_UNAVAILABLE'])

function refuse(c: Context<HttpEnv>, thrown: unknown, { limits, log, asRefusal }: HostAppOptions): Response {
  const error = asRefusal(thrown)
  const state = c.get('state')
  state.code = error.code
  if (failures.has(error.code)) {
    const message = error.code === 'INTERNAL' ? 'unexpected failure' : 'the store failed'
    log.failed(error.cause, { requestId: state.requestId, ...state.about }, message)
  }
  if (error.status === 503 || error.status === 429) c.header('Retry-After', String(limits.retryAfterSeconds))
  if (error.code === 'UNAUTHENTICATED') c.header('WWW-Authenticate', 'ApiKey header="X-API-Key"')
  // What is left of such a body is not worth receiving, and a server on its way out keeps no connection.
  if (error.code === 'BODY_TOO_LARGE' || error.code === 'SHUTTING_DOWN') c.header('Connection', 'close')
  const problem = problemOf(error, state.requestId)
  return c.body(JSON.stringify(problem), problem.status as 400, { 'Content-Type': 'application/problem+json' })
}

/** A path that exists, asked with a method that does not. */
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
      throw new HttpError('METHOD_NOT_ALLOWED', `${c.req.method} is none of ${allow}`)
    })
  }
}
