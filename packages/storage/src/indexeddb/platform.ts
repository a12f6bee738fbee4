/** What the store takes from the browser. Tests and unusual hosts put others in their place. */
export interface IndexedDbPlatform {
  readonly indexedDB: IDBFactory | undefined
  /** Web Locks; absent in pages that are not served securely. Then a lease in the database does their work. */
  readonly locks: LockManager | undefined
  /** Where it can be asked to keep the data; absent in pages that are not served securely. */
  readonly storage: StorageManager | undefined
  /** Wall clock, milliseconds since 1970. Read only where a lease is needed. */
  readonly nowMs: () => number
  /** Runs something later, once; the answer stops it. Used only where a lease is needed. */
  readonly later: (run: () => void, delayMs: number) => () => void
}

/** The browser's own. */
export function browserPlatform(): IndexedDbPlatform {
  return {
    indexedDB: globalThis.indexedDB,
    locks: navigator.locks,
    storage: navigator.storage,
    nowMs: Date.now,
    later(run, delayMs) {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  }
}
