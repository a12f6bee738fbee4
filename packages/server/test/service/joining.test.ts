/** Who joins a document that is not in memory, or comes back to it, is served from the store: nothing is loaded for it. */
import { type Actor, Doc, defineSchema, encodeBundle, orMap, readBundle } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { memoryStore } from '@joinery/storage/memory'
import type { CatchUp, From, HostedDocument, Store } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import type { ServiceLimits } from '../../src/service/limits.ts'
import type { DocumentService } from '../../src/service/types.ts'
import { testService } from '../http/harness.ts'

const caller = { tenant: 't', node: 'anna' }
const key = { tenant: 't', id: 'd' }
const schema = defineSchema({ notes: orMap() })
type Notes = Doc<{ notes: ReturnType<typeof orMap> }>
const READER = { id: 'd', type: 'doc' as const, actor: '' }

/** Sends a client's changes as a session would, one batch per change. */
async function send(
  service: DocumentService,
  doc: { readonly actor: Actor },
  changes: readonly Uint8Array[],
): Promise<void> {
  const { document } = await service.live.open(caller, { ...READER, actor: doc.actor.id })
  const source = {}
  for (const change of changes) {
    const payload = encodeBundle([change])
    const { refusal } = await document.submit({ principal: caller, source, type: 'doc', payload })
    expect(refusal).toBeUndefined()
  }
  document.release()
}

function edits(doc: Notes, from: number, count: number, size = 10): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const change = doc.change(({ notes }) => notes.setLww(`key ${from + i}`, 'x'.repeat(size)))
    return change!
  })
}

/** A document of so many changes, stored by a service that is gone, and folded where the limits say so. */
async function stored(count: number, limits: Partial<ServiceLimits> = {}, size = 10) {
  const store = memoryStore()
  const service = testService(store, limits)
  const doc = new Doc({ schema, actor: newActor('anna'), incarnation: 'life' })
  await send(service, doc, edits(doc, 0, count, size))
  await service.drain()
  return { store, doc, head: (await store.head(key))! }
}

/** What a channel does: asks until the version is reached. */
async function arrive(document: HostedDocument, storeId: string, from: From): Promise<{ doc: Doc; parts: CatchUp[] }> {
  const parts: CatchUp[] = []
  let next = from
  let doc: Doc | undefined
  do {
    const part = await document.catchUp(next, undefined)
    parts.push(part)
    if (part.payload.length > 0) {
      if (doc === undefined) doc = Doc.load(part.payload, { actor: newActor('ben') })
      else doc.apply(part.payload)
    }
    const { version } = part
    next = { by: 'position', storeId, incarnation: document.incarnation, version }
    expect(parts.length).toBeLessThan(5)
  } while (parts.at(-1)!.version < document.feed.version)
  return { doc: doc!, parts }
}

const kinds = (parts: readonly CatchUp[]): string[] =>
  parts.map(
    ({ payload, version }) =>
      `${payload.length === 0 ? 'nothing' : isBundle(payload) ? 'changes' : 'snapshot'} to ${version}`,
  )

function isBundle(payload: Uint8Array): boolean {
  try {
    return readBundle(payload).length > 0
  } catch {
    return false
  }
}

describe('a document that is not in memory', () => {
  test('with a short log is sent as its changes', async () => {
    const { store, doc } = await stored(20)
    const service = testService(store)
    const { document } = await service.live.open(caller, READER)
    const { doc: copy, parts } = await arrive(document, service.storeId, { by: 'nothing' })
    expect(kinds(parts)).toEqual(['changes to 20'])
    expect(copy.snapshot()).toEqual(doc.snapshot())
    expect(service.resident.documents).toBe(0)
  })

  test('with a snapshot is sent as that and the changes behind it', async () => {
    const { store, doc, head } = await stored(260, { historyVersionsMin: 100, compactionMsMin: 0 })
    expect(head.snapshotVersion).toBeGreaterThan(50)
    const service = testService(store)
    const { document } = await service.live.open(caller, READER)
    const { doc: copy, parts } = await arrive(document, service.storeId, { by: 'nothing' })
    expect(kinds(parts)).toEqual([`snapshot to ${head.snapshotVersion}`, 'changes to 260'])
    expect(parts[0]?.payload).toEqual((await store.snapshot(key))?.bytes)
    expect(copy.snapshot()).toEqual(doc.snapshot())
    expect(service.resident.documents).toBe(0)
    // Named as a fresh one would be, so that who lost the connection goes on.
    expect(parts.map(({ transfer }) => transfer)).toEqual([
      `life/${head.snapshotVersion}`,
      `life/${head.snapshotVersion}-260`,
    ])
    const again = testService(store)
    const opened = await again.live.open(caller, READER)
    expect((await opened.document.catchUp({ by: 'nothing' }, parts[0]?.transfer)).transfer).toBe(parts[0]?.transfer)
  })

  test('tells exactly what it has of an author', async () => {
    const { store, doc, head } = await stored(260, { historyVersionsMin: 100, compactionMsMin: 0 })
    const ben = Doc.load(doc.snapshot(), { schema, actor: newActor('anna') })
    const service = testService(store)
    await send(service, ben, edits(ben, 1000, 3))
    // Of one it is in the snapshot and the log, of the other in the log only, and of the third nowhere.
    const fresh = testService(store)
    for (const { actor } of [doc, ben, new Doc({ schema, actor: newActor('anna'), incarnation: 'life' })]) {
      const { known, document } = await fresh.live.open(caller, { ...READER, actor: actor.id })
      expect(known).toBe(ben.known(actor.id))
      document.release()
    }
    expect(head.snapshotVersion).toBeGreaterThan(0)
    expect(fresh.resident.documents).toBe(0)
    const short = await stored(5)
    const { known } = await testService(short.store).live.open(caller, { ...READER, actor: short.doc.actor.id })
    expect(known).toBe(short.doc.known(short.doc.actor.id))
  })

  test('is not loaded for who comes back, but for who writes', async () => {
    const { store, doc } = await stored(20)
    const service = testService(store)
    const { document } = await service.live.open(caller, { ...READER, actor: doc.actor.id })
    const { incarnation } = document
    const { storeId } = service
    expect(kinds([await document.catchUp({ by: 'position', storeId, incarnation, version: 20 }, undefined)])).toEqual([
      'nothing to 20',
    ])
    const { parts } = await arrive(document, storeId, { by: 'position', storeId, incarnation, version: 15 })
    expect(kinds(parts)).toEqual(['changes to 20'])
    expect(readBundle(parts[0]!.payload)).toHaveLength(5)
    expect(service.resident.documents).toBe(0)
    await send(service, doc, edits(doc, 20, 1))
    expect(service.resident.documents).toBe(1)
    expect(document.feed.head).toBe(21)
    const { doc: copy } = await arrive(document, storeId, { by: 'nothing' })
    expect(copy.snapshot()).toEqual(doc.snapshot())
  })

  test('is loaded where its log is long, and then sent as one snapshot', async () => {
    const { store, doc } = await stored(300)
    const service = testService(store)
    const { document, known } = await service.live.open(caller, { ...READER, actor: doc.actor.id })
    expect(known).toBe(doc.known(doc.actor.id))
    const { doc: copy, parts } = await arrive(document, service.storeId, { by: 'nothing' })
    expect(kinds(parts)).toEqual(['snapshot to 300'])
    expect(copy.snapshot()).toEqual(doc.snapshot())
    expect(service.resident.documents).toBe(1)
  })

  test('is loaded where the snapshot does not say what it covers, as those of before do not', async () => {
    const { store, doc, head } = await stored(260, { historyVersionsMin: 100, compactionMsMin: 0 })
    const snapshot = (await store.snapshot(key))!
    await store.compact(key, { ...snapshot, attributes: '{}' }, 0)
    const service = testService(store)
    const { document, known } = await service.live.open(caller, { ...READER, actor: doc.actor.id })
    expect(known).toBe(doc.known(doc.actor.id))
    const { doc: copy, parts } = await arrive(document, service.storeId, { by: 'nothing' })
    expect(kinds(parts)).toEqual(['snapshot to 260'])
    expect(copy.snapshot()).toEqual(doc.snapshot())
    expect(head.version).toBe(260)
  })

  test('answers a version vector with exactly what is lacking', async () => {
    const { store, doc } = await stored(20)
    const ben = Doc.load(
      (await store.log(key, { after: 0, limit: 12 })).map(({ change }) => change),
      { actor: newActor('ben') },
    )
    const service = testService(store)
    const { document } = await service.live.open(caller, READER)
    const entries = [...ben.version().entries()]
    const part = await document.catchUp({ by: 'vector', incarnation: 'life', entries }, undefined)
    expect(readBundle(part.payload)).toHaveLength(8)
    ben.apply(part.payload)
    expect(ben.snapshot()).toEqual(doc.snapshot())
    const all = [...doc.version().entries()]
    expect(kinds([await document.catchUp({ by: 'vector', incarnation: 'life', entries: all }, undefined)])).toEqual([
      'nothing to 20',
    ])
  })

  test('of another life is refused', async () => {
    const { store } = await stored(3)
    const service = testService(store)
    const { document } = await service.live.open(caller, READER)
    const from: From = { by: 'position', storeId: service.storeId, incarnation: 'other', version: 1 }
    await expect(document.catchUp(from, undefined)).rejects.toMatchObject({ code: 'incarnation_mismatch' })
  })
})

describe('a snapshot that was made for somebody', () => {
  test('serves others, with what came since, until that is long', async () => {
    const { store, doc } = await stored(300)
    const service = testService(store)
    const { document } = await service.live.open(caller, READER)
    await arrive(document, service.storeId, { by: 'nothing' })
    await send(service, doc, edits(doc, 300, 100))
    const later = await arrive(document, service.storeId, { by: 'nothing' })
    expect(kinds(later.parts)).toEqual(['snapshot to 300', 'changes to 400'])
    expect(later.doc.snapshot()).toEqual(doc.snapshot())
    await send(service, doc, edits(doc, 400, 200))
    const last = await arrive(document, service.storeId, { by: 'nothing' })
    expect(kinds(last.parts)).toEqual(['snapshot to 600'])
    expect(last.doc.snapshot()).toEqual(doc.snapshot())
  })

  test('is not sent again to who has it when the changes behind it are gone', async () => {
    const { store, doc } = await stored(300)
    const service = testService(store)
    const { document } = await service.live.open(caller, READER)
    const [first] = (await arrive(document, service.storeId, { by: 'nothing' })).parts
    await send(service, doc, edits(doc, 300, 50))
    // Another process folds, of which this one does not know yet.
    const attributes = JSON.stringify({ arrivals: {}, version: Object.fromEntries(doc.version().entries()) })
    await store.compact(key, { version: 350, incarnation: 'life', bytes: doc.snapshot(), attributes }, 350)
    const again = await document.catchUp({ by: 'nothing' }, undefined)
    expect(again.transfer).toBe(first?.transfer)
    const { storeId } = service
    const rest = await document.catchUp(
      { by: 'position', storeId, incarnation: 'life', version: again.version },
      undefined,
    )
    expect(kinds([rest])).toEqual(['snapshot to 350'])
  })
})

/** A store that counts what is read of it. */
function counting(store: Store): { readonly store: Store; readonly reads: Map<string, number> } {
  const reads = new Map<string, number>()
  const counted = new Proxy(store, {
    get(target, name) {
      const member = target[name as keyof Store]
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        reads.set(String(name), (reads.get(String(name)) ?? 0) + 1)
        return (member as (...all: unknown[]) => unknown).apply(target, args)
      }
    },
  })
  return { store: counted, reads }
}

test('many who join at once share what was read for the first', async () => {
  const { store } = await stored(260, { historyVersionsMin: 100, compactionMsMin: 0 })
  const { store: counted, reads } = counting(store)
  const service = testService(counted)
  const actors = Array.from({ length: 20 }, () => newActor('anna').id)
  const arrivals = actors.map(async (actor) => {
    const { document } = await service.live.open(caller, { ...READER, actor })
    return arrive(document, service.storeId, { by: 'nothing' })
  })
  const all = await Promise.all(arrivals)
  expect(new Set(all.map(({ doc }) => doc.versionHash())).size).toBe(1)
  expect([reads.get('snapshot'), reads.get('log')]).toEqual([1, 1])
})
