/** Lives as stores keep them: what was written is what is loaded, over restarts too. */
import { join } from 'node:path'
import { levelStore } from '@joinery/storage/leveldb'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import { sqliteStore } from '@joinery/storage/sqlite'
import { type Store, StoreError } from '@joinery/sync'
import type { LifeWrite } from '@joinery/sync/replication'
import { describe, expect, test } from 'vitest'
import { LifeStore } from '../src/life-store.ts'
import { nodeLimits } from '../src/limits.ts'
import { closing, converged, increment, set, temporaryDirectory, testNetwork, until, value } from './nodes.ts'

const life = { document: 'page', incarnation: '1' }
const limits = { ...nodeLimits, readEntriesMax: 2, startPageLivesMax: 2, startReadsMax: 2 }

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function step(kind: LifeWrite['kind'], parts: readonly string[], summary: string, of = life): LifeWrite {
  return { ...of, write: 1, kind, parts: parts.map(bytes), summary }
}

async function loaded(store: LifeStore, of = life): Promise<string[]> {
  return (await store.load(of)).map((part) => new TextDecoder().decode(part))
}

/** A place whose store can be opened again. */
const places: readonly (readonly [string, () => () => Promise<Store>])[] = [
  [
    'memory',
    () => {
      const medium = memoryMedium()
      return async () => memoryStore({ medium })
    },
  ],
  [
    'sqlite',
    () => {
      const path = join(temporaryDirectory(), 'store')
      return () => sqliteStore({ path })
    },
  ],
  [
    'leveldb',
    () => {
      const path = join(temporaryDirectory(), 'store')
      return () => levelStore({ path })
    },
  ],
]

describe.each(places)('lives on %s', (_, newPlace) => {
  test('begin, grow, are replaced by one part or several, and end, more than once', async () => {
    const open = newPlace()
    let store = await open()
    let lives = new LifeStore(store, limits)
    const reopen = async (): Promise<void> => {
      await store.close()
      store = await open()
      lives = new LifeStore(store, limits)
    }
    expect([await loaded(lives), await lives.lives()]).toEqual([[], []])
    const expects = async (parts: readonly string[], summary: string): Promise<void> => {
      await reopen()
      expect(await loaded(lives)).toEqual(parts)
      expect(await lives.lives()).toEqual([{ ...life, ended: false, summary }])
    }
    await lives.write(step('append', ['one', 'two'], 'sum 1'))
    await expects(['one', 'two'], 'sum 1')
    await lives.write(step('append', ['three', 'four', 'five'], 'sum 2'))
    await expects(['one', 'two', 'three', 'four', 'five'], 'sum 2')
    await lives.write(step('replace', ['folded'], 'sum 3'))
    await expects(['folded'], 'sum 3')
    await lives.write(step('append', ['six'], 'sum 4'))
    await expects(['folded', 'six'], 'sum 4')
    await lives.write(step('replace', ['fetched', 'and', 'more'], 'sum 5'))
    await expects(['fetched', 'and', 'more'], 'sum 5')
    await lives.write(step('append', ['seven'], 'sum 6'))
    await lives.write(step('replace', ['folded again'], 'sum 7'))
    await lives.write(step('append', ['eight'], 'sum 8'))
    await expects(['folded again', 'eight'], 'sum 8')
    for (const tombstone of ['end', 'another end']) {
      await lives.write(step('end', [tombstone], ''))
      await reopen()
      expect(await loaded(lives)).toEqual([tombstone])
      expect(await lives.lives()).toEqual([{ ...life, ended: true }])
    }
    await store.close()
  })

  test('that were never here end in one step: no crash leaves one that has begun and not ended', async () => {
    const store = closing(await newPlace()())
    const steps = ['commit', 'compact', 'importDocument']
    let done = 0
    // The power is lost after the first step.
    const failing = new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          if (steps.includes(String(name))) done += 1
          return done > 1 ? Promise.reject(new Error('no power')) : member.apply(target, args)
        }
      },
    })
    await new LifeStore(failing, limits).write(step('end', ['bye'], 'summary')).catch(() => {})
    const lives = new LifeStore(store, limits)
    expect(await lives.lives()).toEqual([{ ...life, ended: true }])
    expect(await loaded(lives)).toEqual(['bye'])
    await lives.write(step('end', ['earlier'], 'summary'))
    expect(await loaded(lives)).toEqual(['earlier'])
  })

  test('stand side by side, whatever their names', async () => {
    const store = closing(await newPlace()())
    const lives = new LifeStore(store, limits)
    const keys = [
      { document: 'page', incarnation: '2' },
      { document: 'page', incarnation: '10' },
      { document: 'page/über', incarnation: 'random-name' },
      { document: 'other', incarnation: '1' },
    ]
    for (const key of keys) await lives.write(step('append', [`of ${key.document} ${key.incarnation}`], 'sum', key))
    const never = { document: 'never seen', incarnation: '1' }
    await lives.write(step('end', ['its end'], '', never))
    for (const key of keys) expect(await loaded(lives, key)).toEqual([`of ${key.document} ${key.incarnation}`])
    expect(await loaded(lives, never)).toEqual(['its end'])
    const all = (await lives.lives()).map(({ document, incarnation, ended }) => `${document} ${incarnation} ${ended}`)
    expect(all.toSorted()).toEqual(
      ['never seen 1 true', ...keys.map(({ document, incarnation }) => `${document} ${incarnation} false`)].toSorted(),
    )
  })
})

/** A store of which some methods are others. */
function store(of: Store, others: Partial<Store>): Store {
  return new Proxy(of, {
    get(target, name) {
      const other: unknown = Reflect.get(others, name)
      if (other !== undefined) return other
      const own: unknown = Reflect.get(target, name, target)
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}

describe('a store that fails', () => {
  test('is asked again, and nothing is acknowledged before it has taken it', async () => {
    const network = testNetwork()
    const real = closing(memoryStore())
    let failures = 2
    let commits = 0
    const failing = store(real, {
      async commit(commit) {
        commits += 1
        failures -= 1
        if (failures >= 0) throw new StoreError('STORE_FULL', 'no room')
        return await real.commit(commit)
      },
    })
    const told: unknown[] = []
    const observer = { storeFailed: (error: unknown) => void told.push((error as { code: string }).code) }
    const a = await network.start({ node: 'a', store: failing, observer, replication: { writeAgainMs: 50 } })
    const b = await network.start({ node: 'b' })
    a.join(b.status().address)
    await set(a, 'page', increment('visits'))
    expect([commits, told]).toEqual([3, ['STORE_FULL', 'STORE_FULL']])
    await converged([a, b], 'page')
  })

  test.each([
    ['STORE_BUSY', 1],
    ['STORE_IO', 3],
  ] as const)('for a while with %s is waited for, and nothing is taken for lost', async (code, times) => {
    const network = testNetwork()
    const medium = memoryMedium()
    const first = memoryStore({ medium })
    const before = await network.start({ node: 'a', store: first })
    await set(before, 'page', increment('visits', 3))
    const { actor } = before.status()
    await before.stop()
    await first.close()

    const real = closing(memoryStore({ medium }))
    let failures = times as number
    const busy = store(real, {
      async head(key) {
        failures -= 1
        if (failures >= 0) throw new StoreError(code, 'later')
        return await real.head(key)
      },
    })
    const a = await network.start({ node: 'a', store: busy })
    expect([await value(a, 'page'), failures < 0, a.status().actor]).toEqual([{ visits: 3 }, true, actor])
  })

  test('to read gets what it lost from the others', async () => {
    const network = testNetwork()
    const medium = memoryMedium()
    const first = memoryStore({ medium })
    const before = await network.start({ node: 'a', store: first })
    const b = await network.start({ node: 'b' })
    before.join(b.status().address)
    await set(before, 'page', increment('visits', 3))
    await converged([before, b], 'page')
    const { actor } = before.status()
    await before.stop()
    await first.close()

    const real = closing(memoryStore({ medium }))
    let isBroken = true
    const broken = store(real, {
      async log(key, options) {
        if (isBroken && options.after === 0) throw new StoreError('STORE_IO', 'a bad sector')
        return await real.log(key, options)
      },
    })
    const outputs: string[] = []
    const observer = { output: ({ type }: { readonly type: string }) => void outputs.push(type) }
    const a = await network.start({ node: 'a', store: broken, observer })
    a.join(b.status().address)
    await set(b, 'page', increment('visits', 10))
    await until(() => outputs.includes('repaired'), 'it was fetched')
    isBroken = false
    await converged([a, b], 'page')
    await set(a, 'page', increment('visits', 100))
    await converged([a, b], 'page')
    expect([await value(b, 'page'), a.status().actor === actor]).toEqual([{ visits: 113 }, false])
  })
})
