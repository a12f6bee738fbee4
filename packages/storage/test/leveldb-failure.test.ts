import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Established } from '../src/common/identity.ts'
import { type Database, openDatabase } from '../src/leveldb/database.ts'
import { groupOver } from '../src/leveldb/group.ts'
import { expiriesUntil, expiryKey } from '../src/leveldb/keys.ts'
import { defaultLevelLimits } from '../src/leveldb/limits.ts'
import { levelStore } from '../src/leveldb.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()

/** A real database, whose batches fail when told so, under a fence that notes what it is told. */
async function faultyGroup(place: string) {
  const database = await openDatabase({ path: join(directory, place), limits: defaultLevelLimits })
  const state = { failing: false, advanced: [] as number[] }
  const faulty = new Proxy(database, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (name === 'batch' && state.failing) return () => Promise.reject(new Error('no space left'))
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as Database
  const established: Established = {
    identity: { storeId: 'id', continuous: false },
    mark: { storeId: 'id', token: new Uint8Array(16), transactions: 0 },
    fence: { advance: (transactions) => state.advanced.push(transactions), close: () => {} },
  }
  return { group: groupOver({ database: faulty, established, lastPosition: 0 }), state, database }
}

const codes = (outcomes: readonly { readonly ok: boolean; readonly error?: { readonly code: string } }[]) =>
  outcomes.map((outcome) => (outcome.ok ? 'stored' : outcome.error!.code))

describe('a failing medium', () => {
  test('a write that fails leaves nothing behind and does not take its neighbours with it', async () => {
    const { group, database } = await faultyGroup('half-way')
    const outcomes = await group([
      ({ batch }) => batch.put('a', Uint8Array.of(1)),
      ({ batch }) => {
        batch.put('a', Uint8Array.of(2))
        batch.put('b', Uint8Array.of(2))
        throw new Error('a block cannot be read')
      },
      ({ batch }) => batch.put('c', batch.get('a')!),
    ])
    expect(codes(outcomes)).toEqual(['stored', 'STORE_IO', 'stored'])
    expect([database.getSync('a'), database.getSync('b'), database.getSync('c')].map((one) => one?.[0])).toEqual([
      1,
      undefined,
      1,
    ])
    await database.close()
  })

  test('a failing batch fails all that share it, and nothing is written behind it', async () => {
    const { group, state, database } = await faultyGroup('batch')
    const put = (key: string) => group([({ batch }) => batch.put(key, Uint8Array.of(1))])
    expect(codes(await put('a'))).toEqual(['stored'])
    state.failing = true
    const write = ({ batch }: { readonly batch: { del(key: string): void } }) => batch.del('a')
    expect(codes(await group([write, write]))).toEqual(['STORE_IO', 'STORE_IO'])
    state.failing = false
    expect(codes(await put('b'))).toEqual(['STORE_IO'])
    expect(state.advanced).toEqual([1])
    expect(database.getSync('a')?.[0]).toBe(1)
    expect(database.getSync('b')).toBeUndefined()
    await database.close()
  })

  test('a group of refused writes is no batch', async () => {
    const { group, state, database } = await faultyGroup('refused')
    const refused = () => {
      throw new Error('refused')
    }
    expect(codes(await group([refused]))).toEqual(['STORE_IO'])
    expect(state.advanced).toEqual([])
    await database.close()
  })

  test('a record that cannot be understood is STORE_IO', async () => {
    const path = join(directory, 'spoilt')
    await (await levelStore({ path })).close()
    const database = await openDatabase({ path: join(path, 'joinery-leveldb-1'), limits: defaultLevelLimits })
    await database.put('vname', Uint8Array.of(200, 1))
    await database.close()
    const store = await levelStore({ path })
    await expect(store.value('name')).rejects.toMatchObject({
      code: 'STORE_IO',
      cause: { code: 'CORE_DECODE_TRUNCATED' },
    })
    await store.close()
  })
})

describe('moments', () => {
  test('a range of expiries holds exactly what is due', () => {
    const { MAX_SAFE_INTEGER: most } = Number
    const moments = [-most, -1, 0, 1, 5, most]
    for (const now of [Number.NEGATIVE_INFINITY, -most - 2, -most, -0.5, 0, 4.999, 5, most, Number.POSITIVE_INFINITY]) {
      const { gte, lt } = expiriesUntil(now)
      const due = moments.filter((moment) => {
        const key = expiryKey(moment, 'receipt')
        return key >= gte && key < lt
      })
      expect(due).toEqual(moments.filter((moment) => moment <= now))
    }
  })
})
