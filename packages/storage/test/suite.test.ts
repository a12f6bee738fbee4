import type { Commit, DocumentHead, LogEntry, Store, StoredSnapshot } from '@joinery/sync'
import { expect, test } from 'vitest'
import { memoryMedium, memoryStore } from '../src/memory.ts'
import { type TestRunner, testStore } from '../src/testing.ts'

/** The suite must fail for a store that breaks the contract: each fault here is one that a real adapter could have. */
type Fault = (store: Store) => Partial<Store>

function withFault(store: Store, fault: Fault): Store {
  const overrides = fault(store) as Record<string | symbol, unknown>
  return new Proxy(store, {
    get(target, name) {
      const value = Object.hasOwn(overrides, name) ? overrides[name] : Reflect.get(target, name, target)
      return typeof value === 'function' ? quiet(value.bind(target)) : value
    },
  })
}

/** A case that fails leaves other calls behind; their refusals are of no interest then. */
function quiet(call: (...parameters: unknown[]) => Promise<unknown>) {
  return (...parameters: unknown[]) => {
    const answer = call(...parameters)
    answer.catch(() => {})
    return answer
  }
}

/** Runs the suite like a test framework would; answers the names of what failed. */
async function failuresOf(fault: Fault): Promise<string[]> {
  const tests: { readonly name: string; readonly run: () => Promise<void> }[] = []
  const define = (name: string, run: () => Promise<void>) => tests.push({ name, run })
  const runner: TestRunner = {
    describe: (_, body) => body(),
    test: Object.assign(define, { skip: () => {} }),
  }
  const media = new Map<string, ReturnType<typeof memoryMedium>>()
  testStore({
    name: 'faulty',
    runner,
    open: async (place) => {
      const medium = media.get(place) ?? memoryMedium()
      media.set(place, medium)
      return withFault(memoryStore({ medium }), fault)
    },
    supports: { persistence: true, singleOwner: true, manyOwners: 'it has one owner' },
    random: { seed: 1, runs: 2, steps: 60 },
  })
  const failed: string[] = []
  for (const { name, run } of tests) await run().catch(() => failed.push(name))
  return failed
}

const truncate = (name: string) => name.split('\0')[0]!
const all = { after: 0, limit: 1e6 }

async function onLastVersion(store: Store, commit: Commit): Promise<Commit> {
  return { ...commit, expectedVersion: (await store.head(commit.key))?.version ?? 0 }
}

async function filterHeads(page: ReturnType<Store['documents']>, keep: (head: DocumentHead) => boolean) {
  const { items, ...rest } = await page
  return { ...rest, items: items.filter(keep) }
}

const faults: Readonly<Record<string, Fault>> = {
  'takes a commit on any version': (store) => ({
    commit: async (commit) => store.commit(await onLastVersion(store, commit)),
  }),
  'takes a commit of any incarnation': (store) => ({
    commit: async (commit) => {
      const head = await store.head(commit.key)
      return store.commit(commit.kind === 'begin' || !head ? commit : { ...commit, incarnation: head.incarnation })
    },
  }),
  'lets an ended incarnation begin again': (store) => ({
    commit: async (commit) => {
      const isBegin = commit.kind === 'begin'
      const clash = isBegin && (await store.head(commit.key))?.incarnation === commit.incarnation
      return store.commit(clash ? { ...commit, incarnation: `${commit.incarnation}'` } : commit)
    },
  }),
  'appends to what does not exist': (store) => ({
    commit: async (commit) => {
      const isNew = commit.kind === 'append' && !(await store.head(commit.key))
      return store.commit(isNew ? { ...commit, kind: 'begin' } : commit)
    },
  }),
  'stores only the first entry of a commit': (store) => ({
    commit: (commit) => store.commit({ ...commit, entries: commit.entries.slice(0, 1) }),
  }),
  'answers before it has stored': (store) => ({
    commit: async (commit) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      const stored = store.commit(commit)
      stored.catch(() => {})
      const head = await store.head(commit.key)
      return head && head.version > 5 ? [] : stored
    },
  }),
  'reads first and writes later': (store) => ({
    commit: async (commit) => {
      const last = (await store.head(commit.key))?.version ?? 0
      await new Promise((resolve) => setTimeout(resolve, 1))
      return store.commit(commit.expectedVersion === last ? await onLastVersion(store, commit) : commit)
    },
  }),
  'fails all commits of a turn when one fails': (store) => {
    let turn: Promise<PromiseSettledResult<unknown>[]> | undefined
    let commits: Commit[] = []
    return {
      commit: async (commit) => {
        commits.push(commit)
        turn ??= new Promise((resolve) => setTimeout(resolve, 0)).then(() => {
          const taken = commits
          turn = undefined
          commits = []
          return Promise.allSettled(taken.map((one) => store.commit(one)))
        })
        const at = commits.length - 1
        const settled = await turn
        const failed = settled.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
        if (failed) throw failed.reason
        return (settled[at] as PromiseFulfilledResult<readonly LogEntry[]>).value
      },
    }
  },
  'keeps the receipt of a refused commit': (store) => {
    const kept = new Map<string, Commit['receipt']>()
    return {
      commit: async (commit) => {
        if (commit.receipt) kept.set(commit.receipt.key, commit.receipt)
        return store.commit(commit)
      },
      receipt: async (tenant, scope, key) => (await store.receipt(tenant, scope, key)) ?? kept.get(key),
    }
  },
  'stops at NUL in ids': (store) => ({
    head: (key) => store.head({ ...key, id: truncate(key.id) }),
    commit: (commit) => store.commit({ ...commit, key: { ...commit.key, id: truncate(commit.key.id) } }),
  }),
  'folds the case of prefixes': (store) => ({
    documents: async (tenant, { prefix = '', ...options }) =>
      filterHeads(store.documents(tenant, options), ({ key }) => key.id.toLowerCase().startsWith(prefix.toLowerCase())),
  }),
  'orders ids by UTF-16': (store) => ({
    documents: async (tenant, options) => {
      const page = await store.documents(tenant, options)
      return { ...page, items: [...page.items].sort((a, b) => (a.key.id < b.key.id ? -1 : 1)) }
    },
  }),
  'gives a cursor with a full last page': (store) => ({
    documents: async (tenant, options) => {
      const page = await store.documents(tenant, options)
      const isFull = page.items.length === options.limit
      return isFull ? { cursor: `after:${page.items.at(-1)!.key.id}`, ...page } : page
    },
  }),
  'drops deleted documents only after it has counted the page': (store) => ({
    documents: async (tenant, options) =>
      filterHeads(store.documents(tenant, { ...options, deleted: true }), (head) => options.deleted || !head.deleted),
  }),
  'lists deleted documents': (store) => ({
    documents: (tenant, options) => store.documents(tenant, { ...options, deleted: true }),
  }),
  'keeps the snapshot of an ended life': (store) => {
    const kept = new Map<string, StoredSnapshot>()
    return {
      compact: async (key, snapshot, keepAfter) => {
        await store.compact(key, snapshot, keepAfter)
        kept.set(JSON.stringify(key), snapshot)
      },
      snapshot: async (key) => (await store.snapshot(key)) ?? kept.get(JSON.stringify(key)),
    }
  },
  'cuts one change too many': (store) => ({
    compact: (key, snapshot, keepAfter) =>
      store.compact(key, snapshot, keepAfter < snapshot.version ? keepAfter + 1 : keepAfter),
  }),
  'does not cut the log': (store) => ({ compact: (key, snapshot) => store.compact(key, snapshot, 0) }),
  'ignores a compaction that it should refuse': (store) => ({
    compact: (key, snapshot, keepAfter) => store.compact(key, snapshot, keepAfter).catch(() => {}),
  }),
  'forgets the tombstone': (store) => ({
    tenantLog: async (tenant, options) => {
      const entries = await store.tenantLog(tenant, options)
      const heads = await Promise.all(entries.map(({ key }) => store.head(key)))
      return entries.filter(({ version }, i) => !heads[i]!.deleted || heads[i]!.version !== version)
    },
  }),
  'shows the end in the log': (store) => ({
    log: async (key, options) => {
      const own = (await store.tenantLog(key.tenant, all)).filter((entry) => entry.key.id === key.id)
      return own.filter(({ version }) => version > options.after).slice(0, options.limit)
    },
  }),
  'orders the tenant log by document': (store) => ({
    tenantLog: async (tenant, options) => {
      const entries = await store.tenantLog(tenant, options)
      return [...entries].sort((a, b) => (a.key.id === b.key.id ? a.version - b.version : a.key.id < b.key.id ? -1 : 1))
    },
  }),
  'shares its bytes': (store) => {
    const cache = new Map<string, Uint8Array>()
    return {
      log: async (key, options) => {
        const entries = await store.log(key, options)
        return entries.map((entry) => {
          const at = JSON.stringify([key, entry.version])
          const change = cache.get(at) ?? entry.change
          cache.set(at, change)
          return { ...entry, change }
        })
      },
    }
  },
  'purges what expires a moment later': (store) => ({ purgeReceipts: (nowMs) => store.purgeReceipts(nowMs + 1) }),
  'keeps what expires at this moment': (store) => ({ purgeReceipts: (nowMs) => store.purgeReceipts(nowMs - 1) }),
  'treats an empty value as none': (store) => ({ value: async (name) => (await store.value(name)) || undefined }),
  'lists values in no order': (store) => ({ values: async (prefix) => [...(await store.values(prefix))].reverse() }),
  'forgets the tombstone of the life before': (store) => ({
    tombstone: async (key) => ((await store.head(key))?.deleted ? store.tombstone(key) : undefined),
  }),
  'leaves the tombstone out of an import': (store) => ({
    importDocument: ({ tombstone: _, ...document }, options) => store.importDocument(document, options),
  }),
  'gives imported entries new positions': (store) => ({
    importDocument: (document, options) => store.importDocument(document, { ...options, arrival: 'now' }),
  }),
  'keeps positions that were to be chosen anew': (store) => ({
    importDocument: (document, options) => store.importDocument(document, { ...options, arrival: 'kept' }),
  }),
  'imports over what is there': (store) => ({
    importDocument: (document, options) => store.importDocument(document, { ...options, replaces: true }),
  }),
  'never imports over what is there': (store) => ({
    importDocument: (document, options) => store.importDocument(document, { ...options, replaces: false }),
  }),
  'takes what no store can have': (store) => ({
    importDocument: (document, options) =>
      store.importDocument(document, options).catch((error) => {
        if (error.code !== 'STORE_ARGUMENT') throw error
      }),
  }),
  'does not name tenants whose documents were deleted': (store) => ({
    tenants: async (options) => {
      const page = await store.tenants(options)
      const living = await Promise.all(page.items.map((tenant) => store.documents(tenant, { limit: 1 })))
      return { ...page, items: page.items.filter((_, i) => living[i]!.items.length > 0) }
    },
  }),
  'lists tenants in no order': (store) => ({
    tenants: async (options) => {
      const page = await store.tenants(options)
      return { ...page, items: [...page.items].reverse() }
    },
  }),
  'lists receipts of other tenants': (store) => ({
    receipts: (tenant, options) => store.receipts(tenant.split('\0')[0]!, options),
    importReceipts: (receipts) =>
      store.importReceipts(receipts.map((one) => ({ ...one, tenant: one.tenant.split('\0')[0]! }))),
  }),
  'lists receipts by key alone': (store) => ({
    receipts: async (tenant, options) => {
      const page = await store.receipts(tenant, options)
      return { ...page, items: [...page.items].sort((a, b) => (a.key < b.key ? -1 : 1)) }
    },
  }),
  'keeps only the first of many receipts': (store) => ({
    importReceipts: (receipts) => store.importReceipts(receipts.slice(0, 1)),
  }),
  'answers after close': (store) => {
    let closed = false
    return {
      close: async () => {
        closed = true
        await store.close()
      },
      head: async (key) => (closed ? undefined : store.head(key)),
    }
  },
  'takes any limit': (store) => ({
    log: (key, options) => store.log(key, { ...options, limit: Math.max(1, Math.floor(options.limit) || 1) }),
  }),
  'has a new id after every open': (store) => ({
    identity: { storeId: `${Math.random()}`, continuous: store.identity.continuous },
  }),
  'never continues': (store) => ({ identity: { storeId: store.identity.storeId, continuous: false } }),
}

test('a store without fault passes', async () => {
  expect(await failuresOf(() => ({}))).toEqual([])
})

test.each(Object.entries(faults))('the suite notices a store that %s', async (_, fault) => {
  // By a case that names it; the random runs are a second net.
  const failures = await failuresOf(fault)
  expect(failures.filter((name) => !name.includes('random runs'))).not.toEqual([])
})
