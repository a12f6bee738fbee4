/** Several tabs on one storage in real Chromium: one connection, one writer, and edits that are shared at once. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { sdkPages, type Tab } from './pages.ts'

const { browser, line, newTab, started, stored, server } = sdkPages()

afterEach(async () => {
  line().restore()
  for (const page of browser().context.pages()) if (page.url() !== 'about:blank') await page.close()
})

async function tabs(id: string, count: number): Promise<Tab[]> {
  const all: Tab[] = []
  for (let i = 0; i < count; i += 1) all.push(await started({ nodeId: id, database: id, id }))
  return all
}

/** Waits until all show the same, and answers it. */
async function same(all: readonly Tab[], count: number) {
  const states = await Promise.all(all.map((tab) => tab.until(({ items }) => items.length === count, `${count} items`)))
  expect(new Set(states.map(({ hash }) => hash)).size).toBe(1)
  return states[0] as (typeof states)[0]
}

describe('several tabs', () => {
  it('share edits while offline, and one connection delivers all of them once', async () => {
    line().cut()
    const [one, two, three] = (await tabs('share', 3)) as [Tab, Tab, Tab]
    await Promise.all([one.edit(['one']), two.edit(['two 1', 'two 2']), three.edit(['three'])])
    const { items } = await same([one, two, three], 4)
    expect(items.toSorted()).toEqual(['one', 'three', 'two 1', 'two 2'])
    for (const tab of [one, two, three]) await tab.until(({ pending }) => pending === 4, 'four pending everywhere')
    line().restore()
    expect(await Promise.all([one.saved(), two.saved(), three.saved()])).toEqual([undefined, undefined, undefined])
    for (const tab of [one, two, three]) await tab.until((s) => s.pending === 0 && s.connection === 'live', 'stored')
    expect(await stored('share')).toMatchObject({ items, visits: 4 })
    const opened = await Promise.all([one, two, three].map((tab) => tab.sockets()))
    expect(opened.filter((count) => count > 0).length).toBe(1)
  })

  it.each([
    [
      'closed',
      async (tab: Tab) => {
        await tab.close()
        await tab.leave()
      },
    ],
    ['left without a word', (tab: Tab) => tab.leave()],
    [
      'crashed',
      async (tab: Tab) => {
        const session = await tab.page.context().newCDPSession(tab.page)
        // The answer never comes.
        session.send('Page.crash').catch(() => undefined)
        await new Promise((resolve) => tab.page.once('crash', resolve))
      },
    ],
  ])('go on when the tab that led is %s, offline and with edits that nobody stored', async (how, end) => {
    const id = `led-${how.length}`
    const [one, two, three] = (await tabs(id, 3)) as [Tab, Tab, Tab]
    await one.edit(['one'])
    await one.saved()
    await same([one, two, three], 1)
    line().cut()
    await Promise.all([one.edit(['one offline']), two.edit(['two offline']), three.edit(['three offline'])])
    await Promise.all([one.durable(), two.durable(), three.durable()])
    await same([one, two, three], 4)
    await end(one)
    // At once, while the next one takes over.
    await Promise.all([two.edit(['two after']), three.edit(['three after'])])
    await same([two, three], 6)
    line().restore()
    expect(await Promise.all([two.saved(), three.saved()])).toEqual([undefined, undefined])
    const server = await stored(id)
    expect(server).toMatchObject({ visits: 6, hash: (await two.state()).hash })
    expect(new Set(server.items).size).toBe(6)
    // A tab that comes later finds all of it, and writes on.
    const four = await started({ nodeId: id, database: id, id })
    await four.edit(['four'])
    expect(await four.saved()).toBeUndefined()
    await same([two, three, four], 7)
  })

  it('a change of somebody else arrives in every tab, and undo takes back only what its own tab did', async () => {
    const [one, two] = (await tabs('others', 2)) as [Tab, Tab]
    const { open, until } = await import('../live/support.ts')
    const { schema } = await import('../live/edits.mjs')
    const client = open(server().url, 'somebody')
    const doc = client.open('others', schema)
    await doc.ready
    doc.change((root) => root.items.push('theirs'))
    await same([one, two], 1)
    await two.undo()
    await two.edit(['two'])
    await one.edit(['one'])
    await same([one, two], 3)
    expect(await two.undo()).toBe(true)
    const { items } = await same([one, two], 2)
    expect(items.toSorted()).toEqual(['one', 'theirs'])
    await until(() => doc.root.items.length === 2, 'undone there, too')
    // One device is one person: what a tab said last.
    doc.presence.set('reading')
    await one.present('in one')
    await two.present('in two')
    await until(() => [...doc.presence.others.values()].some(({ state }) => state === 'in two'), 'presence')
    expect(doc.presence.others.size).toBe(1)
    for (const tab of [one, two]) await expect.poll(() => tab.others()).toEqual(['reading'])
    await two.leave()
    await until(
      () => [...doc.presence.others.values()].some(({ state }) => state === 'in one'),
      'presence of the first',
    )
    await client.close()
  })

  it('what the server refuses is listed in every tab, and is dropped in all when one says so', async () => {
    const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'admin', 'Content-Type': 'application/json' }
    const body = JSON.stringify({ type: 'orset', value: ['red'] })
    await fetch(`${server().url}/v1/docs/refused`, { method: 'PUT', headers, body })
    const options = { nodeId: 'refused', database: 'refused', id: 'refused', type: 'orset' } as const
    const [one, two] = [await started(options), await started(options)]
    await two.edit(['two'])
    expect(await two.saved()).toBe('CLIENT_REFUSED')
    // Others learn of an edit when it is durable, and not earlier that it was refused.
    await one.holdWrites()
    await one.edit(['one'])
    expect(await one.saved()).toBe('CLIENT_REFUSED')
    await delay(300)
    expect(await two.state()).toMatchObject({ items: ['two'], refused: [{}] })
    await one.releaseWrites()
    for (const tab of [one, two]) {
      const state = await tab.until(({ refused }) => refused.length === 2, 'both edits')
      expect(state).toMatchObject({ error: 'CLIENT_REFUSED', connection: 'refused', pending: 2 })
      expect(state.items.toSorted()).toEqual(['one', 'two'])
    }
    await two.discard()
    for (const tab of [one, two]) {
      const state = await tab.until(({ items, connection }) => items.length === 0 && connection === 'live', 'dropped')
      expect(state).toMatchObject({ refused: [], pending: 0, visits: 0 })
    }
    // What is written now is written under other actors, which the leading tab was told of.
    await two.edit(['again'])
    await two.durable()
    expect(await two.saved()).toBe('CLIENT_REFUSED')
    for (const tab of [one, two]) {
      await tab.until(({ items, refused }) => items.length === 1 && refused.length === 1, 'refused again')
    }
  })

  it('what is open in another tab is not forgotten, and a document that was closed everywhere is', async () => {
    const [one, two] = (await tabs('forgotten', 2)) as [Tab, Tab]
    await one.edit(['one'])
    await one.saved()
    await two.close()
    expect(await two.start({ url: line().url, nodeId: 'forgotten', database: 'forgotten', id: 'else' })).toBeUndefined()
    expect(await two.forget('forgotten')).toBe('CLIENT_DOCUMENT_OPEN')
    await one.close()
    expect(await two.forget('forgotten')).toBeUndefined()
  })

  it('what a tab had not handed in when it closed reaches the storage though the tab that led is gone', async () => {
    const [one, two] = (await tabs('handed', 2)) as [Tab, Tab]
    await one.holdWrites()
    await two.edit(['late'])
    const closing = two.close()
    await delay(200)
    await one.leave()
    await closing
    const three = await started({ nodeId: 'handed', database: 'handed', id: 'handed' })
    expect((await three.state()).items).toEqual(['late'])
  })

  it('where there are no Web Locks one tab works, and the other says so', async () => {
    const options = { nodeId: 'lockless', database: 'lockless', id: 'lockless', lacks: 'locks' } as const
    const one = await started(options)
    const two = await newTab()
    expect(await two.start({ url: line().url, ...options })).toBe('CLIENT_STORAGE_LOCKED')
    expect(await two.state()).toMatchObject({ connection: 'refused', durable: false, error: 'CLIENT_STORAGE_LOCKED' })
    await one.edit(['one'])
    expect(await one.saved()).toBeUndefined()
  })
})

describe('undo', () => {
  it('is there after a reload of the tab, and is of this tab alone', async () => {
    const [one, two] = (await tabs('undo', 2)) as [Tab, Tab]
    expect(await one.undo()).toBe(false)
    await one.edit(['one'])
    await two.edit(['two'])
    await same([one, two], 2)
    expect(await one.saved()).toBeUndefined()
    await one.reload()
    expect(await one.start({ url: line().url, nodeId: 'undo', database: 'undo', id: 'undo' })).toBeUndefined()
    await same([one, two], 2)
    expect(await one.undo()).toBe(true)
    const { items, visits } = await same([one, two], 1)
    expect([items, visits]).toEqual([['two'], 2])
    expect(await one.undo()).toBe(false)
  })
})
