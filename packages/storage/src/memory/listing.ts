import { compareUtf8 } from '@joinery/core'
import type { DocumentHead, ListOptions, Page } from '@joinery/sync'
import { cursorAfter, idOfCursor } from '../common/arguments.ts'
import type { Medium } from './medium.ts'
import { lowerBound } from './sorted-ids.ts'
import { headOf } from './write.ts'

/** One page of a tenant's documents. One more than asked for is looked at, to know whether there is a next page. */
export function listDocuments(medium: Medium, name: string, options: ListOptions): Page<DocumentHead> {
  const tenant = medium.tenant(name)
  if (!tenant) return { items: [] }
  const { prefix = '', cursor, limit, deleted = false } = options
  const after = cursor === undefined ? undefined : idOfCursor(cursor)
  const from = after !== undefined && compareUtf8(after, prefix) > 0 ? after : prefix
  const items: DocumentHead[] = []
  for (let i = lowerBound(tenant.ids, from); i < tenant.ids.length; i += 1) {
    const id = tenant.ids[i]!
    if (!id.startsWith(prefix)) break
    const document = tenant.documents.get(id)!
    if (id === after || (document.deleted && !deleted)) continue
    if (items.length === limit) return { items, cursor: cursorAfter(items.at(-1)!.key.id) }
    items.push(headOf(document))
  }
  return { items }
}
