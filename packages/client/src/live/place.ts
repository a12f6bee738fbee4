/** The storage of a client: opened, checked to be its own, and whether it continues the life it had. */
import type { Store } from '@joinery/sync'
import { ClientError, refuse } from '../errors.ts'
import { randomName } from '../host.ts'
import { EPOCH_NAME, nodeName } from './records.ts'

export interface Place {
  readonly store: Store
  /**
   * Names a life of the storage in which nothing was lost, copied or put back: actors of another one may have written elsewhere
   * since, so they are not used again.
   */
  readonly epoch: string
}

/** Throws `CLIENT_STORAGE`, and `CLIENT_STORAGE_FOREIGN` for the storage of another node. */
export async function openPlace(storage: Store | Promise<Store>, tenant: string, nodeId: string): Promise<Place> {
  try {
    const store = await storage
    const owner = await store.value(nodeName(tenant))
    if (owner === undefined) await store.setValue(nodeName(tenant), nodeId)
    else if (owner !== nodeId) refuse('CLIENT_STORAGE_FOREIGN', `the storage is that of node "${owner}"`)
    const { continuous, seat } = store.identity
    const kept = continuous && seat === undefined ? await store.value(EPOCH_NAME) : undefined
    const epoch = kept ?? randomName()
    if (kept === undefined) await store.setValue(EPOCH_NAME, epoch)
    return { store, epoch }
  } catch (cause) {
    throw storageError(cause)
  }
}

/** What a storage failed with, as the application is told. */
export function storageError(cause: unknown): ClientError {
  if (cause instanceof ClientError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ClientError('CLIENT_STORAGE', `the storage failed: ${reason}`, { cause })
}
