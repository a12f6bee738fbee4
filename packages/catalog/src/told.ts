/** What node, engine and store refuse, in the terms of the catalog. */
import { CoreError } from '@joinery/core'
import { NodeError } from '@joinery/node'
import { StoreError } from '@joinery/sync'
import { ReplicationError } from '@joinery/sync/replication'
import { CatalogError } from './errors.ts'

/** Rejects with a `CatalogError` where it was expected that this may happen. */
export async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw asCatalogError(error)
  }
}

function asCatalogError(cause: unknown): unknown {
  if (cause instanceof NodeError && cause.code === 'NODE_STOPPED') {
    return new CatalogError('SHUTTING_DOWN', cause.message, { cause })
  }
  if (cause instanceof ReplicationError) return new CatalogError('OVERLOADED', cause.message, { cause })
  if (cause instanceof StoreError) return new CatalogError('STORE_UNAVAILABLE', cause.message, { cause })
  if (cause instanceof CoreError && cause.code === 'CORE_LIMIT_EXCEEDED') {
    return new CatalogError('CATALOG_METADATA_INVALID', cause.message, { cause })
  }
  return cause
}
