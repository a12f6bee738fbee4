/**
 * What an operation touches, as text that can be compared. A request made before an earlier one of its own was answered has a
 * `since` from before that one; where both touch the same thing it must be told the later version, or a removal would spare
 * what the same client had just added. Coarse answers are safe.
 */
import type { JsonValue } from '@joinery/core'
import type { DocumentType, Operation } from '@joinery/sync'

/** Touches everything. */
export const EVERYTHING = '*'

export function touchOf(type: DocumentType, op: Operation): string {
  if (type === 'doc') {
    const path: readonly JsonValue[] = Array.isArray(op.path) ? op.path : []
    const below = op.key ?? op.elem
    return JSON.stringify([...path, ...(below === undefined ? [] : [below])].slice(0, 2))
  }
  if (op.key !== undefined) return JSON.stringify(['key', op.key])
  return op.elem === undefined ? 'value' : JSON.stringify(['elem', op.elem])
}

export function overlaps(touched: readonly string[], others: Iterable<string>): boolean {
  const all = new Set(touched)
  if (all.has(EVERYTHING)) return true
  for (const other of others) if (other === EVERYTHING || all.has(other)) return true
  return false
}
