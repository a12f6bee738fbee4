import type { Commit, DocumentKey, Store } from '@joinery/sync'
import { expect } from 'vitest'

export const doc: DocumentKey = { tenant: 'tenant', id: 'doc' }

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A commit of one change; begins the document when made on version 0. */
export function change(key: DocumentKey, on: number, text = `change ${on + 1}`): Commit {
  const entries = [{ change: bytesOf(text), attributes: '' }]
  return { key, expectedVersion: on, kind: on === 0 ? 'begin' : 'append', incarnation: 'life', attributes: '', entries }
}

/** Commits so many changes to the document, one after the other. */
export async function write(store: Store, count: number, key: DocumentKey = doc): Promise<void> {
  const from = (await store.head(key))?.version ?? 0
  for (let i = 0; i < count; i += 1) await store.commit(change(key, from + i))
}

export async function changesOf(store: Store, key: DocumentKey = doc): Promise<string[]> {
  const log = await store.log(key, { after: 0, limit: 1e6 })
  return log.map((entry) => new TextDecoder().decode(entry.change))
}

/** What `golden/write-golden.mjs` wrote. */
export async function expectGolden(store: Store): Promise<void> {
  await expect(store.documents('tenant', { limit: 10, deleted: true })).resolves.toMatchObject({
    items: [
      { key: { id: 'compacted' }, version: 3, deleted: false, snapshotVersion: 2, compactedVersion: 1 },
      { key: { id: 'deleted' }, version: 2, deleted: true, incarnation: 'life-1' },
      { key: { id: 'second life' }, version: 3, deleted: false, incarnation: 'life-2', compactedVersion: 2 },
    ],
  })
  const compacted = { tenant: 'tenant', id: 'compacted' }
  expect(await changesOf(store, compacted)).toEqual(['two', 'three'])
  const state = { version: 2, incarnation: 'life-1', bytes: Uint8Array.of(0, 1, 254, 255), attributes: 'tags' }
  expect(await store.snapshot(compacted)).toEqual(state)
  const log = await store.tenantLog('tenant', { after: 0, limit: 10 })
  expect(log.map(({ position }) => position)).toEqual([2, 3, 5, 7, 8])
  const receipt = {
    tenant: 'tenant',
    scope: 'scope',
    key: 'key',
    requestHash: 'hash',
    answer: 'answer',
    expiresAtMs: 5,
  }
  expect(await store.receipt('tenant', 'scope', 'key')).toEqual(receipt)
  expect(await store.values('')).toEqual([{ name: 'name\0', value: 'value \u{1f600}' }])
}
