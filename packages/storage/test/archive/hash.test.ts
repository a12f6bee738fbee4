import { createHash } from 'node:crypto'
import type { Store, StoredDocument } from '@joinery/sync'
import { expect, test } from 'vitest'
import { totalsOf } from '../../src/archive/fill-store.ts'
import { documentHash } from '../../src/archive/hash.ts'
import { archiveLimits } from '../../src/archive/limits.ts'
import { readDocument } from '../../src/archive/read-document.ts'
import { readStore } from '../../src/archive/read-store.ts'
import { memoryStore } from '../../src/memory.ts'
import { fillContents } from './contents.ts'

async function filled(): Promise<Store> {
  const store = memoryStore()
  await fillContents(store)
  return store
}

function totals(store: Store) {
  return totalsOf(readStore(store, { content: 'everything' }))
}

async function documentOf(id: string): Promise<StoredDocument> {
  return (await readDocument(await filled(), { tenant: 'acme', id }, archiveLimits))!
}

test('the hashes are what they were: archives and scripts out there hold them', async () => {
  const hashes: string[] = []
  const all = await totalsOf(readStore(await filled(), { content: 'everything' }), ({ id }, hash) =>
    hashes.push(`${id} ${hash}`),
  )
  expect({ hashes, all }).toMatchInlineSnapshot(`
    {
      "all": {
        "documents": 8,
        "hash": "7a3c036972c8d6f612276e98342312a27e2976c7f941f0ca703f04ee8269f61a",
        "receipts": 6,
        "values": 2,
      },
      "hashes": [
        "deleted bdd895aab651a4fa7f397c59a9d0689e2424713d59716f9efae6b2d668321be1",
        "folded 39a729f4c046b1e9be4e1cdf756d978dc00681fd3dd948a100c9627ab0df2d1a",
        "plain 166666db202d59d05f61b8685b0ed51c31d2746bf6eb95f894569716b31ab84a",
        "second life a3d75343679aba55253c942b90edb02d02b1e841d3ddd17615faccaf82cde504",
        "deleted 0316a91d4920a71c20a3da358ceef2f599c6b63217e84f2f364ebec17903e191",
        "folded 60526d375d6d6187956cf2ed50457ef88b6d0c92f74e5ff1888316e323f9dbe8",
        "plain cebfa9c6e1cb4a26a4d3b219447d02a35b4557d511fa75d9fa9a4ca1edd7cf16",
        "second life 4664c05247031df490defe2751c0411613df3a1fe6ea97cbc19159cd2f682c70",
      ],
    }
  `)
})

test('the hash of a document is that of the documentation', async () => {
  const { head, tombstone, log } = await documentOf('second life')
  const hash = createHash('sha256')
  const number = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(value))
    hash.update(bytes)
  }
  const bytes = (value: Uint8Array) => {
    number(value.length)
    hash.update(value)
  }
  const text = (value: string) => bytes(Buffer.from(value))
  for (const value of ['joinery document 1', 'acme', 'second life']) text(value)
  number(3)
  text('life-2')
  number(0)
  text('{"type":"text"}')
  for (const value of [0, 2, 1]) number(value)
  text('life-1')
  number(2)
  text(tombstone!.attributes)
  bytes(tombstone!.change)
  for (const value of [0, 1, 3]) number(value)
  text(log[0]!.attributes)
  bytes(log[0]!.change)
  expect(documentHash({ head, log, tombstone: tombstone! })).toBe(hash.digest('hex'))
})

test('every part of a document counts, but for where it stands in the order of arrival', async () => {
  const document = await documentOf('folded')
  const { head, snapshot, log } = document
  const [entry] = log
  const others: readonly StoredDocument[] = [
    document,
    ...(['incarnation', 'attributes'] as const).map((name) => ({ ...document, head: { ...head, [name]: 'x' } })),
    ...(['version', 'snapshotVersion', 'compactedVersion'] as const).map((name) => ({
      ...document,
      head: { ...head, [name]: 9 },
    })),
    { ...document, head: { ...head, deleted: true } },
    { ...document, head: { ...head, key: { tenant: 'x', id: 'folded' } } },
    { ...document, head: { ...head, key: { tenant: 'acme', id: 'x' } } },
    // Nothing flows from one text into the next.
    { ...document, head: { ...head, key: { tenant: 'acmef', id: 'olded' } } },
    { ...document, snapshot: { ...snapshot!, bytes: new Uint8Array(4) } },
    { ...document, snapshot: { ...snapshot!, attributes: 'x' } },
    { head, log },
    { ...document, log: [{ ...entry!, change: new Uint8Array(1) }] },
    { ...document, log: [{ ...entry!, attributes: 'x' }] },
    { ...document, log: [entry!, entry!] },
    { ...document, tombstone: entry! },
  ]
  expect(new Set(others.map(documentHash)).size).toBe(others.length)
  expect(documentHash({ ...document, log: [{ ...entry!, position: 99 }] })).toBe(documentHash(document))
})

test('everything counts in the hash over everything, positions too', async () => {
  const seen = new Set([(await totals(await filled())).hash])
  const changes: readonly ((store: Store) => Promise<unknown>)[] = [
    (store) => store.setValue('settings', 'x'),
    (store) => store.setValue('settings', undefined),
    (store) => store.purgeReceipts(1_000),
    (store) =>
      store.importReceipts([{ tenant: 'acme', scope: 'scope', key: 'for ever', requestHash: 'x', answer: '' }]),
    async (store) => {
      const document = (await readDocument(store, { tenant: 'acme', id: 'plain' }, archiveLimits))!
      await store.importDocument(document, { arrival: 'now', replaces: true })
    },
  ]
  for (const change of changes) {
    const store = await filled()
    await change(store)
    seen.add((await totals(store)).hash)
  }
  expect(seen.size).toBe(changes.length + 1)
  const own = await filled()
  await own.setValue('own/server/actor', 'another')
  expect(seen.has((await totals(own)).hash)).toBe(true)
})
