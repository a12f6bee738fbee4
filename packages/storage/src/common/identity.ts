import type { StoreIdentity } from '@joinery/sync'
import { continueFence, createFence, type Fence, tokenBytes } from './fence.ts'
import { newStoreId, type RandomBytes } from './random.ts'

/** What the data itself says about whose it is. */
export interface StoreMark {
  readonly storeId: string
  readonly token: Uint8Array
  /** Transactions ever committed: what the fence counts along. */
  readonly transactions: number
}

export interface Established {
  readonly identity: StoreIdentity
  readonly mark: StoreMark
  readonly fence: Fence
}

export interface IdentityOptions {
  readonly mark: StoreMark
  readonly fencePath: string
  readonly random: RandomBytes
}

/** The identity, if the fence vouches for the data; `undefined` means that the store needs a new mark. */
export function continueIdentity({ mark, fencePath }: IdentityOptions): Established | undefined {
  const fence = continueFence(fencePath, mark)
  return fence && { fence, mark, identity: { storeId: mark.storeId, continuous: true } }
}

/** A mark for data that nothing vouches for. It goes into the data first, so that a crash in between leads here again. */
export function newMark({ mark, random }: IdentityOptions): StoreMark {
  return { storeId: newStoreId(random), token: random(tokenBytes), transactions: mark.transactions + 1 }
}

/** The fence of a mark that is in the data. */
export function beginIdentity({ fencePath }: IdentityOptions, mark: StoreMark): Established {
  return { fence: createFence(fencePath, mark), mark, identity: { storeId: mark.storeId, continuous: false } }
}
