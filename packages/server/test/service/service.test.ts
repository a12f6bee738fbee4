import { type Actor, actorId, HybridClock, type JsonValue, replicaId } from '@joinery/core'
import { memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { beforeEach, describe, expect, test } from 'vitest'
import { createDocumentService } from '../../src/service/service.ts'
import type { Caller, DocumentService, DocumentType, Operation, OpsRequest } from '../../src/service/types.ts'

const caller: Caller = { tenant: 't', node: 'phone' }
const other: Caller = { tenant: 't', node: 'laptop' }
let nowMs = 1_800_000_000_000
let store: Store
let service: DocumentService
let incarnations = 0

function actor(): Actor {
  return { id: actorId(replicaId('server'), new Uint8Array(12)), clock: new HybridClock(() => nowMs) }
}

function start(limits = {}): DocumentService {
  return createDocumentService({
    store,
    actor: actor(),
    newIncarnation: () => {
      incarnations += 1
      return `incarnation-${incarnations}`
    },
    nowMs: () => {
      nowMs += 1
      return nowMs
    },
    limits,
  })
}

beforeEach(() => {
  store = memoryStore()
  service = start()
})

function ops(type: DocumentType, list: Operation[], since = 0, more: Partial<OpsRequest> = {}): OpsRequest {
  return { type, since: { version: since }, ops: list, ...more }
}

async function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  )
}

describe('put', () => {
  const values: [DocumentType, JsonValue, JsonValue][] = [
    ['lww', { a: 1 }, 'b'],
    ['mvreg', 1, 2],
    ['orset', ['a', 'b'], ['b', 'c']],
    ['gset', ['a'], ['a', 'b']],
    ['2pset', ['a', 'b'], ['b']],
    ['gcounter', 3, 8],
    ['pncounter', 3, -5],
    ['bcounter', 9, 4],
    ['ewflag', true, false],
    ['dwflag', false, true],
    ['ormap', { a: 1, b: 2 }, { b: 3 }],
    ['rga', [1, 2], [3]],
    ['text', 'hello', 'world 😀'],
  ]
  test.each(values)('%s is created, overwritten, and survives a restart', async (type, first, second) => {
    const created = await service.put(caller, 'd', { type, value: first })
    expect(created).toMatchObject({ created: true, version: 1, type })
    const written = await service.put(caller, 'd', { type, value: second })
    expect(written).toMatchObject({ created: false, version: 2 })
    const expected = type === 'mvreg' ? [second] : second
    expect((await service.get(caller, 'd')).value).toEqual(expected)
    expect((await start().get(caller, 'd')).value).toEqual(expected)
  })

  test('a doc has fields of any type', async () => {
    await service.put(caller, 'd', {
      type: 'doc',
      value: { title: { type: 'lww', value: 'x' }, tags: { type: 'orset', value: ['a'] } },
    })
    await service.put(caller, 'd', { type: 'doc', value: { tags: { type: 'orset', value: ['b'] } } })
    expect((await service.get(caller, 'd')).value).toEqual({ title: null, tags: ['b'] })
  })

  test.each([
    ['gcounter', 5, 4],
    ['gset', ['a', 'b'], ['a']],
    ['bcounter', 5, -1],
  ] as [DocumentType, JsonValue, JsonValue][])(
    '%s refuses a value that it cannot reach',
    async (type, first, second) => {
      await service.put(caller, 'd', { type, value: first })
      expect(await code(service.put(caller, 'd', { type, value: second }))).toBe('VALUE_UNREACHABLE')
      expect(await service.get(caller, 'd')).toMatchObject({ version: 1, value: first })
    },
  )

  test('another type is refused', async () => {
    await service.put(caller, 'd', { type: 'lww', value: 1 })
    expect(await code(service.put(caller, 'd', { type: 'orset', value: [] }))).toBe('TYPE_MISMATCH')
  })
})

describe('a remove takes away what its author had seen', () => {
  const limits = { historyVersionsMin: 5 }

  test.each([0, 20])('tags that arrived later stay, also after %i further versions and compaction', async (further) => {
    service = start(limits)
    await service.ops(caller, 'd', ops('orset', [{ type: 'add', elem: 'milk' }]))
    await service.ops(other, 'd', ops('orset', [{ type: 'add', elem: 'milk' }]))
    for (let i = 0; i < further; i += 1) await service.ops(other, 'd', ops('orset', [{ type: 'add', elem: `e${i}` }]))
    if (further > 0) expect((await store.head({ tenant: 't', id: 'd' }))?.compactedVersion).toBeGreaterThan(2)
    // The second addition took the place of the first: its tag arrived at version 2.
    await service.ops(caller, 'd', ops('orset', [{ type: 'remove', elem: 'milk' }], 1))
    expect((await service.get(caller, 'd')).value).toContain('milk')
    service = start(limits)
    await service.ops(caller, 'd', ops('orset', [{ type: 'remove', elem: 'milk' }], 2))
    expect((await service.get(caller, 'd')).value).not.toContain('milk')
  })

  test('the earlier operations of the request were seen by its author', async () => {
    await service.put(other, 'd', { type: 'orset', value: ['a'] })
    await service.put(other, 'd', { type: 'orset', value: ['b'] })
    const list: Operation[] = [
      { type: 'add', elem: 'c' },
      { type: 'remove', elem: 'c' },
      { type: 'remove', elem: 'b' },
    ]
    const answer = await service.ops(caller, 'd', ops('orset', list, 1))
    expect(answer.snapshot).toEqual(['b'])
  })

  test('a counter below a removed key keeps what was counted later', async () => {
    const increment = (by: number): Operation => ({
      type: 'update',
      key: 'k',
      of: 'pncounter',
      op: { type: 'increment', by },
    })
    await service.ops(caller, 'd', ops('ormap', [increment(5)]))
    await service.ops(other, 'd', ops('ormap', [increment(2)]))
    await service.ops(caller, 'd', ops('ormap', [{ type: 'remove', key: 'k' }], 1))
    expect((await service.get(caller, 'd')).value).toEqual({ k: 2 })
  })
})

describe('positions count in the document as of since', () => {
  test('text', async () => {
    await service.put(caller, 'd', { type: 'text', value: 'hello' })
    await service.ops(other, 'd', ops('text', [{ type: 'insert', index: 0, text: '>> ' }], 1))
    const answer = await service.ops(
      caller,
      'd',
      ops(
        'text',
        [
          { type: 'insert', index: 5, text: '!' },
          { type: 'delete', index: 0, count: 1 },
          { type: 'insert', index: 4, text: '?' },
        ],
        1,
      ),
    )
    expect(answer.snapshot).toBe('>> ello?!')
    expect(answer.ops.map(({ op }) => op)).toEqual([{ type: 'insert', index: 0, text: '>> ' }])
  })

  test('refused answers of the log carry the snapshot', async () => {
    service = start({ historyVersionsMin: 3 })
    for (let i = 0; i < 10; i += 1) await service.ops(other, 'd', ops('gcounter', [{ type: 'increment' }]))
    await expect(service.log(caller, 'd', { since: { version: 1 }, limit: 10 })).rejects.toMatchObject({
      code: 'SINCE_COMPACTED',
      extra: { snapshot: 10, version: 10 },
    })
  })

  test('older than the kept history is refused with a snapshot', async () => {
    service = start({ historyVersionsMin: 3 })
    for (let i = 0; i < 10; i += 1)
      await service.ops(other, 'd', ops('rga', [{ type: 'insert', index: 0, values: [i] }]))
    const before = await service.get(caller, 'd')
    const late = service.ops(caller, 'd', ops('rga', [{ type: 'delete', index: 0 }], 1))
    await expect(late).rejects.toMatchObject({ code: 'SINCE_COMPACTED', extra: { snapshot: before.value } })
    const { ids } = await service.get(caller, 'd', { ids: true })
    const answer = await service.ops(caller, 'd', ops('rga', [{ type: 'delete', ids: [ids?.[0] as string] }], 1))
    expect(answer.snapshot).toEqual((before.value as JsonValue[]).slice(1))
    expect(answer.truncated).toBe(true)
  })
})

describe('refusals change nothing', () => {
  test('an operation in the middle that fails', async () => {
    await service.put(caller, 'd', { type: 'orset', value: ['a'] })
    const bad = ops('orset', [{ type: 'add', elem: 'b' }, { type: 'explode' }])
    expect(await code(service.ops(caller, 'd', bad))).toBe('OP_INVALID')
    expect(await service.get(caller, 'd')).toMatchObject({ version: 1, value: ['a'] })
  })

  test('a timestamp too far ahead', async () => {
    const ahead = ops('lww', [{ set: 1, ts_unix_ns: `${nowMs + 70_000}000000` }])
    await expect(service.ops(caller, 'd', ahead)).rejects.toMatchObject({
      code: 'CLOCK_SKEW',
      extra: { serverTime: expect.any(String) },
    })
    expect(await code(service.get(caller, 'd'))).toBe('NOT_FOUND')
  })

  test('since of another store, another incarnation, the future', async () => {
    await service.put(caller, 'd', { type: 'orset', value: ['a'] })
    const list: Operation[] = [{ type: 'add', elem: 'b' }]
    const request = (since: OpsRequest['since']): Promise<unknown> =>
      service.ops(caller, 'd', { type: 'orset', ops: list, since })
    await expect(request({ version: 1, storeId: 'elsewhere' })).rejects.toMatchObject({
      code: 'STORE_MISMATCH',
      extra: { snapshot: ['a'], version: 1 },
    })
    expect(await code(request({ version: 1, incarnation: 'older' }))).toBe('INCARNATION_MISMATCH')
    expect(await code(request({ version: 7 }))).toBe('SINCE_UNKNOWN')
    expect(await service.get(caller, 'd')).toMatchObject({ version: 1 })
  })
})

describe('deletion', () => {
  test('is terminal for the incarnation, and versions go on counting', async () => {
    const first = await service.put(caller, 'd', { type: 'orset', value: ['a'] })
    expect(await service.remove(caller, 'd')).toMatchObject({ version: 2 })
    expect(await code(service.get(caller, 'd'))).toBe('GONE')
    expect(await code(service.remove(caller, 'd'))).toBe('GONE')
    expect(await code(service.ops(caller, 'd', ops('orset', [{ type: 'add', elem: 'x' }])))).toBe('GONE')
    const again = await service.put(caller, 'd', { type: 'text', value: 'new' })
    expect(again).toMatchObject({ version: 3, created: true })
    expect(again.incarnation).not.toBe(first.incarnation)
    expect(await code(service.ops(caller, 'd', ops('text', [{ type: 'insert', index: 0, text: 'x' }], 1)))).toBe(
      'INCARNATION_MISMATCH',
    )
    const answer = await service.ops(caller, 'd', ops('text', [{ type: 'insert', index: 3, text: 'er' }], 3))
    expect(answer).toMatchObject({ snapshot: 'newer', version: 4 })
    expect((await service.log(caller, 'd', { since: { version: 0 }, limit: 10 })).ops.map((o) => o.version)).toEqual([
      3, 4,
    ])
  })
})

describe('idempotency', () => {
  const request = (seq: number, elem: string): OpsRequest =>
    ops('orset', [{ type: 'add', elem }], 0, { idempotency: { key: `phone:${seq}`, bodyHash: elem } })

  test('a retry gets the first answer and changes nothing, also after a restart', async () => {
    const first = await service.ops(caller, 'd', request(1, 'a'))
    await service.ops(other, 'd', ops('orset', [{ type: 'add', elem: 'z' }]))
    expect(await service.ops(caller, 'd', request(1, 'a'))).toEqual(first)
    expect(await start().ops(caller, 'd', request(1, 'a'))).toEqual(first)
    expect(await service.get(caller, 'd')).toMatchObject({ version: 2 })
  })

  test('another body under the key is refused, an older number too', async () => {
    await service.ops(caller, 'd', request(1, 'a'))
    expect(await code(service.ops(caller, 'd', request(1, 'b')))).toBe('IDEMPOTENCY_MISMATCH')
    await service.ops(caller, 'd', request(5, 'b'))
    expect(await code(service.ops(caller, 'd', request(1, 'a')))).toBe('IDEMPOTENCY_STALE')
  })

  test('two retries at once are one request', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => service.ops(caller, 'd', request(1, 'a'))))
    expect(new Set(answers.map((answer) => answer.version))).toEqual(new Set([1]))
  })

  test('an opaque key is forgotten after a day', async () => {
    const opaque = ops('gcounter', [{ type: 'increment' }], 0, { idempotency: { key: 'k', bodyHash: 'h' } })
    await service.ops(caller, 'c', opaque)
    await service.ops(caller, 'c', opaque)
    expect((await service.get(caller, 'c')).value).toBe(1)
    nowMs += 86_400_001
    await service.ops(caller, 'c', opaque)
    expect((await service.get(caller, 'c')).value).toBe(2)
  })
})

describe('logs', () => {
  test('pages of one document and of the tenant', async () => {
    for (let i = 0; i < 5; i += 1) await service.ops(caller, 'd', ops('gcounter', [{ type: 'increment', by: i + 1 }]))
    const page = await service.log(caller, 'd', { since: { version: 1 }, limit: 2 })
    expect(page.ops.map(({ version, node, op }) => [version, node, op])).toEqual([
      [2, 'phone', { type: 'increment', by: 2 }],
      [3, 'phone', { type: 'increment', by: 3 }],
    ])
    expect(page.next).toBe(3)
    await service.put(other, 'e', { type: 'lww', value: 1 })
    const all = await service.tenantLog(caller, { since: 0, limit: 100 })
    expect(all.ops.map(({ id }) => id)).toEqual(['d', 'd', 'd', 'd', 'd', 'e'])
    const nobody = await service.tenantLog({ tenant: 'u', node: 'n' }, { since: 0, limit: 100 })
    expect(nobody.ops).toEqual([])
  })
})

test('an operation that changes nothing takes no version, and the next change has a time of its own', async () => {
  await service.put(caller, 'd', { type: 'orset', value: ['a'] })
  const answer = await service.ops(caller, 'd', ops('orset', [{ type: 'remove', elem: 'absent' }]))
  expect(answer.version).toBe(1)
})
