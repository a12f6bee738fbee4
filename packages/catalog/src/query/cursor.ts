/** Where the next page begins: behind a place in the order, not behind a number of entries, so that what changes meanwhile moves nothing. */
import { createHash } from 'node:crypto'
import { CatalogError } from '../errors.ts'
import { type EntryKey, isKind, type Kind } from '../model/kinds.ts'
import type { IndexKey } from './index-key.ts'

export interface Place extends EntryKey {
  /** Null for an entry that has nothing to be sorted by. */
  readonly key: IndexKey | null
}

/** What a cursor belongs to. */
interface Request {
  readonly kind?: Kind | undefined
  readonly q?: string | undefined
  readonly sort?: string | undefined
}

export function writeCursor({ key, kind, id }: Place, request: Request): string {
  return Buffer.from(JSON.stringify([markOf(request), key, kind, id])).toString('base64url')
}

/** Throws `CATALOG_CURSOR_INVALID`. */
export function readCursor(text: string, request: Request): Place {
  const [mark, key, kind, id] = parsed(text)
  const isKey = key === null || typeof key === 'number' || typeof key === 'string'
  if (!isKey || typeof kind !== 'string' || !isKind(kind) || typeof id !== 'string') refuse('it is none of a query')
  if (mark !== markOf(request)) refuse('it belongs to another type, query or order')
  return { key, kind, id }
}

function parsed(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function markOf({ kind, q = '', sort = '' }: Request): string {
  return createHash('sha256')
    .update(JSON.stringify([kind ?? '', q, sort]))
    .digest('base64url')
    .slice(0, 8)
}

function refuse(detail: string): never {
  throw new CatalogError('CATALOG_CURSOR_INVALID', `the cursor cannot be used: ${detail}`)
}
