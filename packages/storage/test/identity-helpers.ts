import type { Store } from '@joinery/sync'
import { expect } from 'vitest'
import { doc, write } from './store-helpers.ts'

/** What tests of a store's identity do with stores at paths. */
export interface IdentitySteps {
  /** Opens, works with and closes a store; answers its identity. */
  visit(path: string, work?: (store: Store) => Promise<void>): Promise<Store['identity']>
  /** A store with ten changes, closed. */
  closedStore(): Promise<{ readonly path: string; readonly storeId: string }>
  /** The store took a new identity, has its data, and continues from now on. */
  expectRenamed(path: string, storeId: string, version?: number): Promise<void>
}

export function identitySteps(open: (path: string) => Promise<Store>, newPath: () => string): IdentitySteps {
  const visit: IdentitySteps['visit'] = async (path, work = async () => {}) => {
    const store = await open(path)
    try {
      await work(store)
      return store.identity
    } finally {
      await store.close()
    }
  }
  return {
    visit,
    async closedStore() {
      const path = newPath()
      const { storeId } = await visit(path, (store) => write(store, 10))
      return { path, storeId }
    },
    async expectRenamed(path, storeId, version = 10) {
      const identity = await visit(path, async (store) => {
        expect((await store.head(doc))?.version ?? 0).toBe(version)
        await write(store, 1)
      })
      expect(identity.storeId).not.toBe(storeId)
      expect(identity.continuous).toBe(false)
      expect(await visit(path)).toEqual({ storeId: identity.storeId, continuous: true })
    },
  }
}
