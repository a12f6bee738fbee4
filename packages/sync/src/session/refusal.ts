/** Why a session refuses something. Codes are lower case on the wire, and stable. */

export type RefusalCode =
  /** The credential is missing or not valid. */
  | 'unauthenticated'
  /** The principal may not do this. */
  | 'permission_denied'
  /** The frame cannot be read, or does not belong here. The connection is closed. */
  | 'malformed'
  /** No protocol version or required feature in common. */
  | 'unsupported_version'
  /** Something exceeds a limit that does not go away by waiting. */
  | 'payload_too_large'
  /** Too much at once: try again after `retryAfterMs`. */
  | 'rate_limited'
  /** A change touches fields or types that the document does not have, or the document is of another type. */
  | 'schema_mismatch'
  /** The document lives another life now: what was written to the earlier one cannot be taken. */
  | 'incarnation_mismatch'
  /** The document was deleted. */
  | 'deleted'
  /** A time too far ahead of this side's clock: see `serverMicros`. */
  | 'clock_skew'
  /** A change follows others that are not here. */
  | 'missing_dependencies'
  /** Two histories under one actor. */
  | 'forked'
  /** The connection did not keep up or fell silent. */
  | 'timeout'
  /** The server stops: connect again later. */
  | 'shutting_down'
  /** The store cannot take it now: try again. */
  | 'unavailable'
  /** Nobody foresaw this. */
  | 'internal'

export const refusalCodes: ReadonlySet<string> = new Set<RefusalCode>([
  'unauthenticated',
  'permission_denied',
  'malformed',
  'unsupported_version',
  'payload_too_large',
  'rate_limited',
  'schema_mismatch',
  'incarnation_mismatch',
  'deleted',
  'clock_skew',
  'missing_dependencies',
  'forked',
  'timeout',
  'shutting_down',
  'unavailable',
  'internal',
])

/** So that every message fits its place in a frame. */
const messageUnitsMax = 160

export class SessionRefusal extends Error {
  override readonly name = 'SessionRefusal'
  readonly code: RefusalCode
  /** When trying again makes sense, from now; 0 when it does not. */
  readonly retryAfterMs: number

  constructor(
    code: RefusalCode,
    message: string,
    options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
  ) {
    super(message.slice(0, messageUnitsMax), { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs ?? 0
  }
}
