/**
 * A store in IndexedDB, the database of browsers: in pages and in workers.
 *
 * One page of the origin owns the store. Commits that arrive while a transaction is under way share the next one, and each
 * resolves after that transaction was flushed. `DESIGN.md` has the layout, and says what happens when the browser runs out of
 * room or the user deletes the data.
 */
import { type Store, StoreError, type StoreIdentity } from '@joinery/sync'
import { durableStore, type Engine } from './common/durable-store.ts'
import { platformRandom, type RandomBytes } from './common/random.ts'
import { Connection } from './indexeddb/connection.ts'
import { openDatabase } from './indexeddb/database.ts'
import { storeFailure } from './indexeddb/failure.ts'
import { groupOver, type Write } from './indexeddb/group.ts'
import { takeLease } from './indexeddb/lease.ts'
import { defaultIndexedDbLimits, type IndexedDbLimits } from './indexeddb/limits.ts'
import { browserPlatform, type IndexedDbPlatform } from './indexeddb/platform.ts'
import * as reads from './indexeddb/reads.ts'
import { type Hold, holdLock } from './indexeddb/web-lock.ts'
import * as writes from './indexeddb/writes.ts'

export type { IndexedDbLimits, IndexedDbPlatform, RandomBytes }

export interface IndexedDbStoreOptions {
  /** Name of the database within the origin; it is created when missing, and must be a store if it is there. */
  readonly name: string
  readonly limits?: Partial<IndexedDbLimits>
  /**
   * What to do while another page has the store open: `refuse` with `STORE_LOCKED`, the default, or `wait` until that page lets
   * go of it or is closed.
   */
  readonly whenLocked?: 'refuse' | 'wait'
  /** Gives up waiting, which is then refused with `STORE_LOCKED`. */
  readonly signal?: AbortSignal
  /**
   * Asks the browser not to delete the data when it runs out of room. Default `true`. Firefox asks the user: a page that wants to
   * choose the moment says `false` here and calls `navigator.storage.persist()` itself.
   */
  readonly persist?: boolean
  /** Where store id and fencing token come from. Default: the platform. */
  readonly random?: RandomBytes
  /** Default: what the browser has. */
  readonly platform?: Partial<IndexedDbPlatform>
}

export interface IndexedDbStore extends Store {
  /**
   * Whether the browser keeps the data when it runs out of room; otherwise it may delete all of it, and a new store is there the
   * next time. Never rejects.
   */
  readonly persisted: Promise<boolean>
  /**
   * Resolves when the store is of no more use, with what every call is refused with from then on: `STORE_GONE` when the data was
   * deleted, `STORE_LOCKED` when another page has taken the store. Pending as long as all is well, and after `close`.
   */
  readonly lost: Promise<StoreError>
}

/**
 * Opens the store. Refused with `STORE_LOCKED` while another page has it open, `STORE_FORMAT` when the database is something else,
 * has lost a part of itself or has another format, `STORE_FULL`, and `STORE_IO`, also where the platform has no IndexedDB.
 */
export async function openIndexedDbStore(options: IndexedDbStoreOptions): Promise<IndexedDbStore> {
  const { name, whenLocked, signal, persist = true, random = platformRandom } = options
  const limits = { ...defaultIndexedDbLimits, ...options.limits }
  const platform = { ...browserPlatform(), ...options.platform }
  const { indexedDB, locks, storage } = platform
  let hold: Hold | undefined
  let connection: Connection | undefined
  try {
    if (!indexedDB) throw new StoreError('STORE_IO', 'this platform has no IndexedDB')
    const wait = whenLocked === 'wait'
    if (locks) hold = await holdLock({ locks, name, wait, signal })
    const database = await openDatabase({ indexedDB, name })
    connection = new Connection({ database, random, release: () => hold?.release() })
    const { identity, end } = hold
      ? await heldBy(hold, connection)
      : await takeLease({ connection, platform, leaseMs: limits.leaseMs, wait, signal })
    const engine = engineOver(connection, identity, end)
    const store = durableStore(engine, { limits, schedule: queueMicrotask })
    return Object.assign(store, { persisted: askToPersist(storage, persist), lost: connection.whenLost })
  } catch (error) {
    connection?.close()
    hold?.release()
    throw connection?.lost ?? storeFailure(error, `cannot open ${name}`)
  }
}

async function heldBy(hold: Hold, connection: Connection) {
  hold.onStolen = () => connection.lose('STORE_LOCKED', 'another script has stolen the lock of the store')
  if (hold.isStolen) hold.onStolen()
  return { identity: await connection.take({}), end: async () => {} }
}

/** Workers cannot ask; they can look. */
async function askToPersist(storage: StorageManager | undefined, ask: boolean): Promise<boolean> {
  try {
    return (await (ask && storage?.persist ? storage.persist() : storage?.persisted())) ?? false
  } catch {
    return false
  }
}

function engineOver(connection: Connection, identity: StoreIdentity, end: () => Promise<void>): Engine<Write> {
  return {
    identity,
    readHead: (key) => reads.readHead(connection, key),
    readLog: (key, options) => reads.readLog(connection, key, options),
    readTenantLog: (tenant, options) => reads.readTenantLog(connection, tenant, options),
    readSnapshot: (key) => reads.readSnapshot(connection, key),
    readTombstone: (key) => reads.readTombstone(connection, key),
    readTenants: (options) => reads.readTenants(connection, options),
    readDocuments: (tenant, options) => reads.readDocuments(connection, tenant, options),
    readReceipt: (key) => reads.readReceipt(connection, key),
    readReceipts: (tenant, options) => reads.readReceipts(connection, tenant, options),
    readValue: (name) => reads.readValue(connection, name),
    readValues: (prefix) => reads.readValues(connection, prefix),
    commitOf: writes.commitWrite,
    compactionOf: writes.compactionWrite,
    valueOf: writes.valueWrite,
    importOf: writes.importWrite,
    receiptsOf: writes.receiptsWrite,
    purge: (nowMs, limit, submit) => submit(writes.purgeWrite(nowMs, limit)),
    flush: groupOver(connection),
    failure: (error, doing) => connection.failure(error, doing),
    async release() {
      await end()
      connection.close()
    },
  }
}
