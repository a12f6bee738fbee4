/** The storage of a client: opened, checked to be its own, and whether it continues the life it had. */
import { CoreError } from '@joinery/core'
import { type Store, StoreError } from '@joinery/sync'
import { ClientError, type ClientErrorCode, refuse } from '../errors.ts'
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

/** Throws `CLIENT_STORAGE…`; `CLIENT_STORAGE_FOREIGN` for the storage of another node. */
export async function openPlace(store: Store, tenant: string, nodeId: string): Promise<Place> {
  const owner = await store.value(nodeName(tenant))
  if (owner === undefined) await store.setValue(nodeName(tenant), nodeId)
  else if (owner !== nodeId) refuse('CLIENT_STORAGE_FOREIGN', `the storage is that of node "${owner}"`)
  const { continuous, seat } = store.identity
  const kept = continuous && seat === undefined ? await store.value(EPOCH_NAME) : undefined
  const epoch = kept ?? randomName()
  if (kept === undefined) await store.setValue(EPOCH_NAME, epoch)
  return { store, epoch }
}

const codes: Readonly<Record<string, ClientErrorCode>> = {
  STORE_FULL: 'CLIENT_STORAGE_FULL',
  STORE_LOCKED: 'CLIENT_STORAGE_LOCKED',
  STORE_FORMAT: 'CLIENT_STORAGE_DAMAGED',
}

/** What a storage failed with, as the application is told. */
export function storageError(cause: unknown): ClientError {
  if (cause instanceof ClientError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  // What was read and is no document was damaged, not the medium.
  const damaged = cause instanceof CoreError ? 'CLIENT_STORAGE_DAMAGED' : undefined
  const code = damaged ?? codes[storeCode(cause) ?? ''] ?? 'CLIENT_STORAGE'
  return new ClientError(code, `the storage failed: ${reason}`, { cause })
}

/** The code of a store's refusal. */
export function storeCode(error: unknown): string | undefined {
  return error instanceof StoreError ? error.code : undefined
}
