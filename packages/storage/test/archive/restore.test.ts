import type { Store } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import { totalsOf } from '../../src/archive/fill-store.ts'
import { type RestoreProgress, readStore, restore } from '../../src/archive.ts'
import { memoryStore } from '../../src/memory.ts'
import { disturbed } from './contents.ts'
import { encoded, filled, inChunks } from './encoding.ts'

function contentOf(store: Store) {
  return totalsOf(readStore(store, { content: 'everything' }))
}

describe('an archive of a store', () => {
  test('is another store of the same content', async () => {
    const from = await filled()
    const bytes = await encoded(from)
    const to = memoryStore()
    const seen: RestoreProgress[] = []
    const restored = await restore({ open: () => inChunks(bytes), to, onProgress: (one) => seen.push(one) })
    expect(restored).toEqual({ ...(await contentOf(from)), isResumed: false })
    expect(await contentOf(to)).toEqual(await contentOf(from))
    expect(await to.value('own/unfinished')).toBeUndefined()
    expect(to.identity.storeId).not.toBe(from.identity.storeId)
    for (const phase of ['reading', 'writing', 'checking']) {
      const done = seen.filter((one) => one.phase === phase).map((one) => one.done)
      expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    }
  })

  test('interrupted, goes on; another archive does not', async () => {
    const bytes = await encoded(await filled())
    const to = memoryStore()
    const stopping = new AbortController()
    const limits = { inFlightDocumentsMax: 1 }
    const onProgress = ({ phase, done }: RestoreProgress) => phase === 'writing' && done === 3 && stopping.abort()
    const stopped = restore({ open: () => inChunks(bytes), to, limits, signal: stopping.signal, onProgress })
    await expect(stopped).rejects.toMatchObject({ code: 'DATA_INTERRUPTED' })
    const there = (await to.documents('acme', { limit: 10, deleted: true })).items.length
    expect(there).toBe(3)
    const other = await filled()
    await other.setValue('settings', 'others')
    const otherBytes = await encoded(other)
    const refused = restore({ open: () => inChunks(otherBytes), to })
    await expect(refused).rejects.toMatchObject({ code: 'DATA_TARGET_NOT_EMPTY' })
    let imports = 0
    const counting = disturbed(to, 'importDocument', 0, () => {})
    const counted = new Proxy(counting, {
      get: (target, name) => {
        if (name === 'importDocument') imports += 1
        return Reflect.get(target, name)
      },
    })
    expect(await restore({ open: () => inChunks(bytes), to: counted })).toMatchObject({ isResumed: true, documents: 8 })
    expect(imports).toBe(5)
    expect(await contentOf(to)).toEqual(await contentOf(await filled()))
  })

  test('that is damaged anywhere changes nothing', async () => {
    const bytes = await encoded(await filled())
    const to = memoryStore()
    for (const at of [50, bytes.length >> 1, bytes.length - 30]) {
      const other = Buffer.from(bytes)
      other[at]! ^= 4
      await expect(restore({ open: () => inChunks(other), to })).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    }
    await expect(restore({ open: () => inChunks(bytes.subarray(0, -200)), to })).rejects.toMatchObject({
      code: 'DATA_TRUNCATED',
    })
    expect(await to.values('')).toEqual([])
    expect(await to.tenants({ limit: 10 })).toEqual({ items: [] })
  })

  test('of a part is refused, and so is a target with data', async () => {
    const store = await filled()
    const parts = [
      await encoded(store, { content: 'documents', header: { content: 'documents' } }),
      await encoded(store, { scope: { tenant: 'acme' } }),
      await encoded(store, { scope: { tenant: 'acme', id: 'plain' } }),
    ]
    for (const part of parts) {
      await expect(restore({ open: () => inChunks(part), to: memoryStore() })).rejects.toMatchObject({
        code: 'DATA_NOT_BACKUP',
      })
    }
    const whole = await encoded(store)
    await expect(restore({ open: () => inChunks(whole), to: store })).rejects.toMatchObject({
      code: 'DATA_TARGET_NOT_EMPTY',
    })
  })

  test('is compared with what was written: somebody else who writes is noticed', async () => {
    const bytes = await encoded(await filled())
    const real = memoryStore()
    const to = disturbed(real, 'documents', 2, () => real.setValue('settings', 'others'))
    await expect(restore({ open: () => inChunks(bytes), to })).rejects.toMatchObject({ code: 'DATA_DIFFERS' })
    expect(await restore({ open: () => inChunks(bytes), to: real })).toMatchObject({ isResumed: true })
  })
})
