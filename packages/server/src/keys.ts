/**
 * API keys. A key is `jk_<id>_<secret>`: the id finds the record, the secret is 256 random bits. Records live in the store and
 * hold a SHA-256 of the whole key; that suffices because the secret cannot be guessed, so no slow hash is needed.
 *
 * A revoked key keeps its record. Else revoking the last one would open the server to everybody.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Store } from '@joinery/sync'

/** What there is to know about a key, short of the key. */
export interface KeyRecord {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly createdAt: string
  readonly revokedAt?: string
}

interface StoredKey extends KeyRecord {
  /** SHA-256 of the key, hexadecimal. */
  readonly hash: string
}

export interface NewKey extends KeyRecord {
  /** The key itself. It is nowhere else: show it once. */
  readonly key: string
}

/** Why a request was let in or not. */
export type KeyVerdict = 'open' | 'granted' | 'unknown' | 'foreign'

export interface KeyRing {
  /** True once any key was ever created: then every request of `/v1` needs one. */
  required(): boolean
  check(key: string | undefined, tenant: string): KeyVerdict
  /** Whether it is a valid key of any tenant. */
  isValid(key: string | undefined): boolean
  create(options: { readonly tenant: string; readonly name: string }): Promise<NewKey>
  list(tenant?: string): readonly KeyRecord[]
  /** Resolves to undefined when there is no such key. Revoking again changes nothing. */
  revoke(id: string): Promise<KeyRecord | undefined>
}

export interface KeyRingOptions {
  readonly store: Pick<Store, 'values' | 'setValue'>
  readonly random: (bytes: number) => Uint8Array
  readonly now: () => number
}

const PREFIX = 'key/'
const ID_BYTES = 8
const SECRET_BYTES = 32
const shape = /^jk_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/
/** Compared with where there is no record, so that a miss takes as long as a hit. */
const NO_HASH = '0'.repeat(64)

export async function openKeyRing({ store, random, now }: KeyRingOptions): Promise<KeyRing> {
  const keys = new Map<string, StoredKey>()
  for (const { value } of await store.values(PREFIX)) {
    const key = JSON.parse(value) as StoredKey
    keys.set(key.id, key)
  }
  const keep = async (key: StoredKey): Promise<void> => {
    await store.setValue(PREFIX + key.id, JSON.stringify(key))
    keys.set(key.id, key)
  }
  const find = (presented: string | undefined): StoredKey | undefined => {
    const id = presented === undefined ? undefined : shape.exec(presented)?.[1]
    const known = id === undefined ? undefined : keys.get(id)
    const [hash, expected] = [hashOf(presented ?? ''), known?.hash ?? NO_HASH]
    const same = timingSafeEqual(Buffer.from(hash, 'hex'), Buffer.from(expected, 'hex'))
    return same && known?.revokedAt === undefined ? known : undefined
  }
  return {
    required: () => keys.size > 0,
    check(presented, tenant) {
      if (keys.size === 0) return 'open'
      const known = find(presented)
      if (known === undefined) return 'unknown'
      return known.tenant === tenant ? 'granted' : 'foreign'
    },
    isValid: (presented) => find(presented) !== undefined,
    async create({ tenant, name }) {
      const id = Buffer.from(random(ID_BYTES)).toString('hex')
      const key = `jk_${id}_${Buffer.from(random(SECRET_BYTES)).toString('base64url')}`
      const stored: StoredKey = { id, tenant, name, createdAt: new Date(now()).toISOString(), hash: hashOf(key) }
      await keep(stored)
      return { ...recordOf(stored), key }
    },
    list: (tenant) =>
      [...keys.values()]
        .filter((key) => tenant === undefined || key.tenant === tenant)
        .map(recordOf)
        .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1)),
    async revoke(id) {
      const key = keys.get(id)
      if (key === undefined) return undefined
      const revoked = key.revokedAt === undefined ? { ...key, revokedAt: new Date(now()).toISOString() } : key
      if (revoked !== key) await keep(revoked)
      return recordOf(revoked)
    },
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

function recordOf({ hash: _hash, ...record }: StoredKey): KeyRecord {
  return record
}
