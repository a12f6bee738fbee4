import type { Scope } from '@joinery/storage/archive'
import { UsageError } from '../failure.ts'

export interface ScopeFlags {
  readonly tenant?: string
  readonly id?: string
}

/** All documents, those of one tenant, or one document. */
export function scopeOf({ tenant, id }: ScopeFlags): Scope {
  if (id !== undefined && tenant === undefined) throw new UsageError('whose document?', 'Give --tenant too.')
  return { ...(tenant !== undefined && { tenant }), ...(id !== undefined && { id }) }
}
