import type { Store } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import { documentHash } from '../../src/archive/hash.ts'
import { archiveLimits } from '../../src/archive/limits.ts'
import { readDocument } from '../../src/archive/read-document.ts'
import { type ImportArchiveOptions, importArchive } from '../../src/archive.ts'
import { memoryStore } from '../../src/memory.ts'
import { write } from '../store-helpers.ts'
import { disturbed } from './contents.ts'
import { encoded, filled, inChunks } from './encoding.ts'

async function imported(bytes: Uint8Array, to: Store, more: Partial<ImportArchiveOptions> = {}) {
  return importArchive({ open: () => inChunks(bytes), to, existing: 'refuse', ...more })
}

async function hashesOf(store: Store, tenant: string): Promise<Record<string, string>> {
  const { items } = await store.documents(tenant, { limit: 100, deleted: true })
  const documents = await Promise.all(items.map(({ key }) => readDocument(store, key, archiveLimits)))
  return Object.fromEntries(documents.map((document) => [document!.head.key.id, documentHash(document!)]))
}

describe('documents of an archive', () => {
  test('come into a store that has others, with their versions, and arrive now', async () => {
    const from = await filled()
    const to = memoryStore()
    await write(to, 20, { tenant: 'acme', id: 'here before' })
    const { 'here before': before } = await hashesOf(to, 'acme')
    const told: string[] = []
    const result = await imported(await encoded(from), to, { onHash: ({ id }, hash) => told.push(`${id} ${hash}`) })
    expect(result).toMatchObject({ imported: 8, skipped: 0, totals: { documents: 8 } })
    expect(await hashesOf(to, 'acme')).toEqual({ ...(await hashesOf(from, 'acme')), 'here before': before })
    expect(told).toContain(`plain ${(await hashesOf(from, 'acme')).plain}`)
    const arrived = await to.tenantLog('acme', { after: 20, limit: 100 })
    expect(arrived.length).toBe((await from.tenantLog('acme', { after: 0, limit: 100 })).length)
    // An import is of documents: requests that were answered elsewhere were not answered here, and keys are the store's.
    expect(await to.receipt('acme', 'scope', 'for ever')).toBeUndefined()
    expect(await to.values('')).toEqual([])
  })

  test('one tenant, one document', async () => {
    const bytes = await encoded(await filled())
    const to = memoryStore()
    expect(await imported(bytes, to, { scope: { tenant: 'acme', id: 'folded' } })).toMatchObject({ imported: 1 })
    expect(Object.keys(await hashesOf(to, 'acme'))).toEqual(['folded'])
    expect(await imported(bytes, to, { scope: { tenant: 'b\u00e9ta' } })).toMatchObject({ imported: 4 })
    for (const scope of [{ tenant: 'nobody' }, { tenant: 'acme', id: 'none' }]) {
      await expect(imported(bytes, to, { scope })).rejects.toMatchObject({ code: 'DATA_NOT_FOUND' })
    }
  })

  test('that exist are refused with all others, or stay as they are', async () => {
    const bytes = await encoded(await filled())
    const to = memoryStore()
    await write(to, 7, { tenant: 'acme', id: 'plain' })
    await write(to, 1, { tenant: 'acme', id: 'folded' })
    const entries = [{ change: new Uint8Array(1), attributes: '' }]
    const gone = { tenant: 'acme', id: 'folded' }
    await to.commit({ key: gone, kind: 'end', expectedVersion: 1, incarnation: 'life', entries })
    const before = await hashesOf(to, 'acme')
    const refused = imported(bytes, to)
    await expect(refused).rejects.toMatchObject({ code: 'DATA_EXISTS', message: expect.stringContaining('"folded"') })
    expect(await hashesOf(to, 'acme')).toEqual(before)
    expect(await hashesOf(to, 'b\u00e9ta')).toEqual({})
    expect(await imported(bytes, to, { existing: 'skip' })).toMatchObject({ imported: 6, skipped: 2 })
    expect(await hashesOf(to, 'acme')).toMatchObject(before)
    expect(await imported(bytes, to, { existing: 'skip' })).toMatchObject({ imported: 0, skipped: 8 })
  })

  test('that come into being meanwhile are not overwritten', async () => {
    const bytes = await encoded(await filled())
    for (const existing of ['refuse', 'skip'] as const) {
      const real = memoryStore()
      const key = { tenant: 'b\u00e9ta', id: 'plain' }
      const to = disturbed(real, 'importDocument', 7, () => write(real, 5, key))
      const limits = { inFlightDocumentsMax: 1 }
      const run = imported(bytes, to, { existing, limits })
      if (existing === 'refuse') await expect(run).rejects.toMatchObject({ code: 'DATA_EXISTS' })
      else expect(await run).toMatchObject({ imported: 7, skipped: 1 })
      expect((await real.head(key))?.version).toBe(5)
    }
  })

  test('of a damaged archive do not come at all', async () => {
    const bytes = Buffer.from(await encoded(await filled()))
    bytes[bytes.length - 100]! ^= 1
    const to = memoryStore()
    await expect(imported(bytes, to)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    expect(await to.tenants({ limit: 10 })).toEqual({ items: [] })
  })

  test('interrupted, and gone on with by skipping what is there', async () => {
    const bytes = await encoded(await filled())
    const to = memoryStore()
    const stopping = new AbortController()
    const limits = { inFlightDocumentsMax: 1 }
    const stopped = imported(bytes, to, {
      limits,
      signal: stopping.signal,
      onProgress: ({ phase, done }) => phase === 'importing' && done === 2 && stopping.abort(),
    })
    await expect(stopped).rejects.toMatchObject({ code: 'DATA_INTERRUPTED' })
    expect(await imported(bytes, to, { existing: 'skip' })).toMatchObject({ imported: 6, skipped: 2 })
  })
})
