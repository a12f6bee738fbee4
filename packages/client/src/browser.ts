/** The storage of browsers, which all tabs of an application share. */
import { type IndexedDbStoreOptions, openIndexedDbStore } from '@joinery/storage/indexeddb'
import { StoreError } from '@joinery/sync'
import { Bus, type TabsPlatform, topicOf } from './browser/bus.ts'
import { TabReplica } from './browser/tab-replica.ts'
import { TabSockets } from './browser/tab-socket.ts'
import { TabStore } from './browser/tab-store.ts'
import type { ProvidedStore, StorageProvider } from './live/types.ts'
import type { Shelf } from './live/undo-keeper.ts'

export type { TabsPlatform }

export interface BrowserStorageOptions extends Pick<IndexedDbStoreOptions, 'limits' | 'persist'> {
  /** Name of the database within the origin; it is created when missing. */
  readonly name: string
  /** Default: what the browser has. */
  readonly platform?: IndexedDbStoreOptions['platform'] & Partial<TabsPlatform>
}

/**
 * Keeps documents in IndexedDB, for one client in each tab. All tabs share the storage and one connection: one of them has both, and
 * when it ends another one goes on.
 *
 * Where the browser does not allow storage, documents live in memory and `client.status.storage` says so. Where it has no Web Locks,
 * one tab works, and the documents of others are refused with `CLIENT_STORAGE_LOCKED`.
 */
export function browserStorage(options: BrowserStorageOptions): StorageProvider {
  const { name, platform } = options
  const { locks, BroadcastChannel: Channel } = {
    locks: navigator.locks as LockManager | undefined,
    BroadcastChannel: globalThis.BroadcastChannel as typeof BroadcastChannel | undefined,
    ...platform,
  }
  // A page that may not have storage may not have these either, and throws where it asks.
  if (locks === undefined || Channel === undefined || globalThis.origin === 'null') {
    return { open: () => orNothing(openIndexedDbStore(options)) }
  }
  const bus = new Bus(name, { locks, BroadcastChannel: Channel })
  const sockets = new TabSockets(bus)
  const store = new TabStore({
    bus,
    openStore: () => openIndexedDbStore({ ...options, whenLocked: 'wait' }),
    onLeader: (leader) => sockets.moved(leader),
  })
  return {
    open: () => orNothing(store.open()),
    tabs: {
      shareSocket: (open) => sockets.share(open),
      alone: async (tenant, id) => (await bus.hold(`seat/${topicOf(tenant, id)}`, { ifAvailable: true })) ?? 'taken',
      replica: (replica) => new TabReplica(bus, replica),
    },
    shelf: tabShelf(name),
  }
}

/** What a tab has for itself and keeps over a reload. */
function tabShelf(name: string): Shelf {
  const key = (of: string): string => `${name}/${of}`
  return {
    read: (of) => sessionStorage.getItem(key(of)) ?? undefined,
    write(of, text) {
      if (text === undefined) sessionStorage.removeItem(key(of))
      else sessionStorage.setItem(key(of), text)
    },
  }
}

async function orNothing(opening: Promise<ProvidedStore>): Promise<ProvidedStore | undefined> {
  try {
    return await opening
  } catch (error) {
    // There is none, or it may not be used. What is there and is not readable, or somebody else's, is not passed over.
    if (error instanceof StoreError && error.code === 'STORE_IO') return undefined
    throw error
  }
}
