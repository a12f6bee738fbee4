/** Keeps pages of other sites out: names that point here by DNS rebinding, origins nobody listed, content that is guessed. */
import type { MiddlewareHandler } from 'hono'
import { ServerError } from '../errors.ts'
import { isLoopbackHost } from './address.ts'
import type { AppOptions, HttpEnv } from './context.ts'

/** Headers beyond the bound were not even read: what they said is not known. */
export function headersGuard({ limits }: Pick<AppOptions, 'limits'>): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const count = (c.env?.incoming?.rawHeaders.length ?? 0) / 2
    if (count > limits.headersMax) {
      throw new ServerError('HEADERS_TOO_LARGE', `a request has at most ${limits.headersMax} headers`)
    }
    await next()
  }
}

/**
 * While the server is open to whoever reaches loopback, the browser is the way in: a site can point its own name at 127.0.0.1.
 * Such requests carry that name. Any port passes, for tunnels; once keys are required, a page has none and the check is moot.
 */
export function hostGuard({
  keys,
  loopbackOnly,
}: Pick<AppOptions, 'keys' | 'loopbackOnly'>): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    if (loopbackOnly && !keys.required()) {
      // A target may name a host of its own, which is the one that is meant.
      for (const host of [c.req.header('host'), new URL(c.req.url).host]) {
        if (host !== undefined && !isLoopbackHost(host.replace(/:\d*$/, ''))) {
          throw new ServerError('HOST_UNKNOWN', `${JSON.stringify(host)} is not a name of this machine's loopback`)
        }
      }
    }
    await next()
  }
}

export interface Connecting {
  readonly origin: string | undefined
  readonly host: string
  readonly allowOrigins: readonly string[]
}

/**
 * Whether a page may begin a session: one of this server's own, or of a listed origin. Browsers always send the origin here, and let
 * no page choose it; others need not. The scheme may be another behind a proxy.
 */
export function mayConnect({ origin, host, allowOrigins }: Connecting): boolean {
  if (origin === undefined || allowOrigins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

const EXPOSED = 'X-Request-ID, Retry-After, Location'
const ALLOWED_HEADERS = 'Content-Type, X-Tenant-ID, X-Node-ID, X-API-Key, X-Request-ID, Idempotency-Key, X-Sync-Link'
const PREFLIGHT_SECONDS = '600'

/** Closed unless the origin is listed. Credentials stay off: keys travel in a header of their own. */
export function crossOrigin({ allowOrigins }: Pick<AppOptions, 'allowOrigins'>): MiddlewareHandler<HttpEnv> {
  const allowed = new Set(allowOrigins)
  return async (c, next) => {
    const origin = c.req.header('origin')
    const granted = origin !== undefined && allowed.has(origin)
    if (granted) {
      c.header('Access-Control-Allow-Origin', origin)
      c.header('Access-Control-Expose-Headers', EXPOSED)
    }
    if (allowed.size > 0) c.header('Vary', 'Origin', { append: true })
    if (c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined) {
      if (granted) {
        c.header('Access-Control-Allow-Methods', 'GET, PUT, POST, DELETE')
        c.header('Access-Control-Allow-Headers', ALLOWED_HEADERS)
        c.header('Access-Control-Max-Age', PREFLIGHT_SECONDS)
      }
      return c.body(null, 204)
    }
    return await next()
  }
}

export function securityHeaders({ tls }: Pick<AppOptions, 'tls'>): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('X-Frame-Options', 'DENY')
    c.header('Referrer-Policy', 'no-referrer')
    c.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
    c.header('Cross-Origin-Resource-Policy', 'same-origin')
    c.header('Cache-Control', 'no-store')
    if (tls) c.header('Strict-Transport-Security', 'max-age=15552000')
    await next()
  }
}
