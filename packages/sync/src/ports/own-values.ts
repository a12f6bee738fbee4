/**
 * Values that a store has to itself. A copy of a store is another store: it takes its own id, and hosts take their own actors
 * there, because a dot that two stores stamp is the one mistake that a join cannot repair. So what a host keeps to know itself
 * again it keeps under this prefix, and nothing that copies stores copies it.
 */
import { StoreError } from '../errors.ts'
import type { Store } from './store.ts'

/** Names of values that never leave their store begin with it. */
export const ownValuePrefix = 'own/'

/** Set while a store is being filled from another one or from a file; says from what. */
export const unfinishedValue: string = `${ownValuePrefix}unfinished`

/** Refuses with `STORE_UNFINISHED` a store that was not filled to the end: half of the data must not be taken for all of it. */
export async function requireFinished(store: Pick<Store, 'value'>): Promise<void> {
  if ((await store.value(unfinishedValue)) === undefined) return
  throw new StoreError('STORE_UNFINISHED', 'a migration or restore into this store was interrupted')
}
