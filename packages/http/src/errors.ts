/** Refusals over HTTP: stable code, status, and what the caller should do. Each host adds what only it refuses. */
import type { JsonValue } from '@joinery/core'

export interface ErrorEntry {
  readonly status: number
  readonly title: string
  /** What to do, in one sentence. */
  readonly advice: string
}

/** Stable codes of what every host refuses. */
export type HttpErrorCode =
  | 'HEADER_MISSING'
  | 'ID_INVALID'
  | 'BODY_INVALID'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'ROUTE_UNKNOWN'
  | 'METHOD_NOT_ALLOWED'
  | 'BODY_TOO_LARGE'
  | 'LIMIT_EXCEEDED'
  | 'MEDIA_TYPE'
  | 'HOST_UNKNOWN'
  | 'HEADERS_TOO_LARGE'
  | 'REQUEST_TIMEOUT'
  | 'RATE_LIMITED'
  | 'OVERLOADED'
  | 'STORE_UNAVAILABLE'
  | 'SHUTTING_DOWN'
  | 'INTERNAL'

export const httpErrors: Readonly<Record<HttpErrorCode, ErrorEntry>> = {
  HEADER_MISSING: {
    status: 400,
    title: 'A required header is missing',
    advice: 'Send the headers that /openapi.json requires with every request.',
  },
  ID_INVALID: {
    status: 400,
    title: 'An identifier is malformed',
    advice: 'Use UTF-8 text without control characters, no longer than detail says.',
  },
  BODY_INVALID: { status: 400, title: 'The request is malformed', advice: 'Send JSON as described in /openapi.json.' },
  UNAUTHENTICATED: {
    status: 401,
    title: 'A valid API key is required',
    advice: 'Send a valid key in X-API-Key.',
  },
  FORBIDDEN: {
    status: 403,
    title: 'The key does not reach so far',
    advice: 'Use a key that was created for this purpose.',
  },
  ROUTE_UNKNOWN: { status: 404, title: 'There is no such resource', advice: 'See /openapi.json for what there is.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The resource has no such method',
    advice: 'See /openapi.json for what there is.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    advice: 'Send fewer or smaller operations per request.',
  },
  LIMIT_EXCEEDED: { status: 413, title: 'A limit is exceeded', advice: 'See docs/LIMITS.md.' },
  MEDIA_TYPE: { status: 415, title: 'The body is not JSON', advice: 'Send Content-Type: application/json.' },
  HOST_UNKNOWN: {
    status: 421,
    title: 'The request is for another host',
    advice: 'Use localhost or 127.0.0.1; or create API keys, and other names may be used.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The headers are too large',
    advice: 'Send shorter headers and a shorter URL.',
  },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive', advice: 'Send it again, in one go.' },
  RATE_LIMITED: {
    status: 429,
    title: 'The caller has its share already',
    advice: 'Send fewer requests at a time, and try again after the time in Retry-After.',
  },
  OVERLOADED: { status: 503, title: 'The server is busy', advice: 'Try again after the time in Retry-After.' },
  STORE_UNAVAILABLE: {
    status: 503,
    title: 'The store cannot be reached',
    advice: 'Try again; read first whether it was stored.',
  },
  SHUTTING_DOWN: {
    status: 503,
    title: 'The server is stopping',
    advice: 'Try again; nothing of this request was done.',
  },
  INTERNAL: { status: 500, title: 'The server failed', advice: 'Try again; the log has the request id.' },
}

export interface RefusalOptions {
  readonly cause?: unknown
  /** Members of the problem document. */
  readonly extra?: Readonly<Record<string, JsonValue>>
}

/** What is answered as a problem document. */
export abstract class Refusal extends Error {
  abstract readonly code: string
  readonly entry: ErrorEntry
  readonly extra: Readonly<Record<string, JsonValue>>

  constructor(entry: ErrorEntry, detail: string, { cause, extra = {} }: RefusalOptions = {}) {
    super(detail, { cause })
    this.entry = entry
    this.extra = extra
  }

  get status(): number {
    return this.entry.status
  }

  get title(): string {
    return this.entry.title
  }

  get advice(): string {
    return this.entry.advice
  }
}

/** What any host refuses. */
export class HttpError extends Refusal {
  override readonly name = 'HttpError'
  override readonly code: HttpErrorCode

  constructor(code: HttpErrorCode, detail: string, options?: RefusalOptions) {
    super(httpErrors[code], detail, options)
    this.code = code
  }
}
