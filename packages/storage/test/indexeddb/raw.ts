import type { Page } from 'playwright-core'

/** A database as it lies there, as JSON: bytes are written `{ "bytes": "00ff" }`. */
export interface Dump {
  readonly version: number
  readonly stores: Readonly<
    Record<
      string,
      {
        readonly keyPath: string | string[] | null
        readonly indexes: readonly {
          readonly name: string
          readonly keyPath: string | string[]
          readonly unique: boolean
        }[]
        readonly entries: readonly { readonly key: unknown; readonly value: unknown }[]
      }
    >
  >
}

/** Reads a database that no store has open. */
export function dump(page: Page, name: string): Promise<Dump> {
  return page.evaluate(async (database) => {
    const answered = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    const plain = (value: unknown): unknown => {
      if (value instanceof ArrayBuffer) return { bytes: hex(new Uint8Array(value)) }
      if (value instanceof Uint8Array) return { bytes: hex(value) }
      if (Array.isArray(value)) return value.map(plain)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([member, part]) => [member, plain(part)]))
    }
    const opened = await answered(indexedDB.open(database))
    const stores: Record<string, Dump['stores'][string]> = {}
    for (const at of opened.objectStoreNames) {
      const store = opened.transaction(at).objectStore(at)
      const { keyPath } = store
      const indexes = [...store.indexNames].map((index) => {
        const { keyPath: path, unique } = store.index(index)
        return { name: index, keyPath: path, unique }
      })
      const [keys, values] = await Promise.all([answered(store.getAllKeys()), answered(store.getAll())])
      stores[at] = { keyPath, indexes, entries: keys.map((key, i) => ({ key: plain(key), value: plain(values[i]) })) }
    }
    opened.close()
    return { version: opened.version, stores }
  }, name)
}

/** Makes a database that is like the one that was read. */
export async function restore(page: Page, name: string, from: Dump): Promise<void> {
  await page.evaluate(
    ([database, { version, stores }]) => {
      const bytesAgain = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(bytesAgain)
        if (typeof value !== 'object' || value === null) return value
        if ('bytes' in value && typeof value.bytes === 'string') {
          return Uint8Array.from(value.bytes.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
        }
        return Object.fromEntries(Object.entries(value).map(([member, part]) => [member, bytesAgain(part)]))
      }
      return new Promise<void>((resolve, reject) => {
        const request = indexedDB.open(database, version)
        request.onupgradeneeded = () => {
          for (const [at, { keyPath, indexes, entries }] of Object.entries(stores)) {
            const store = request.result.createObjectStore(at, keyPath ? { keyPath } : undefined)
            for (const index of indexes) store.createIndex(index.name, index.keyPath, { unique: index.unique })
            for (const { key, value } of entries) {
              store.put(bytesAgain(value), keyPath ? undefined : (bytesAgain(key) as IDBValidKey))
            }
          }
        }
        request.onerror = () => reject(request.error)
        request.onsuccess = () => {
          request.result.close()
          resolve()
        }
      })
    },
    [name, from] as const,
  )
}
