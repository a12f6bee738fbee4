/**
 * The database. Its version is the number of the format; a change is a new number, with its reason here.
 *
 * 1. The first.
 */
import { StoreError } from '@joinery/sync'
import type { MarkRecord } from './records.ts'

export const format = 1

/** Object stores, their keys and their indexes. `mark` and `values` have keys that are not in the values. */
const layout: Readonly<Record<StoreName, Layout>> = {
  mark: {},
  heads: { key: ['tenant', 'id'], indexes: { living: ['living', 'tenant', 'id'] } },
  // An index with a unique key notices an order of arrival that went wrong.
  log: { key: ['tenant', 'id', 'version'], indexes: { arrival: ['tenant', 'position'] }, unique: true },
  snapshots: { key: ['tenant', 'id'] },
  receipts: { key: ['tenant', 'scope', 'key'], indexes: { expiry: 'expiresAtMs' } },
  values: {},
}

export type StoreName = 'mark' | 'heads' | 'log' | 'snapshots' | 'receipts' | 'values'

export const storeNames = Object.keys(layout) as StoreName[]

/** The one key in `mark`. */
export const markKey = 'store'

interface Layout {
  readonly key?: string[]
  readonly indexes?: Readonly<Record<string, string | string[]>>
  readonly unique?: boolean
}

const emptyMark: MarkRecord = { storeId: '', owner: '', lastPosition: 0, leaseUntilMs: 0 }

export interface DatabaseOptions {
  readonly indexedDB: IDBFactory
  readonly name: string
  /** Only tests ask for another one. */
  readonly version?: number
}

/** Opens the database, and lays it out when it is new. */
export function openDatabase({ indexedDB, name, version = format }: DatabaseOptions): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version)
    let refused: StoreError | undefined
    const refuse = (code: 'STORE_FORMAT' | 'STORE_LOCKED', message: string) => {
      refused = new StoreError(code, message)
      reject(refused)
    }
    request.onupgradeneeded = ({ oldVersion }) => {
      // A database of an older format is not turned into this one by leaving it as it is.
      if (oldVersion === 0) layOut(request.result)
      else refuse('STORE_FORMAT', `the database has format ${oldVersion}, this version reads format ${version}`)
      if (refused) request.transaction!.abort()
    }
    request.onblocked = () => refuse('STORE_LOCKED', 'another page keeps an older version of the database open')
    request.onerror = () => reject(refused ?? request.error)
    request.onsuccess = () => {
      const database = request.result
      const isOurs = `${[...database.objectStoreNames]}` === `${storeNames.toSorted()}`
      if (!isOurs) refuse('STORE_FORMAT', 'the database is no store, or has lost a part of itself')
      if (refused) database.close()
      else resolve(database)
    }
  })
}

function layOut(database: IDBDatabase): void {
  for (const [name, { key, indexes = {}, unique = false }] of Object.entries(layout)) {
    const store = database.createObjectStore(name, key && { keyPath: key })
    for (const [index, path] of Object.entries(indexes)) store.createIndex(index, path, { unique })
    if (name === 'mark') store.put(emptyMark, markKey)
  }
}
