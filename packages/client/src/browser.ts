/** The storage of browsers. */
import { type IndexedDbStoreOptions, openIndexedDbStore } from '@joinery/storage/indexeddb'
import { type Store, StoreError } from '@joinery/sync'
import type { StorageProvider } from './live/types.ts'

export interface BrowserStorageOptions extends Pick<IndexedDbStoreOptions, 'limits' | 'persist' | 'platform'> {
  /** Name of the database within the origin; it is created when missing. */
  readonly name: string
}

/**
 * Keeps documents in IndexedDB. Where the browser does not allow that, they live in memory and `client.status.storage` says so. What
 * the browser deletes while a page is open is written anew.
 */
export function browserStorage(options: BrowserStorageOptions): StorageProvider {
  return { open: () => openOrNot(options) }
}

async function openOrNot(options: BrowserStorageOptions): Promise<Store | undefined> {
  try {
    return await openIndexedDbStore(options)
  } catch (error) {
    // There is none, or it may not be used. What is there and is not readable, or somebody else's, is not passed over.
    if (error instanceof StoreError && error.code === 'STORE_IO') return undefined
    throw error
  }
}
