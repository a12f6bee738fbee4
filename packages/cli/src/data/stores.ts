/** The stores that a command moves data between. */
import { existsSync } from 'node:fs'
import type { Store } from '@joinery/sync'
import { UsageError } from '../failure.ts'
import { formatStoreUrl, openStore, parseStoreUrl, type StoreUrl, storePath } from '../store-url.ts'

/** The address of a store that lasts. */
export function lastingStore(text: string): StoreUrl {
  const url = parseStoreUrl(text)
  if (url.kind !== 'memory') return url
  throw new UsageError('a store in memory is gone with its process', 'Give the address of a store that lasts.')
}

/** Opens a store to read from it: one that is not there is not made. */
export async function openSource(url: StoreUrl): Promise<Store> {
  const path = storePath(url)
  if (path !== undefined && !existsSync(path)) {
    throw new UsageError(`there is no store at ${formatStoreUrl(url)}`, 'Look at the path; nothing was made there.')
  }
  return await openStore(url)
}

/** Runs with stores, and closes them whatever happens. */
export async function withStores<T>(
  open: readonly (() => Promise<Store>)[],
  run: (...stores: Store[]) => Promise<T>,
): Promise<T> {
  const stores: Store[] = []
  try {
    for (const one of open) stores.push(await one())
    return await run(...stores)
  } finally {
    for (const store of stores.reverse()) await store.close()
  }
}
