/** Every refusal of the catalog: stable code, HTTP status, and what the caller should do. The one table of them. */
import { type ErrorEntry, type HttpErrorCode, httpErrors, Refusal, type RefusalOptions } from '@joinery/http'

/** Stable codes of what the catalog refuses, beside those of every host. What was refused changed nothing. */
export type CatalogErrorCode =
  | HttpErrorCode
  | 'CATALOG_METADATA_INVALID'
  | 'CATALOG_NOT_FOUND'
  | 'CATALOG_QUERY_INVALID'
  | 'CATALOG_CURSOR_INVALID'
  | 'CATALOG_DELTA_MALFORMED'
  | 'CATALOG_DELTA_MISMATCH'
  | 'CATALOG_DELTA_FOREIGN'
  | 'CATALOG_DELTA_AHEAD'
  | 'CATALOG_DELTA_FORKED'
  | 'CATALOG_DELTA_EARLY'
  | 'CATALOG_VERSION_UNKNOWN'
  | 'CATALOG_CONSUMERS_FULL'

export const catalogErrors: Readonly<Record<CatalogErrorCode, ErrorEntry>> = {
  ...httpErrors,
  CATALOG_METADATA_INVALID: {
    status: 400,
    title: 'Metadata cannot be taken',
    advice: 'Send a JSON object, within the limits of docs/LIMITS.md.',
  },
  CATALOG_NOT_FOUND: { status: 404, title: 'There is no such entry', advice: 'Add it, or look it up by a query.' },
  CATALOG_QUERY_INVALID: {
    status: 400,
    title: 'The query cannot be read',
    advice: 'See docs/CATALOG.md for the language; detail says where it stops making sense.',
  },
  CATALOG_CURSOR_INVALID: {
    status: 400,
    title: 'The cursor is not one of this request',
    advice: 'Begin without a cursor, and send it with the same parameters that it was answered to.',
  },
  CATALOG_DELTA_MALFORMED: {
    status: 400,
    title: 'A delta is not one',
    advice: 'Send deltas as GET /crdt/delta gives them.',
  },
  CATALOG_DELTA_MISMATCH: {
    status: 422,
    title: 'A delta says another thing than its bytes',
    advice: 'Send deltas unchanged; whoever carries them must not edit them.',
  },
  CATALOG_DELTA_FOREIGN: {
    status: 422,
    title: 'A delta is not of a catalog',
    advice: 'Send only what GET /crdt/delta of a catalog gave.',
  },
  CATALOG_DELTA_AHEAD: {
    status: 422,
    title: 'A delta is from the future',
    advice: 'Correct the clock of the node that wrote it, or of this one.',
  },
  CATALOG_DELTA_FORKED: {
    status: 409,
    title: 'A delta contradicts what is known of its author',
    advice: 'Two nodes write under one identity, or an older copy was put back: give one of them a new data directory.',
  },
  CATALOG_DELTA_EARLY: {
    status: 503,
    title: 'Too many deltas wait for others',
    advice: 'Send the deltas that come before it first.',
  },
  CATALOG_VERSION_UNKNOWN: {
    status: 409,
    title: 'This version was not returned to you',
    advice: 'GET /crdt/delta again, and acknowledge the version that it answers.',
  },
  CATALOG_CONSUMERS_FULL: {
    status: 429,
    title: 'There are too many consumers of deltas',
    advice: 'Use the same X-Node-ID for the same consumer.',
  },
}

export class CatalogError extends Refusal {
  override readonly name = 'CatalogError'
  override readonly code: CatalogErrorCode

  constructor(code: CatalogErrorCode, detail: string, options?: RefusalOptions) {
    super(catalogErrors[code], detail, options)
    this.code = code
  }
}
