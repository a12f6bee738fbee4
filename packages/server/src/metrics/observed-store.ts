/** A store that tells how long its reads took. Commits are measured where they are made. */
import type { Store } from '@joinery/sync'
import type { ServiceObserver, StoreRead } from './observer.ts'

export interface ObservedStoreOptions {
  readonly observer: Pick<ServiceObserver, 'storeRead'>
  /** Milliseconds. */
  readonly nowMs: () => number
}

export function observedStore(store: Store, { observer, nowMs }: ObservedStoreOptions): Store {
  const timed = async <A>(read: StoreRead, task: () => Promise<A>): Promise<A> => {
    const startedMs = nowMs()
    try {
      return await task()
    } finally {
      observer.storeRead(read, (nowMs() - startedMs) / 1000)
    }
  }
  const { watch } = store
  return {
    get identity() {
      return store.identity
    },
    commit: (commit) => store.commit(commit),
    head: (key) => timed('head', () => store.head(key)),
    log: (key, options) => timed('log', () => store.log(key, options)),
    tenantLog: (tenant, options) => timed('tenant_log', () => store.tenantLog(tenant, options)),
    snapshot: (key) => timed('snapshot', () => store.snapshot(key)),
    compact: (key, snapshot, keepAfter) => store.compact(key, snapshot, keepAfter),
    tombstone: (key) => store.tombstone(key),
    tenants: (options) => store.tenants(options),
    receipts: (tenant, options) => store.receipts(tenant, options),
    importDocument: (document, options) => store.importDocument(document, options),
    importReceipts: (receipts) => store.importReceipts(receipts),
    documents: (tenant, options) => timed('documents', () => store.documents(tenant, options)),
    receipt: (tenant, scope, key) => timed('receipt', () => store.receipt(tenant, scope, key)),
    purgeReceipts: (until) => store.purgeReceipts(until),
    value: (name) => store.value(name),
    values: (prefix) => store.values(prefix),
    setValue: (name, value) => store.setValue(name, value),
    ...(watch === undefined ? {} : { watch: (listener) => watch.call(store, listener) }),
    close: () => store.close(),
  }
}
