import type { Receipt, StoredDocument } from '@joinery/sync'

/** One thing that a store has. All things of a store are its tenants' documents and receipts, tenant by tenant, then values. */
export type StoreItem =
  | { readonly type: 'document'; readonly document: StoredDocument }
  | { readonly type: 'receipt'; readonly receipt: Receipt }
  | { readonly type: 'value'; readonly name: string; readonly value: string }

/** Which part of a store is meant: all of it, one tenant, or one document of it. */
export interface Scope {
  readonly tenant?: string
  readonly id?: string
}
