import { compareUtf8 } from '@joinery/core'
import type { DocumentHead, ListOptions, Page, PageOptions, Receipt } from '@joinery/sync'
import { cursorAfter, cursorAfterReceipt, idOfCursor, placeOfCursor } from '../common/arguments.ts'
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

/** One page of the tenants that have documents or receipts. */
export function listTenants(medium: Medium, { cursor, limit }: PageOptions): Page<string> {
  const after = cursor === undefined ? undefined : idOfCursor(cursor)
  const names = new Set([...medium.tenantNames(), ...[...medium.receipts.values()].map(({ tenant }) => tenant)])
  const rest = [...names].filter((name) => after === undefined || compareUtf8(name, after) > 0).sort(compareUtf8)
  const items = rest.slice(0, limit)
  return rest.length > limit ? { items, cursor: cursorAfter(items.at(-1)!) } : { items }
}

/** One page of a tenant's receipts. */
export function listReceipts(medium: Medium, tenant: string, { cursor, limit }: PageOptions): Page<Receipt> {
  const after = cursor === undefined ? undefined : placeOfCursor(cursor)
  const compare = (a: Pick<Receipt, 'scope' | 'key'>, b: Pick<Receipt, 'scope' | 'key'>) =>
    compareUtf8(a.scope, b.scope) || compareUtf8(a.key, b.key)
  const own = [...medium.receipts.values()].filter((receipt) => receipt.tenant === tenant)
  const rest = own.filter((receipt) => after === undefined || compare(receipt, after) > 0).sort(compare)
  const items = rest.slice(0, limit).map((receipt) => ({ ...receipt }))
  return rest.length > limit ? { items, cursor: cursorAfterReceipt(items.at(-1)!) } : { items }
}
