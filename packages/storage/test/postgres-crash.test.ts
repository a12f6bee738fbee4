import { setTimeout as delay } from 'node:timers/promises'
import type { Store, StoreEvent } from '@joinery/sync'
import { afterAll, describe, expect, test } from 'vitest'
import { postgresStore } from '../src/postgres.ts'
import { startPostgres } from '../src/testing/postgres.ts'
import { killCases, processes, soak } from './crash/kill-cases.ts'
import { nobodyConnected } from './postgres-helpers.ts'
import { change, write } from './store-helpers.ts'

const server = await startPostgres()
afterAll(() => server.remove())

describe('a killed process', () => {
  const options = { url: server.url, schema: 'killed' }
  killCases({
    kills: { usual: 3, soak: 30 },
    start: processes(() => ({ kind: 'postgres', options })),
    async open() {
      // The server sees within moments that the killed process is gone; until then its seat is not free.
      await nobodyConnected(server.url)
      return postgresStore(options)
    },
  })
})

describe('a server that crashes', () => {
  /** Appends to a document of its own until told to stop; notes what was acknowledged and what was refused. */
  async function writeAlong(store: Store, id: string, state: { isOver: boolean }) {
    const key = { tenant: 'tenant', id }
    const acknowledged: number[] = []
    const refusals = new Set<string>()
    for (let version = 0; !state.isOver; ) {
      try {
        await store.commit(change(key, version))
        version += 1
        acknowledged.push(version)
      } catch (error) {
        refusals.add((error as { code: string }).code)
        await delay(20)
      }
    }
    return { key, acknowledged, refusals }
  }

  test('nothing acknowledged is lost, what was refused is not there, and the store goes on by itself', async () => {
    const store = await postgresStore({ url: server.url, schema: 'crashed' })
    const events: StoreEvent[] = []
    store.watch!((event) => events.push(event))
    const state = { isOver: false }
    const writers = Array.from({ length: 10 }, (_, i) => writeAlong(store, `doc ${i}`, state))
    const counts: number[] = []
    for (let crash = 0; crash < (soak ? 10 : 2); crash += 1) {
      await delay(300)
      await server.crash()
      await delay(50)
      await server.start()
      counts.push((await store.tenantLog('tenant', { after: 0, limit: 1e6 }).catch(() => [])).length)
    }
    await delay(1500)
    state.isOver = true
    let total = 0
    for (const { key, acknowledged, refusals } of await Promise.all(writers)) {
      // Every refusal said that nothing was stored: a version counted wrongly would have met a conflict.
      expect([...refusals].filter((code) => code !== 'STORE_IO')).toEqual([])
      const log = await store.log(key, { after: 0, limit: 1e6 })
      expect(log.map(({ version }) => version)).toEqual(acknowledged)
      total += log.length
    }
    expect(total).toBeGreaterThan(Math.max(...counts))
    expect(events.filter(({ type }) => type === 'gap').length).toBeGreaterThan(0)
    expect(events.filter(({ type }) => type === 'commit')).toEqual([])
    const { identity } = store
    await store.close()
    const again = await postgresStore({ url: server.url, schema: 'crashed' })
    expect(again.identity).toEqual({ ...identity, continuous: true })
    await write(again, 1)
    await again.close()
  })
})
