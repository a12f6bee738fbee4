/** The SDK on IndexedDB in real Chromium, against a real server: what a page keeps, and what the browser does to it. */
import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { otherOrigin, sdkPages, tabOf } from './pages.ts'

const { browser, line, newTab, started, stored, pageUrl } = sdkPages()

afterEach(async () => {
  line().restore()
  for (const page of browser().context.pages()) if (page.url() !== 'about:blank') await page.close()
})

const labels = (count: number, name = 'edit') => Array.from({ length: count }, (_, i) => `${name} ${i}`)

describe('offline', () => {
  it('500 pending edits are there after a reload, and all are delivered later, once', async () => {
    line().cut()
    const tab = await started({ nodeId: 'reloaded', database: 'reloaded', id: 'reloaded' })
    await tab.edit(labels(500))
    await tab.durable()
    await tab.reload()
    await tab.start({ url: line().url, nodeId: 'reloaded', database: 'reloaded', id: 'reloaded' })
    const offline = await tab.until(({ connection }) => connection === 'offline', 'offline')
    expect(offline).toMatchObject({ items: labels(500), visits: 500, pending: 500, durable: true, warning: undefined })
    line().restore()
    expect(await tab.saved()).toBeUndefined()
    expect(await tab.state()).toMatchObject({ pending: 0, refused: [] })
    expect(await stored('reloaded')).toMatchObject({ items: labels(500), visits: 500, hash: (await tab.state()).hash })
  })

  it('edits of every type before the first connection ever survive reloads half-way, and are delivered once', async () => {
    line().cut()
    const options = { url: line().url, nodeId: 'first', database: 'first', id: 'first' }
    const tab = await started(options)
    const made: string[] = []
    for (let round = 0; round < 3; round += 1) {
      await tab.scribble(round + 1, 50)
      const some = labels(20, `round ${round}`)
      made.push(...some)
      await tab.edit(some)
      await tab.durable()
      const { hash } = await tab.state()
      await tab.reload()
      expect(await tab.start(options)).toBeUndefined()
      expect(await tab.state()).toMatchObject({ hash, items: made, visits: made.length })
    }
    line().restore()
    expect(await tab.saved()).toBeUndefined()
    const { hash } = await tab.state()
    expect(await stored('first')).toEqual({ hash, items: made, visits: made.length })
  })
})

describe('where the browser does not let anything be kept', () => {
  it('documents live in memory, and the status warns', async () => {
    const tab = await newTab()
    // A frame without an origin of its own: the browser refuses it every storage.
    await tab.page.evaluate(async () => {
      const code = await (await fetch('/page.js')).text()
      const frame = document.createElement('iframe')
      frame.setAttribute('sandbox', 'allow-scripts')
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
      frame.srcdoc = `<script type="module">${code.replaceAll('</script', '<\\/script')}</script>`
      document.body.append(frame)
      await loaded
    })
    const frame = tab.page.frames()[1]
    if (frame === undefined) throw new Error('no frame')
    const inside = tabOf({ evaluate: frame.evaluate.bind(frame) } as never)
    await frame.waitForFunction(() => 'sdk' in globalThis)
    line().cut()
    expect(await inside.start({ url: line().url, nodeId: 'denied', database: 'denied', id: 'denied' })).toBeUndefined()
    await inside.edit(['one'])
    const state = await inside.state()
    expect(state).toMatchObject({ items: ['one'], pending: 1, durable: false, warning: expect.any(String) })
  })

  it('one without IndexedDB is told the same, and syncs', async () => {
    const tab = await started({ nodeId: 'without', database: 'without', id: 'without', lacks: 'indexedDB' })
    await tab.edit(['one'])
    expect(await tab.saved()).toBeUndefined()
    expect(await tab.state()).toMatchObject({ durable: false, warning: expect.any(String) })
    expect(await stored('without')).toMatchObject({ items: ['one'] })
  })
})

describe('what a browser does to the storage', () => {
  it('when there is no room left edits are kept, the code says so, and they are sent once there is room', async () => {
    // An origin of its own: Chromium remembers for a while what it had granted before.
    const url = otherOrigin(pageUrl())
    const tab = await newTab(browser().context, url)
    const session = await tab.page.context().newCDPSession(tab.page)
    const setQuota = (quotaSize: number) =>
      session.send('Storage.overrideQuotaForOrigin', { origin: new URL(url).origin, quotaSize })
    await setQuota(600_000)
    expect(await tab.start({ url: line().url, nodeId: 'full', database: 'full', id: 'full' })).toBeUndefined()
    await tab.edit(['kept'])
    await tab.saved()
    // The browser compresses what repeats.
    const large = labels(10).map((label) => label + randomBytes(60_000).toString('base64'))
    await tab.edit(large)
    const full = await tab.until(({ error }) => error !== undefined, 'the quota')
    expect(full).toMatchObject({ error: 'CLIENT_STORAGE_FULL', items: ['kept', ...large], pending: 10 })
    expect(await stored('full')).toMatchObject({ items: ['kept'] })
    await setQuota(100_000_000)
    expect(await tab.saved()).toBeUndefined()
    await tab.until(({ error }) => error === undefined, 'room')
    expect(await stored('full')).toMatchObject({ items: ['kept', ...large], visits: 11 })
  })

  it('what is deleted while it is open is written anew, with what was not sent', async () => {
    const options = { url: line().url, nodeId: 'evicted', database: 'evicted', id: 'evicted' }
    const tab = await started(options)
    await tab.edit(['sent'])
    await tab.saved()
    line().cut()
    await tab.edit(['unsent'])
    await tab.durable()
    await tab.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          indexedDB.deleteDatabase('evicted').onsuccess = () => resolve()
        }),
    )
    await tab.edit(['later'])
    await tab.durable()
    await tab.until(({ error, undurable }) => error !== 'CLIENT_STORAGE' && undurable === 0, 'a new storage')
    await tab.reload()
    expect(await tab.start(options)).toBeUndefined()
    expect(await tab.state()).toMatchObject({ items: ['sent', 'unsent', 'later'], pending: 2 })
    line().restore()
    expect(await tab.saved()).toBeUndefined()
    expect(await stored('evicted')).toMatchObject({ items: ['sent', 'unsent', 'later'], visits: 3 })
  })

  it.each([
    ['a change', 'log'],
    ['a head', 'heads'],
  ])('%s that was damaged is told by a code, nothing is sent, and other documents open', async (_, store) => {
    const options = { url: line().url, nodeId: 'damaged', database: `damaged-${store}`, id: `damaged-${store}` }
    const tab = await started(options)
    await tab.edit(labels(3))
    await tab.saved()
    await tab.close()
    await tab.page.evaluate(
      ([database, name]) =>
        new Promise<void>((resolve) => {
          indexedDB.open(database as string).onsuccess = ({ target }) => {
            const opened = (target as IDBOpenDBRequest).result
            const transaction = opened.transaction(name as string, 'readwrite')
            transaction.objectStore(name as string).openCursor().onsuccess = (event) => {
              const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result
              if (cursor === null) return
              const { value } = cursor
              if (value.change instanceof Uint8Array) value.change[value.change.length >> 1] ^= 0x55
              else value.version = 'spoilt'
              cursor.update(value)
              cursor.continue()
            }
            transaction.oncomplete = () => {
              opened.close()
              resolve()
            }
          }
        }),
      [options.database, store] as const,
    )
    await tab.reload()
    expect(await tab.start(options)).toMatch(/^CLIENT_STORAGE/)
    expect((await tab.state()).connection).toBe('refused')
    expect(await stored(options.id)).toMatchObject({ items: labels(3) })
    await tab.close()
    expect(await tab.start({ ...options, id: `${options.id}-other` })).toBeUndefined()
    // What was damaged is given up, and comes from the server.
    expect(await tab.forget(options.id, { unsent: 'drop' })).toBeUndefined()
    await tab.close()
    expect(await tab.start(options)).toBeUndefined()
    await tab.until(({ items }) => items.length === 3, 'what the server has')
    await tab.edit(['again'])
    expect(await tab.saved()).toBeUndefined()
  })

  it('a copied profile: both go on, nothing acknowledged is lost, and what the server refuses is set aside', async () => {
    const options = { url: line().url, nodeId: 'cloned', database: 'cloned', id: 'cloned' }
    const tab = await started(options)
    await tab.edit(['before'])
    await tab.saved()
    await tab.close()
    const copy = mkdtempSync(`${browser().profile}-copy-`)
    await browser().stop()
    cpSync(browser().profile, copy, { recursive: true })
    await browser().start()
    const { startBrowser } = await import('../../../../scripts/browser/chromium.ts')
    const other = await startBrowser({ profile: copy })
    try {
      line().cut()
      const one = await started(options)
      const two = tabOf(await other.context.newPage())
      await two.page.goto(pageUrl())
      await two.start(options)
      await one.edit(['one'])
      await two.edit(['two', 'three'])
      const saving = [one.saved(), two.saved()]
      line().restore()
      const codes = await Promise.all(saving)
      const states = [
        await one.until(({ connection, items }) => connection === 'live' && items.length > 1, 'one live'),
        await two.until(({ connection, items }) => connection === 'live' && items.length > 1, 'two live'),
      ]
      const server = await stored('cloned')
      expect(states.map(({ hash }) => hash)).toEqual([server.hash, server.hash])
      expect(codes.toSorted()).toEqual(['CLIENT_REFUSED', undefined])
      const winner = codes[0] === undefined ? ['one'] : ['two', 'three']
      expect(server.items).toEqual(['before', ...winner])
      const loser = states[codes[0] === undefined ? 1 : 0]
      expect(loser?.refused.length).toBe(3 - winner.length)
      // Both write on, each under an actor of its own.
      await one.edit(['four'])
      await two.edit(['five'])
      expect(await Promise.all([one.saved(), two.saved()])).toEqual([undefined, undefined])
      expect((await stored('cloned')).items.toSorted()).toEqual(['before', 'five', 'four', ...winner].toSorted())
    } finally {
      await other.remove()
      rmSync(copy, { recursive: true, force: true })
    }
  })
})
