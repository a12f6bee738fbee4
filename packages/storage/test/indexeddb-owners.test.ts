import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { storePages } from './indexeddb/browser.ts'
import { openIn } from './indexeddb/remote-store.ts'
import { change, changesOf, doc, write } from './store-helpers.ts'

/** This name leads to the loopback and is not served securely, so its pages have no Web Locks. */
const insecureHost = 'insecure.test'
const { newPage, server, browser } = storePages([`--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`])

let names = 0
function newName(): string {
  names += 1
  return `owners-${names}`
}

const locked = { code: 'STORE_LOCKED' }

describe('two pages of an origin, with Web Locks', () => {
  test('the second is refused, and owns the store when the first has closed it', async () => {
    const [first, second] = [await newPage(), await newPage()]
    const name = newName()
    const store = await openIn(first, { name })
    await write(store, 2)
    await expect(openIn(second, { name })).rejects.toMatchObject(locked)
    await write(store, 1)
    await store.close()
    const next = await openIn(second, { name })
    expect(next.identity).toEqual({ storeId: store.identity.storeId, continuous: true })
    expect(await changesOf(next)).toEqual(['change 1', 'change 2', 'change 3'])
  })

  test('who waits owns the store when the page of the owner is gone, and continues it', async () => {
    const [first, second] = [await newPage(), await newPage()]
    const name = newName()
    const store = await openIn(first, { name })
    await write(store, 2)
    let isOpen = false
    const waiting = openIn(second, { name, whenLocked: 'wait' }).then((opened) => {
      isOpen = true
      return opened
    })
    // Long enough for one that does not wait.
    await write(store, 20)
    expect(isOpen).toBe(false)
    await first.close()
    const next = await waiting
    expect(next.identity).toEqual({ storeId: store.identity.storeId, continuous: true })
    expect((await next.head(doc))?.version).toBe(22)
    await write(next, 1)
  })

  test('who gives up waiting is refused and keeps nothing', async () => {
    const [first, second] = [await newPage(), await newPage()]
    const name = newName()
    const store = await openIn(first, { name })
    const waiting = openIn(second, { name, whenLocked: 'wait', giveUpMs: 100 })
    await expect(waiting).rejects.toMatchObject(locked)
    await store.close()
    await (await openIn(first, { name })).close()
  })

  test('an owner whose lock was stolen writes nothing any more', async () => {
    const [first, second] = [await newPage(), await newPage()]
    const name = newName()
    const store = await openIn(first, { name })
    await write(store, 1)
    const lost = store.lost()
    await second.evaluate((lock) => navigator.locks.request(lock, { steal: true }, () => {}), `joinery:${name}`)
    expect(await lost).toBe('STORE_LOCKED')
    await expect(store.commit(change(doc, 1))).rejects.toMatchObject(locked)
    await expect(store.head(doc)).rejects.toMatchObject(locked)
    await store.close()
    const next = await openIn(second, { name })
    expect(await changesOf(next)).toEqual(['change 1'])
  })

  test('contexts have stores of their own', async () => {
    const other = await browser().newContext()
    const name = newName()
    const store = await openIn(await newPage(), { name })
    await write(store, 1)
    const apart = await openIn(await newPage({ context: other }), { name })
    expect(await apart.head(doc)).toBeUndefined()
    expect(apart.identity.storeId).not.toBe(store.identity.storeId)
    await other.close()
  })

  test('a store opens in a worker and keeps pages out', async () => {
    const page = await newPage()
    const name = newName()
    const call = (...message: unknown[]) =>
      page.evaluate((data) => {
        const scope = globalThis as unknown as { worker?: Worker }
        scope.worker ??= new Worker('/page.js', { type: 'module' })
        return new Promise<unknown>((resolve) => {
          scope.worker!.onmessage = (event) => resolve(event.data)
          scope.worker!.postMessage(data)
        })
      }, message)
    expect(await call('open', { name })).toMatchObject({ ok: true, value: { handle: 0 } })
    expect(await call('call', 0, 'commit', [change(doc, 0)])).toMatchObject({ ok: true })
    await expect(openIn(page, { name })).rejects.toMatchObject(locked)
    await page.evaluate(() => (globalThis as unknown as { worker: Worker }).worker.terminate())
    const store = await openIn(page, { name, whenLocked: 'wait' })
    expect((await store.head(doc))?.version).toBe(1)
  })
})

describe('two pages of an origin, without Web Locks', () => {
  const limits = { leaseMs: 1_500 }
  const newInsecurePage = () => newPage({ url: `http://${insecureHost}:${server().port}/` })

  async function withoutLocks(): Promise<[Page, Page]> {
    const pages: [Page, Page] = [await newInsecurePage(), await newInsecurePage()]
    expect(await pages[0].evaluate(() => navigator.locks === undefined)).toBe(true)
    return pages
  }

  test('the second is refused for as long as the first is there, and let in at once when it closes the store', async () => {
    const [first, second] = await withoutLocks()
    const name = newName()
    const store = await openIn(first, { name, limits })
    await write(store, 1)
    // Beyond the end of a lease that is not renewed.
    const until = Date.now() + 2 * limits.leaseMs
    while (Date.now() < until) await expect(openIn(second, { name, limits })).rejects.toMatchObject(locked)
    await write(store, 1)
    await store.close()
    const next = await openIn(second, { name, limits })
    expect(next.identity).toEqual({ storeId: store.identity.storeId, continuous: true })
    expect((await next.head(doc))?.version).toBe(2)
    await next.close()
  })

  test('an owner that is gone without a word is followed when its lease ends', async () => {
    const [first, second] = await withoutLocks()
    const name = newName()
    const store = await openIn(first, { name, limits })
    await write(store, 1)
    await first.close()
    await expect(openIn(second, { name, limits })).rejects.toMatchObject(locked)
    const next = await openIn(second, { name, limits, whenLocked: 'wait' })
    expect((await next.head(doc))?.version).toBe(1)
    await next.close()
  })

  test('who gives up waiting is refused', async () => {
    const [first, second] = await withoutLocks()
    const name = newName()
    await openIn(first, { name, limits })
    const waiting = openIn(second, { name, limits, whenLocked: 'wait', giveUpMs: 50 })
    await expect(waiting).rejects.toMatchObject(locked)
  })

  test('an owner whose lease ran out while it slept changes nothing, whoever writes first', async () => {
    const [first, second] = await withoutLocks()
    const name = newName()
    // Its timers never come.
    await first.evaluate(() => {
      globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout
    })
    const store = await openIn(first, { name, limits })
    await write(store, 1)
    const next = await openIn(second, { name, limits, whenLocked: 'wait' })
    const lost = store.lost()
    const codes = await Promise.allSettled([
      store.commit(change(doc, 1, 'too late')),
      store.setValue('name', 'too late'),
    ])
    expect(codes.map((one) => one.status === 'rejected' && one.reason.code)).toEqual(['STORE_LOCKED', 'STORE_LOCKED'])
    expect(await lost).toBe('STORE_LOCKED')
    await expect(store.head(doc)).rejects.toMatchObject(locked)
    expect(await changesOf(next)).toEqual(['change 1'])
    expect(await next.value('name')).toBeUndefined()
    await store.close()
    await write(next, 1)
    expect(await changesOf(next)).toEqual(['change 1', 'change 2'])
    await next.close()
  })

  test('a lease from a clock that was put back keeps nobody out', async () => {
    const [first, second] = await withoutLocks()
    const name = newName()
    await first.evaluate(() => {
      const now = Date.now
      Date.now = () => now() + 3_600_000
    })
    await openIn(first, { name, limits })
    await first.close()
    const next = await openIn(second, { name, limits })
    await next.close()
  })
})
