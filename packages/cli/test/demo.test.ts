/** `joinery serve --demo`: the sample application at /, and its list, once. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { serve, temporaryDirectory } from './joinery.ts'

const headers = { 'X-Tenant-ID': 'todo', 'X-Node-ID': 'phone' }
const LIST = '/v1/docs/weekend-at-the-lake'

interface Value {
  readonly version: number
  readonly value: { readonly name: string; readonly items: readonly string[]; readonly order: readonly string[] }
}

describe('joinery serve --demo', () => {
  test('serves the application, and writes its list once', async () => {
    const store = `sqlite:${join(temporaryDirectory(), 'a.sqlite')}`
    const first = await serve(['--store', store, '--demo'])
    const page = await fetch(first.url)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const html = await page.text()
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1]
    expect((await fetch(`${first.url}${script}`)).headers.get('cache-control')).toContain('immutable')
    expect((await fetch(`${first.url}/l/some-list`)).status).toBe(200)
    // What the service worker fetches is there: otherwise it would never be installed.
    const worker = await (await fetch(`${first.url}/sw.js`)).text()
    const files = JSON.parse(/const files = (\[.*\])/.exec(worker)?.[1] ?? '[]') as string[]
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) expect([file, (await fetch(`${first.url}${file}`)).status]).toEqual([file, 200])

    const read = async (url: string) => (await (await fetch(`${url}${LIST}`, { headers })).json()) as Value
    const { version, value } = await read(first.url)
    expect(value.name).toBe('Weekend at the lake')
    expect(value.items.length).toBeGreaterThan(5)
    expect(value.order.toSorted()).toEqual(value.items.toSorted())
    first.signal('SIGTERM')
    await first.exited

    const second = await serve(['--store', store, '--demo'])
    expect((await read(second.url)).version).toBe(version)
    // Whoever deletes it is rid of it.
    await fetch(`${second.url}${LIST}`, { method: 'DELETE', headers })
    second.signal('SIGTERM')
    await second.exited
    const third = await serve(['--store', store], { DEMO: 'true' })
    expect((await fetch(`${third.url}${LIST}`, { headers })).status).toBe(410)
    expect((await fetch(third.url)).status).toBe(200)
  })

  test('is not what a server does unasked', async () => {
    const server = await serve(['--store', 'memory:'])
    expect((await fetch(server.url)).status).toBe(404)
    expect((await fetch(`${server.url}${LIST}`, { headers })).status).toBe(404)
  })
})
