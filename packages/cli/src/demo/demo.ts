/** `joinery serve --demo`: the sample application at `/`, with a list to begin with. */
import { fileURLToPath } from 'node:url'
import type { SiteOptions } from '@joinery/http'
import type { DocumentService, Operation } from '@joinery/server'
import type { Store } from '@joinery/sync'
import { type DemoItem, demoItems, demoList, demoName } from './list.ts'

/** Built into this package by `npm run build`. */
export const demoSite: SiteOptions = {
  folder: fileURLToPath(new URL('../../dist/todo', import.meta.url)),
  pages: ['/l/'],
}

const TENANT = 'todo'
const CALLER = { tenant: TENANT, node: 'joinery' }

/** Writes the list once: one that was deleted does not come back. Answers whether it did. */
export async function seedDemo(service: DocumentService, store: Store): Promise<boolean> {
  if ((await store.head({ tenant: TENANT, id: demoList })) !== undefined) return false
  const request = { type: 'doc', since: { version: 0 }, ops: demoOperations(), withoutSnapshot: true } as const
  // Of several servers that start on one store at once, one writes it.
  await service.ops(CALLER, demoList, { ...request, idempotency: { key: 'demo', bodyHash: 'demo' } })
  return true
}

function demoOperations(): Operation[] {
  const ids = demoItems.map(({ id }) => id)
  return [
    { path: ['name'], of: 'lww', set: demoName },
    { path: ['order'], of: 'rga', type: 'insert', index: 0, values: ids },
    ...demoItems.flatMap(itemOperations),
  ]
}

function itemOperations({ id, title, done, tags = [], notes }: DemoItem): Operation[] {
  const detail = (name: string, type: string) => ({ path: ['details', id, name], of: ['ormap', 'ormap', type] })
  return [
    { path: ['items'], of: 'orset', type: 'add', elem: id },
    { ...detail('title', 'lww'), set: title },
    ...(done ? [{ ...detail('done', 'lww'), set: true } as const] : []),
    ...tags.map((tag) => ({ ...detail('tags', 'orset'), type: 'add', elem: tag }) as const),
    ...(notes === undefined ? [] : [{ ...detail('notes', 'text'), type: 'insert', index: 0, text: notes } as const]),
  ]
}
