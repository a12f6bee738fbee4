/** Pages of an application beside the API: what is answered, cached, packed, forbidden, and left to others. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSite } from '@joinery/http'
import { memoryStore } from '@joinery/storage/memory'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKeyRing } from '../../src/keys.ts'
import { createServer, type JoineryServer } from '../../src/server.ts'
import { countingRandom, testService } from './harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'joinery-site-'))
const script = `export const text = '${'joinery '.repeat(200)}'`
let server: JoineryServer

beforeAll(async () => {
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(folder, 'sw.js'), 'self')
  writeFileSync(join(folder, 'app.webmanifest'), '{}')
  writeFileSync(join(folder, 'assets', 'app-1a2b.js'), script)
  writeFileSync(join(folder, 'assets', 'font-1a2b.woff2'), new Uint8Array([1, 2, 3]))
  const store = memoryStore()
  const random = countingRandom()
  server = await createServer({
    service: testService(store),
    keys: await openKeyRing({ store, random, now: Date.now }),
    logger: pino({ level: 'silent' }),
    random,
    now: Date.now,
    version: '0.0.0-test',
    address: '127.0.0.1:0',
    site: { folder, pages: ['/l/'] },
  })
})

afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const get = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, init)

describe('a site', () => {
  test.each([
    ['/', 'text/html', 'no-cache'],
    ['/index.html', 'text/html', 'no-cache'],
    ['/l/any-list', 'text/html', 'no-cache'],
    ['/sw.js', 'text/javascript', 'no-cache'],
    ['/app.webmanifest', 'application/manifest+json', 'no-cache'],
    ['/assets/app-1a2b.js', 'text/javascript', 'public, max-age=31536000, immutable'],
    ['/assets/font-1a2b.woff2', 'font/woff2', 'public, max-age=31536000, immutable'],
  ])('answers %s as %s, to be kept: %s', async (path, type, caching) => {
    const answer = await get(path)
    expect([
      answer.status,
      answer.headers.get('content-type')?.split(';')[0],
      answer.headers.get('cache-control'),
    ]).toEqual([200, type, caching])
    const policy = answer.headers.get('content-security-policy')?.split('; ')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy?.join()).not.toMatch(/unsafe|\*|http/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('is not sent again to who has it', async () => {
    const first = await get('/sw.js')
    const etag = first.headers.get('etag')!
    for (const header of [etag, `"other", W/${etag}`]) {
      const again = await get('/sw.js', { headers: { 'If-None-Match': header } })
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
    }
    expect((await get('/sw.js', { headers: { 'If-None-Match': '"other"' } })).status).toBe(200)
  })

  test('is packed for who takes that, where it is worth it', async () => {
    const packed = await get('/assets/app-1a2b.js', { headers: { 'Accept-Encoding': 'br, gzip' } })
    expect([packed.headers.get('content-encoding'), packed.headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding'])
    expect(await packed.text()).toBe(script)
    for (const accepted of ['identity', 'gzip;q=0']) {
      const plain = await get('/assets/app-1a2b.js', { headers: { 'Accept-Encoding': accepted } })
      expect(plain.headers.get('content-encoding')).toBeNull()
      expect(await plain.text()).toBe(script)
    }
    const small = await get('/assets/font-1a2b.woff2', { headers: { 'Accept-Encoding': 'gzip' } })
    expect(small.headers.get('content-encoding')).toBeNull()
  })

  test('answers HEAD, and leaves all else to the API', async () => {
    const head = await get('/', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    for (const [path, init, code] of [
      ['/', { method: 'POST' }, 'ROUTE_UNKNOWN'],
      ['/l/', {}, 'ROUTE_UNKNOWN'],
      ['/assets/', {}, 'ROUTE_UNKNOWN'],
      ['/..%2fpackage.json', {}, 'ROUTE_UNKNOWN'],
      ['/assets/../../secret', {}, 'ROUTE_UNKNOWN'],
      ['/v1/docs/a', { headers: { 'X-Tenant-ID': 't', 'X-Node-ID': 'n' } }, 'NOT_FOUND'],
    ] as const) {
      const answer = await get(path, init)
      expect([path, ((await answer.json()) as { code: string }).code]).toEqual([path, code])
      expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
    }
    expect((await get('/healthz')).status).toBe(200)
  })

  test('must be there, and within its bound', () => {
    const invalid = expect.objectContaining({ code: 'START_SITE_INVALID' })
    const bytes = [...readSite({ folder, pages: [] }, 1_000_000).files]
      .filter(([path]) => path !== '/')
      .reduce((sum, [, { body }]) => sum + body.length, 0)
    expect(() => readSite({ folder, pages: [] }, bytes)).not.toThrow()
    expect(() => readSite({ folder, pages: [] }, bytes - 1)).toThrow(invalid)
    expect(() => readSite({ folder: join(folder, 'nowhere'), pages: [] }, bytes)).toThrow(invalid)
    expect(() => readSite({ folder: join(folder, 'assets'), pages: [] }, bytes)).toThrow(invalid)
  })
})
