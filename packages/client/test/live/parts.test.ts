/** Parts of the SDK under a clock that stands still: how they behave at their limits, and when the storage dies half-way. */
import { actorId, replicaId } from '@joinery/core'
import { type MemoryMedium, memoryMedium, memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/index.ts'
import { ServerClock } from '../../src/live/clock.ts'
import { Journal, OWN } from '../../src/live/journal.ts'
import { defaultLiveLimits, type LiveLimits } from '../../src/live/limits.ts'
import { PresenceState } from '../../src/live/presence.ts'
import { type DocRecord, readRecord, recordName } from '../../src/live/records.ts'
import { type FakeHost, fakeHost, settle } from '../support/fake-host.ts'

const actor = actorId(replicaId('anna'), new Uint8Array(12))
const record: DocRecord = { generation: 0, actor, epoch: 'e', stored: 0, former: [] }
const own = (text: string) => ({ change: Buffer.from(text), attributes: OWN })

function journalOver(
  store: Store,
  limits: Partial<LiveLimits> = {},
  host: FakeHost = fakeHost(),
  from: DocRecord = record,
) {
  const troubles: unknown[] = []
  const options = { store, tenant: 'acme', id: 'doc', host, limits: { ...defaultLiveLimits, ...limits } }
  return { journal: new Journal({ ...options, onTrouble: (error) => troubles.push(error) }, from), troubles, host }
}

/** A store that counts what it is asked to write, and dies at a given write. */
function counting(
  store: Store,
  diesAt = Number.POSITIVE_INFINITY,
): { store: Store; writes: string[]; entries: number[] } {
  const writes: string[] = []
  const entries: number[] = []
  const proxy = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'commit' && name !== 'setValue' && name !== 'compact') return value.bind(target)
      return (...args: { entries?: unknown[] }[]) => {
        if (writes.length >= diesAt) return Promise.reject(new Error('died'))
        writes.push(name)
        if (name === 'commit') entries.push(args[0]?.entries?.length ?? 0)
        return value.apply(target, args)
      }
    },
  })
  return { store: proxy, writes, entries }
}

describe('the journal', () => {
  it('writes what gathers in one turn in one step, of at most stepEntriesMax', async () => {
    const { store, entries } = counting(memoryStore())
    const { journal } = journalOver(store, { stepEntriesMax: 3 })
    for (let i = 0; i < 3; i += 1) void journal.append('life', own(`${i}`))
    await journal.flush()
    expect(entries).toEqual([3])
    for (let i = 0; i < 4; i += 1) void journal.append('life', own(`${i}`))
    await journal.flush()
    expect(entries).toEqual([3, 3, 1])
  })

  it('is long beyond journalEntriesMax, or journalBytesMax, and not at them', async () => {
    const byEntries = journalOver(memoryStore(), { journalEntriesMax: 2 }).journal
    const byBytes = journalOver(memoryStore(), { journalBytesMax: 4 }).journal
    for (const journal of [byEntries, byBytes]) {
      void journal.append('life', own('ab'))
      void journal.append('life', own('cd'))
      expect(journal.isLong).toBe(false)
      void journal.append('life', own('e'))
      expect(journal.isLong).toBe(true)
      void journal.compact(Buffer.from('abcde'), undefined)
      expect(journal.isLong).toBe(false)
      await journal.flush()
      const { snapshot, entries } = await journal.read()
      expect([Buffer.from(snapshot?.bytes ?? []).toString(), entries]).toEqual(['abcde', []])
    }
  })

  it('marks are written once after markDelayMs', async () => {
    const { store, writes } = counting(memoryStore())
    const { journal, host } = journalOver(store, { markDelayMs: 100 })
    for (let i = 1; i < 10; i += 1) journal.mark({ stored: i })
    await host.advance(99)
    expect(writes).toEqual([])
    await host.advance(1)
    expect(writes).toEqual(['setValue'])
    expect(readRecord((await store.value(recordName('acme', 'doc'))) as string).stored).toBe(9)
  })

  it('tries again after storageRetryMsMin, twice as long each time, up to storageRetryMsMax', async () => {
    const { store } = counting(memoryStore(), 0)
    const { journal, host, troubles } = journalOver(store, { storageRetryMsMin: 10, storageRetryMsMax: 35 })
    let durable = false
    void journal.append('life', own('x')).then(() => {
      durable = true
    })
    for (const wait of [10, 20, 35, 35]) {
      await settle()
      expect(host.timers()).toEqual([wait])
      await host.advance(wait)
    }
    expect([durable, troubles.length]).toEqual([false, 5])
    journal.abandon()
    await journal.flush()
  })

  it('a write that failed and is there all the same is not made twice', async () => {
    const memory = memoryStore()
    let failing = true
    const store = new Proxy(memory, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name !== 'commit' || !failing) return value.bind(target)
        return async (...args: unknown[]) => {
          await value.apply(target, args)
          throw new Error('nobody knows')
        }
      },
    })
    const { journal, host } = journalOver(store, { storageRetryMsMin: 10 })
    void journal.append('life', own('a'))
    await settle()
    void journal.append('life', own('b'))
    failing = false
    await host.advance(10)
    await journal.append('life', own('c'))
    const { entries } = await journal.read()
    expect(entries.map(({ change }) => Buffer.from(change).toString())).toEqual(['a', 'b', 'c'])
  })

  it('a state that replaces another is there whole, or not at all, wherever the storage dies', async () => {
    const write = async (medium: MemoryMedium, diesAt: number): Promise<number> => {
      const { store, writes } = counting(memoryStore({ medium }), diesAt)
      const { journal } = journalOver(store)
      for (const text of ['a', 'b']) void journal.append('one', own(text))
      const next = { actor, stored: 7, former: [] }
      void journal.replace({ incarnation: 'two', entries: [own('c'), own('d')], record: next, parked: '[]' })
      void journal.append('two', own('e'))
      await settle()
      journal.abandon()
      await settle()
      await store.close()
      return writes.length
    }
    const all = await write(memoryMedium(), Number.POSITIVE_INFINITY)
    const found = new Set<string>()
    for (let diesAt = 0; diesAt <= all; diesAt += 1) {
      const medium = memoryMedium()
      await write(medium, diesAt)
      const store = memoryStore({ medium })
      const text = await store.value(recordName('acme', 'doc'))
      const kept = text === undefined ? record : readRecord(text)
      const { journal } = journalOver(store, {}, fakeHost(), kept)
      const { entries } = await journal.read()
      const changes = entries.map(({ change }) => Buffer.from(change).toString()).join('')
      found.add(`${changes} ${kept.stored}`)
      // And it goes on from there.
      const incarnation = entries[0]?.incarnation ?? 'one'
      await journal.append(incarnation, own('z'))
      await journal.replace({ incarnation: 'three', entries: [own('y')], record: { actor, stored: 9, former: [] } })
      expect((await journal.read()).entries.map(({ change }) => Buffer.from(change).toString())).toEqual(['y'])
      await store.close()
    }
    expect([...found].toSorted()).toEqual([' 0', 'ab 0', 'cd 7', 'cde 7'])
  })
})

describe('presence', () => {
  it('is renewed before presenceMsMax, and forgotten at it', async () => {
    const host = fakeHost()
    const sent: number[] = []
    const limits = { ...defaultLiveLimits, presenceMsMax: 60_000, presenceMsMin: 50 }
    const presence = new PresenceState({ host, limits, send: () => sent.push(host.time) })
    const start = host.time
    presence.live(true)
    presence.set({ at: 1 })
    presence.set({ at: 2 })
    await host.advance(49)
    expect(sent.length).toBe(1)
    await host.advance(1)
    expect(sent.length).toBe(2)
    await host.advance(60_000 - 50)
    expect(sent.map((time) => time - start)).toEqual([0, 50, 20_050, 40_050])
    presence.heard([{ session: 's', node: 'ben', state: Buffer.from('{"at":3}') }])
    presence.heard([{ session: 'strange', node: 'ben', state: Buffer.from([0xff]) }])
    expect([...presence.others.values()]).toEqual([{ session: 's', node: 'ben', state: { at: 3 } }])
    await host.advance(59_999)
    expect(presence.others.size).toBe(1)
    await host.advance(1)
    expect(presence.others.size).toBe(0)
    presence.close()
    expect(host.timers()).toEqual([])
  })
})

describe('the clock', () => {
  it('is corrected beyond clockToleranceMs, not at it, and goes on from the storage', async () => {
    const host = fakeHost()
    const medium = memoryMedium()
    const limits = { ...defaultLiveLimits, clockToleranceMs: 2_000 }
    const clock = new ServerClock(host, limits)
    const first = memoryStore({ medium })
    await clock.resume(first)
    clock.observe((host.time - 2_000) * 1000)
    expect(clock.nowMs()).toBe(host.time)
    clock.observe((host.time - 2_001) * 1000)
    expect(clock.nowMs()).toBe(host.time - 2_001)
    // A frame that took its time is no news.
    clock.observe((host.time - 4_000) * 1000)
    expect(clock.nowMs()).toBe(host.time - 2_001)
    await settle()
    await first.close()
    const store = memoryStore({ medium })
    const next = new ServerClock(host, limits)
    await next.resume(store)
    expect(next.nowMs()).toBe(host.time - 2_001)
    next.observe(host.time * 1000)
    expect(next.nowMs()).toBe(host.time)
  })
})

describe('a client without a network', () => {
  it('tries again after connectRetryMsMin, twice as long each time, up to connectRetryMsMax, at random', async () => {
    const host = fakeHost()
    host.fraction = 1
    const tries: number[] = []
    const openSocket = () => {
      tries.push(host.time)
      const listeners: (() => void)[] = []
      queueMicrotask(() => listeners.forEach((listener) => void listener()))
      return {
        binaryType: '',
        readyState: 3,
        bufferedAmount: 0,
        send() {},
        close() {},
        addEventListener: (type: string, listener: () => void) => void (type === 'close' && listeners.push(listener)),
      }
    }
    const limits = { connectRetryMsMin: 100, connectRetryMsMax: 500 }
    const client = createClient({
      url: 'http://x',
      tenant: 't',
      nodeId: 'n',
      host,
      limits,
      openSocket: openSocket as never,
    })
    await host.advance(2_500)
    expect(tries.map((time, i) => time - (tries[i - 1] ?? time)).slice(0, 6)).toEqual([0, 200, 400, 500, 500, 500])
    const before = tries.length
    client.connectNow()
    expect(tries.length).toBe(before + 1)
    await client.close()
    await host.advance(10_000)
    expect(tries.length).toBe(before + 1)
  })

  it('a deletion is given up after deleteTimeoutMs', async () => {
    const host = fakeHost()
    const fetch = (_: string, { signal }: { signal: AbortSignal }) =>
      new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    const openSocket = () => ({ addEventListener() {}, close() {} })
    const options = { url: 'http://x', tenant: 't', nodeId: 'n', host, fetch, openSocket: openSocket as never }
    const client = createClient({ ...options, limits: { deleteTimeoutMs: 1_000 } })
    let failure: unknown
    client.delete('doc').catch((error: unknown) => {
      failure = error
    })
    await host.advance(999)
    expect(failure).toBeUndefined()
    await host.advance(1)
    expect(failure).toMatchObject({ code: 'CLIENT_OFFLINE' })
    await client.close()
  })
})
