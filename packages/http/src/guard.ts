/** Keeps pages of other sites out: names that point here by DNS rebinding, origins nobody listed, content that is guessed. */
import type { MiddlewareHandler } from 'hono'
import { isLoopbackHost } from './address.ts'
import type { HttpEnv } from './context.ts'
import { HttpError } from './errors.ts'
import type { HttpLimits } from './limits.ts'

/** Headers beyond the bound were not even read: what they said is not known. */
export function headersGuard({ headersMax }: Pick<HttpLimits, 'headersMax'>): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const count = (c.env?.incoming?.rawHeaders.length ?? 0) / 2
    if (count > headersMax) {
      throw new HttpError('HEADERS_TOO_LARGE', `a request has at most ${headersMax} headers`)
    }
    await next()
  }
}

/**
 * While the server is open to whoever reaches loopback, the browser is the way in: a site can point its own name at 127.0.0.1.
 * Such requests carry that name. Any port passes, for tunnels; once keys are required, a page has none and the check is moot.
 *
 * @param isOpen whether that is so now.
 */
export function hostGuard(isOpen: () => boolean): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    if (isOpen()) {
      // A target may name a host of its own, which is the one that is meant.
      for (const host of [c.req.header('host'), new URL(c.req.url).host]) {
        if (host !== undefined && !isLoopbackHost(host.replace(/:\d*$/, ''))) {
          throw new HttpError('HOST_UNKNOWN', `${JSON.stringify(host)} is not a name of this machine's loopback`)
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
const HEADERS = ['Content-Type', 'X-API-Key', 'X-Request-ID']
const PREFLIGHT_SECONDS = '600'

export interface CrossOriginOptions {
  readonly allowOrigins: readonly string[]
  /** Headers of requests beside those that every host reads. */
  readonly headers: readonly string[]
}

/** Closed unless the origin is listed. Credentials stay off: keys travel in a header of their own. */
export function crossOrigin({ allowOrigins, headers }: CrossOriginOptions): MiddlewareHandler<HttpEnv> {
  const allowed = new Set(allowOrigins)
  const allowedHeaders = [...HEADERS, ...headers].join(', ')
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
        c.header('Access-Control-Allow-Headers', allowedHeaders)
        c.header('Access-Control-Max-Age', PREFLIGHT_SECONDS)
      }
      return c.body(null, 204)
    }
    return await next()
  }
}

export function securityHeaders({ tls }: { readonly tls: boolean }): MiddlewareHandler<HttpEnv> {
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
