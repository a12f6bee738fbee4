import { type Doc, Rga, Text } from '@joinery/core'
import { rootOf } from '@joinery/sync'
import type { DocumentType } from './types.ts'

/** Ids of the elements of a list or text; nothing for other types. */
export function idsOf(doc: Doc, type: DocumentType): { readonly ids?: readonly string[] } {
  const root = type === 'rga' || type === 'text' ? rootOf(doc, type) : undefined
  return root instanceof Rga || root instanceof Text ? { ids: root.ids() } : {}
}
