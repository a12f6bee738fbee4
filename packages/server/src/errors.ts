/** Every refusal of the server: stable code, HTTP status, and what the caller should do. The one table of them. */
import type { JsonValue } from '@joinery/core'

export interface ErrorEntry {
  readonly status: number
  readonly title: string
  /** What to do, in one sentence. */
  readonly advice: string
}

/** Stable codes of what the server refuses. */
export type ServerErrorCode =
  | 'HEADER_MISSING'
  | 'ID_INVALID'
  | 'BODY_INVALID'
  | 'TYPE_UNKNOWN'
  | 'OP_INVALID'
  | 'POSITION_INVALID'
  | 'VALUE_INVALID'
  | 'CLOCK_SKEW'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ROUTE_UNKNOWN'
  | 'LINK_UNKNOWN'
  | 'METHOD_NOT_ALLOWED'
  | 'GONE'
  | 'TYPE_MISMATCH'
  | 'VALUE_UNREACHABLE'
  | 'PRECONDITION_FAILED'
  | 'STORE_MISMATCH'
  | 'INCARNATION_MISMATCH'
  | 'SINCE_COMPACTED'
  | 'SINCE_UNKNOWN'
  | 'IDEMPOTENCY_STALE'
  | 'IDEMPOTENCY_MISMATCH'
  | 'BODY_TOO_LARGE'
  | 'LIMIT_EXCEEDED'
  | 'TOO_MANY_OPS'
  | 'MEDIA_TYPE'
  | 'HOST_UNKNOWN'
  | 'HEADERS_TOO_LARGE'
  | 'REQUEST_TIMEOUT'
  | 'RATE_LIMITED'
  | 'OVERLOADED'
  | 'POLICY_UNAVAILABLE'
  | 'STORE_UNAVAILABLE'
  | 'SHUTTING_DOWN'
  | 'INTERNAL'

const table: Readonly<Record<ServerErrorCode, ErrorEntry>> = {
  HEADER_MISSING: {
    status: 400,
    title: 'A required header is missing',
    advice: 'Send X-Tenant-ID and X-Node-ID with every request.',
  },
  ID_INVALID: {
    status: 400,
    title: 'An identifier is malformed',
    advice: 'Use UTF-8 text without control characters, no longer than detail says.',
  },
  BODY_INVALID: { status: 400, title: 'The request is malformed', advice: 'Send JSON as described in /openapi.json.' },
  TYPE_UNKNOWN: {
    status: 400,
    title: 'There is no such type',
    advice: 'Use one of the types listed in /openapi.json.',
  },
  OP_INVALID: {
    status: 400,
    title: 'An operation does not fit the type',
    advice: 'Send operations as the type defines them in docs/HTTP-API.md.',
  },
  POSITION_INVALID: {
    status: 422,
    title: 'A position or element id is outside the sequence',
    advice: 'Read the document with ?ids=true and name elements by id.',
  },
  VALUE_INVALID: {
    status: 422,
    title: 'A value cannot be replicated',
    advice: 'Send JSON with finite numbers and well-formed strings.',
  },
  CLOCK_SKEW: {
    status: 422,
    title: 'A timestamp is too far ahead',
    advice: 'Set the clock by serverTime, stamp again, and send again.',
  },
  UNAUTHENTICATED: {
    status: 401,
    title: 'A valid API key is required',
    advice: 'Send a key of this tenant in X-API-Key.',
  },
  FORBIDDEN: {
    status: 403,
    title: 'The key belongs to another tenant',
    advice: 'Use a key that was created for this tenant.',
  },
  PERMISSION_DENIED: {
    status: 403,
    title: 'The policy of this server does not allow it',
    advice: 'detail says why; ask whoever runs the server for the permission.',
  },
  NOT_FOUND: { status: 404, title: 'There is no such document', advice: 'Create it with PUT.' },
  ROUTE_UNKNOWN: { status: 404, title: 'There is no such resource', advice: 'See /openapi.json for what there is.' },
  LINK_UNKNOWN: {
    status: 404,
    title: 'There is no such connection',
    advice: 'Begin another one: POST frames without X-Sync-Link.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The resource has no such method',
    advice: 'See /openapi.json for what there is.',
  },
  GONE: { status: 410, title: 'The document was deleted', advice: 'PUT it again to begin a new incarnation.' },
  TYPE_MISMATCH: {
    status: 409,
    title: 'The document has another type',
    advice: 'Use the type the document has, or delete it first.',
  },
  VALUE_UNREACHABLE: {
    status: 409,
    title: 'The type cannot reach this value',
    advice: 'Send operations instead, or delete the document first.',
  },
  PRECONDITION_FAILED: {
    status: 409,
    title: 'The operation is not possible in this state',
    advice: 'Read the document and decide again.',
  },
  STORE_MISMATCH: {
    status: 409,
    title: 'The version comes from another store',
    advice: 'Start over from the snapshot in this answer.',
  },
  INCARNATION_MISMATCH: {
    status: 409,
    title: 'The version comes from another incarnation of the document',
    advice: 'Start over from the snapshot in this answer.',
  },
  SINCE_COMPACTED: {
    status: 409,
    title: 'The history no longer reaches back so far',
    advice: 'Start over from the snapshot in this answer, or name elements by id.',
  },
  SINCE_UNKNOWN: {
    status: 409,
    title: 'The document has not reached this version',
    advice: 'Start over from the snapshot in this answer.',
  },
  IDEMPOTENCY_STALE: {
    status: 409,
    title: 'A later request of this node was answered already',
    advice: 'Use a larger sequence number, or an opaque key.',
  },
  IDEMPOTENCY_MISMATCH: {
    status: 422,
    title: 'The idempotency key was used for another request',
    advice: 'Use a new key for a new request.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    advice: 'Send fewer or smaller operations per request.',
  },
  LIMIT_EXCEEDED: { status: 413, title: 'A limit is exceeded', advice: 'See docs/LIMITS.md.' },
  TOO_MANY_OPS: { status: 413, title: 'Too many operations in one request', advice: 'Split the request.' },
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
    title: 'The tenant has its share of the server already',
    advice: 'Send fewer requests at a time, and try again after the time in Retry-After.',
  },
  OVERLOADED: { status: 503, title: 'The server is busy', advice: 'Try again after the time in Retry-After.' },
  POLICY_UNAVAILABLE: {
    status: 503,
    title: 'Whether this is allowed cannot be told now',
    advice: 'Try again after the time in Retry-After; nothing of this request was done.',
  },
  STORE_UNAVAILABLE: {
    status: 503,
    title: 'The store cannot be reached',
    advice: 'Try again, with the same Idempotency-Key: without one, read first whether it was stored.',
  },
  SHUTTING_DOWN: {
    status: 503,
    title: 'The server is stopping',
    advice: 'Try again; nothing of this request was done.',
  },
  INTERNAL: { status: 500, title: 'The server failed', advice: 'Try again; the log has the request id.' },
}

/** A refusal. `extra` becomes members of the problem document. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly code: ServerErrorCode
  readonly extra: Readonly<Record<string, JsonValue>>

  constructor(
    code: ServerErrorCode,
    detail: string,
    options: { cause?: unknown; extra?: Record<string, JsonValue> } = {},
  ) {
    super(detail, { cause: options.cause })
    this.code = code
    this.extra = options.extra ?? {}
  }

  get status(): number {
    return table[this.code].status
  }

  get title(): string {
    return table[this.code].title
  }

  get advice(): string {
    return table[this.code].advice
  }
}

/** All codes with status, title and advice, for the documentation and its test. */
export function errorTable(): Readonly<Record<ServerErrorCode, ErrorEntry>> {
  return table
}
