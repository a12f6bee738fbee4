/**
 * API keys. A key is `jk_<id>_<secret>`: the id finds the record, the secret is 256 random bits. Records live in the store and
 * hold a SHA-256 of the whole key; that suffices because the secret cannot be guessed, so no slow hash is needed.
 *
 * A revoked key keeps its record. Else revoking the last one would open the server to everybody.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Store } from '@joinery/sync'
import { Lines } from './service/lines.ts'

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
export type KeyVerdict =
  /** There are no keys. */
  | { readonly verdict: 'open' }
  | { readonly verdict: 'granted'; readonly id: string }
  /** No key, none of ours, or a revoked one. */
  | { readonly verdict: 'unknown' }
  /** A key of another tenant. */
  | { readonly verdict: 'foreign' }

export interface KeyRing {
  /** True once any key was ever created: then every request of `/v1` needs one. */
  required(): boolean
  check(key: string | undefined, tenant: string): KeyVerdict
  /** Whether who was let in by this key, or by none, would be let in now. */
  admits(id: string | undefined): boolean
  /** Whether it is a valid key of any tenant. */
  isValid(key: string | undefined): boolean
  create(options: { readonly tenant: string; readonly name: string }): Promise<NewKey>
  list(tenant?: string): readonly KeyRecord[]
  /** Resolves to undefined when there is no such key. Revoking again changes nothing. */
  revoke(id: string): Promise<KeyRecord | undefined>
  /** Whether other processes may change the keys: then `refresh` is called now and then. */
  readonly isShared: boolean
  /** Learns of what other processes did. Reads one small value when that was nothing. */
  refresh(): Promise<void>
  /** Tells of every change of the keys, until the answered function is called. */
  watch(onChange: () => void): () => void
}

export interface KeyRingOptions {
  readonly store: Pick<Store, 'value' | 'values' | 'setValue' | 'watch'>
  readonly random: (bytes: number) => Uint8Array
  readonly now: () => number
}

const PREFIX = 'key/'
/** Has another value after every change of any key. */
const CHANGED = 'keys-changed'
const LINE = 'keys'
const ID_BYTES = 8
const SECRET_BYTES = 32
const shape = /^jk_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/
/** Compared with where there is no record, so that a miss takes as long as a hit. */
const NO_HASH = '0'.repeat(64)

class Ring implements KeyRing {
  readonly #options: KeyRingOptions
  readonly #watchers = new Set<() => void>()
  /** Reading and writing keys wait for each other: what was read must not undo what was written meanwhile. */
  readonly #lines = new Lines()
  #keys: ReadonlyMap<string, StoredKey> = new Map()
  #changed: string | undefined

  constructor(options: KeyRingOptions) {
    this.#options = options
  }

  load(): Promise<void> {
    return this.#lines.run(LINE, () => this.#load())
  }

  async #load(): Promise<void> {
    const { store } = this.#options
    // Before the keys: what changes between the two is read again the next time.
    this.#changed = await store.value(CHANGED)
    const keys = (await store.values(PREFIX)).map(({ value }) => JSON.parse(value) as StoredKey)
    this.#keys = new Map(keys.map((key) => [key.id, key]))
  }

  required(): boolean {
    return this.#keys.size > 0
  }

  check(presented: string | undefined, tenant: string): KeyVerdict {
    if (!this.required()) return { verdict: 'open' }
    const known = this.#find(presented)
    if (known === undefined) return { verdict: 'unknown' }
    return known.tenant === tenant ? { verdict: 'granted', id: known.id } : { verdict: 'foreign' }
  }

  admits(id: string | undefined): boolean {
    if (id === undefined) return !this.required()
    const known = this.#keys.get(id)
    return known !== undefined && known.revokedAt === undefined
  }

  isValid(presented: string | undefined): boolean {
    return this.#find(presented) !== undefined
  }

  #find(presented: string | undefined): StoredKey | undefined {
    const id = presented === undefined ? undefined : shape.exec(presented)?.[1]
    const known = id === undefined ? undefined : this.#keys.get(id)
    const [hash, expected] = [hashOf(presented ?? ''), known?.hash ?? NO_HASH]
    const same = timingSafeEqual(Buffer.from(hash, 'hex'), Buffer.from(expected, 'hex'))
    return same && known?.revokedAt === undefined ? known : undefined
  }

  async create({ tenant, name }: { readonly tenant: string; readonly name: string }): Promise<NewKey> {
    const { random, now } = this.#options
    const id = Buffer.from(random(ID_BYTES)).toString('hex')
    const key = `jk_${id}_${Buffer.from(random(SECRET_BYTES)).toString('base64url')}`
    const stored: StoredKey = { id, tenant, name, createdAt: new Date(now()).toISOString(), hash: hashOf(key) }
    await this.#lines.run(LINE, () => this.#keep(stored))
    return { ...recordOf(stored), key }
  }

  list(tenant?: string): readonly KeyRecord[] {
    return [...this.#keys.values()]
      .filter((key) => tenant === undefined || key.tenant === tenant)
      .map(recordOf)
      .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }

  async revoke(id: string): Promise<KeyRecord | undefined> {
    const key = this.#keys.get(id)
    if (key === undefined) return undefined
    const revoked =
      key.revokedAt === undefined ? { ...key, revokedAt: new Date(this.#options.now()).toISOString() } : key
    // Also when it was revoked before: whoever did may have been cut off before others could learn of it.
    await this.#lines.run(LINE, () => this.#keep(revoked))
    return recordOf(revoked)
  }

  async #keep(key: StoredKey): Promise<void> {
    const { store, random } = this.#options
    await store.setValue(PREFIX + key.id, JSON.stringify(key))
    this.#keys = new Map(this.#keys).set(key.id, key)
    this.#tell()
    await store.setValue(CHANGED, Buffer.from(random(ID_BYTES)).toString('hex'))
  }

  get isShared(): boolean {
    return this.#options.store.watch !== undefined
  }

  refresh(): Promise<void> {
    return this.#lines.run(LINE, async () => {
      if ((await this.#options.store.value(CHANGED)) === this.#changed) return
      await this.#load()
      this.#tell()
    })
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  #tell(): void {
    for (const onChange of this.#watchers) onChange()
  }
}

export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const ring = new Ring(options)
  await ring.load()
  return ring
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

function recordOf({ hash: _hash, ...record }: StoredKey): KeyRecord {
  return record
}
