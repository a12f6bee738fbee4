/** Every refusal of the server: stable code, HTTP status, and what the caller should do. */
import { type ErrorEntry, type HttpErrorCode, httpErrors, Refusal, type RefusalOptions } from '@joinery/http'

/** Stable codes of what the server refuses: those of every host, of which some mean more here, and its own. */
export type ServerErrorCode =
  | HttpErrorCode
  | 'HEADER_MISSING'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'STORE_UNAVAILABLE'
  | 'TYPE_UNKNOWN'
  | 'OP_INVALID'
  | 'POSITION_INVALID'
  | 'VALUE_INVALID'
  | 'CLOCK_SKEW'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'LINK_UNKNOWN'
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
  | 'TOO_MANY_OPS'
  | 'POLICY_UNAVAILABLE'

/** What every host refuses is said here with the words of tenants and keys. */
const table: Readonly<Record<ServerErrorCode, ErrorEntry>> = {
  ...httpErrors,
  HEADER_MISSING: {
    status: 400,
    title: 'A required header is missing',
    advice: 'Send X-Tenant-ID and X-Node-ID with every request.',
  },
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
  LINK_UNKNOWN: {
    status: 404,
    title: 'There is no such connection',
    advice: 'Begin another one: POST frames without X-Sync-Link.',
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
  TOO_MANY_OPS: { status: 413, title: 'Too many operations in one request', advice: 'Split the request.' },
  RATE_LIMITED: {
    status: 429,
    title: 'The tenant has its share of the server already',
    advice: 'Send fewer requests at a time, and try again after the time in Retry-After.',
  },
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
}

/** A refusal. `extra` becomes members of the problem document. */
export class ServerError extends Refusal {
  override readonly name = 'ServerError'
  override readonly code: ServerErrorCode

  constructor(code: ServerErrorCode, detail: string, options?: RefusalOptions) {
    super(table[code], detail, options)
    this.code = code
  }
}

/** All codes with status, title and advice, for the documentation and its test. */
export function errorTable(): Readonly<Record<ServerErrorCode, ErrorEntry>> {
  return table
}
