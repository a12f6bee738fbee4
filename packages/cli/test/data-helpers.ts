/** Stores with real documents of every kind, made by the service as a server makes them. */
import { randomBytes } from 'node:crypto'
import { HybridClock } from '@joinery/core'
import { createDocumentService, openKeyRing, serverActor } from '@joinery/server'
import type { Store } from '@joinery/sync'
import { openStore, parseStoreUrl } from '../src/store-url.ts'

const random = (bytes: number): Uint8Array => randomBytes(bytes)

export async function withStore<T>(url: string, run: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(parseStoreUrl(url))
  try {
    return await run(store)
  } finally {
    await store.close()
  }
}

/**
 * So many documents of two tenants: sets, texts, counters and JSON; edited, folded, deleted, living again; with receipts, and an API
 * key. Answers the key.
 */
export async function fill(url: string, documents: number): Promise<string> {
  return withStore(url, async (store) => {
    const nowMs = Date.now
    const service = createDocumentService({
      store,
      actor: await serverActor({ store, clock: new HybridClock(nowMs), epoch: () => randomBytes(12) }),
      newIncarnation: () => randomBytes(16).toString('base64url'),
      nowMs,
      limits: { historyVersionsMin: 4, compactionMsMin: 0 },
    })
    const one = async (i: number): Promise<void> => {
      const caller = {
        tenant: i % 3 === 0 ? 'acme' : 'acme\u00e9',
        node: i % 2 === 0 ? `node-${i % 7}` : `writer-${i}`,
      }
      const id = `doc ${i}`
      const idempotency = { key: i % 2 === 0 ? `key ${i}` : `${caller.node}:1`, bodyHash: `${i}` }
      const kind = i % 5
      if (kind === 0) {
        const at = { type: 'orset', since: { version: 0 } } as const
        const ops = Array.from({ length: 10 }, (_, n) => ({ type: 'add', elem: `${i}.${n}` }) as const)
        await service.ops(caller, id, { ...at, ops })
        await service.ops(caller, id, { ...at, ops: [{ type: 'remove', elem: `${i}.3` }] })
      } else if (kind === 1) {
        await service.put(caller, id, { type: 'text', value: `Text ${i} \u{1f600}`, idempotency })
      } else if (kind === 2) {
        await service.put(caller, id, {
          type: 'doc',
          value: { title: { type: 'lww', value: `Title ${i}` }, tags: { type: 'orset', value: ['a', 'b'] } },
        })
      } else {
        await service.put(caller, id, { type: 'pncounter', value: i })
        await service.remove(caller, id)
        if (kind === 4) await service.put(caller, id, { type: 'gset', value: [i], idempotency })
      }
    }
    for (let from = 0; from < documents; from += 200) {
      await Promise.all(Array.from({ length: Math.min(200, documents - from) }, (_, i) => one(from + i)))
    }
    await service.drain()
    const keys = await openKeyRing({ store, random, now: nowMs })
    return (await keys.create({ tenant: 'acme', name: 'first' })).key
  })
}

/** So many documents of a megabyte that nobody can read: for what is about their size only. */
export async function fillLarge(url: string, documents: number): Promise<void> {
  await withStore(url, async (store) => {
    const entries = [{ change: new Uint8Array(1_000_000), attributes: '{}' }]
    for (let i = 0; i < documents; i += 1) {
      const key = { tenant: 'acme', id: `large ${i}` }
      await store.commit({ key, kind: 'begin', expectedVersion: 0, incarnation: 'life', attributes: '{}', entries })
    }
  })
}
