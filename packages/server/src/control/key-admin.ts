import type { KeyRecord, KeyRing, NewKey } from '../keys.ts'

/** Managing keys, here or over there. */
export interface KeyAdmin {
  create(options: { readonly tenant: string; readonly name: string }): Promise<NewKey>
  list(tenant?: string): Promise<readonly KeyRecord[]>
  /** Resolves to undefined when there is no such key. */
  revoke(id: string): Promise<KeyRecord | undefined>
}

export function keyAdmin(keys: KeyRing): KeyAdmin {
  return {
    create: (options) => keys.create(options),
    list: async (tenant) => keys.list(tenant),
    revoke: (id) => keys.revoke(id),
  }
}
