/** Who gets in: keys, hosts, origins; and what every answer carries. */

import { isLoopbackHost, parseAddress } from '@joinery/http'
import { describe, expect, test } from 'vitest'
import { openKeyRing } from '../../src/keys.ts'
import { countingRandom, NOW_MS, testApp } from './harness.ts'

describe('keys', () => {
  test('none is asked for until there is one, then every tenant needs one', async () => {
    const at = await testApp()
    expect((await at.call('GET', '/v1/docs')).status).toBe(200)
    const { key } = await at.keys.create({ tenant: 'acme', name: 'ci' })
    const get = (headers: Record<string, string | undefined>) => at.call('GET', '/v1/docs', { headers })
    expect((await get({})).json).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 })
    expect((await get({})).headers.get('www-authenticate')).toBeTruthy()
    expect((await get({ 'X-API-Key': 'jk_wrong' })).status).toBe(401)
    expect((await get({ 'X-API-Key': `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}` })).status).toBe(401)
    expect((await get({ 'X-API-Key': key, 'X-Tenant-ID': 'other' })).json).toMatchObject({
      code: 'FORBIDDEN',
      status: 403,
    })
    expect((await get({ 'X-API-Key': key })).status).toBe(200)
    // Who has no key learns nothing else either.
    expect((await get({ 'X-Node-ID': undefined })).status).toBe(401)
    expect((await at.call('GET', '/healthz')).status).toBe(200)
    expect((await at.call('GET', '/openapi.json')).status).toBe(200)
  })

  test('a revoked key is no key, and the server stays closed', async () => {
    const at = await testApp()
    const { key, id } = await at.keys.create({ tenant: 'acme', name: '' })
    expect(await at.keys.revoke(id)).toMatchObject({ id, revokedAt: expect.any(String) })
    expect(await at.keys.revoke('0000000000000000')).toBeUndefined()
    expect((await at.call('GET', '/v1/docs', { headers: { 'X-API-Key': key } })).status).toBe(401)
    expect((await at.call('GET', '/v1/docs')).status).toBe(401)
    expect(at.keys.list('acme')).toHaveLength(1)
    expect(at.keys.list('other')).toEqual([])
  })

  test('the store holds a hash and never the key', async () => {
    const at = await testApp()
    const { key, id } = await at.keys.create({ tenant: 'acme', name: 'ci' })
    expect(key).toMatch(/^jk_[0-9a-f]{16}_[\w-]{43}$/)
    const kept = JSON.stringify(await at.store.values(''))
    expect(kept).toContain(id)
    expect(kept).not.toContain(key.slice(-43))
    const again = await openKeyRing({ store: at.store, random: countingRandom(), now: () => NOW_MS })
    expect(again.check(key, 'acme')).toMatchObject({ verdict: 'granted' })
    expect(JSON.stringify(again.list())).not.toContain('hash')
  })

  test('no key is logged', async () => {
    const at = await testApp()
    const { key } = await at.keys.create({ tenant: 'acme', name: 'ci' })
    await at.call('GET', '/v1/docs', { headers: { 'X-API-Key': key } })
    await at.call('GET', '/v1/docs', { headers: { 'X-API-Key': key, 'X-Tenant-ID': 'other' } })
    expect(JSON.stringify(at.logged)).not.toContain(key.slice(-43))
  })
})

describe('hosts', () => {
  const get = async (host: string, withKeys = false) => {
    const at = await testApp({ loopbackOnly: true })
    const headers: Record<string, string> = { Host: host }
    if (withKeys) headers['X-API-Key'] = (await at.keys.create({ tenant: 'acme', name: '' })).key
    return at.call('GET', '/v1/docs', { headers })
  }

  test.each(['localhost', 'localhost:8080', 'LOCALHOST:1', '127.0.0.1:8080', '127.3.2.1', '[::1]:8080', '[::1]'])(
    '%s is ours',
    async (host) => {
      expect((await get(host)).status).toBe(200)
    },
  )

  test.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '[::2]',
    '0.0.0.0:8080',
  ])('%s is not', async (host) => {
    expect((await get(host)).json).toMatchObject({ code: 'HOST_UNKNOWN', status: 421 })
  })

  test('with keys any name will do', async () => {
    expect((await get('api.example', true)).status).toBe(200)
  })

  test('an open server on other addresses has any name', async () => {
    const at = await testApp({ loopbackOnly: false })
    expect((await at.call('GET', '/v1/docs', { headers: { Host: 'api.example' } })).status).toBe(200)
  })
})

describe('origins', () => {
  const preflight = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'PUT' }

  test('closed unless listed', async () => {
    const at = await testApp()
    const asked = await at.call('OPTIONS', '/v1/docs/d', { headers: preflight })
    expect(asked.status).toBe(204)
    expect([...asked.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    const read = await at.call('GET', '/v1/docs', { headers: { Origin: 'https://app.example' } })
    expect(read.headers.has('access-control-allow-origin')).toBe(false)
  })

  test('a listed origin may call, and read refusals too; others may not', async () => {
    const at = await testApp({ allowOrigins: ['https://app.example'] })
    const asked = await at.call('OPTIONS', '/v1/docs/d', { headers: preflight })
    expect(asked.status).toBe(204)
    expect(asked.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(asked.headers.get('access-control-allow-methods')).toContain('PUT')
    expect(asked.headers.get('access-control-allow-headers')).toContain('X-Tenant-ID')
    expect(asked.headers.get('vary')).toBe('Origin')
    expect(asked.headers.has('access-control-allow-credentials')).toBe(false)
    const refused = await at.call('GET', '/v1/docs/none', { headers: { Origin: 'https://app.example' } })
    expect(refused.status).toBe(404)
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example')
    for (const origin of ['https://evil.example', 'http://app.example', 'https://app.example:8443', 'null']) {
      const answer = await at.call('GET', '/v1/docs', { headers: { Origin: origin } })
      expect(answer.headers.has('access-control-allow-origin'), origin).toBe(false)
    }
  })
})

test('every answer carries the security headers', async () => {
  const at = await testApp({ tls: true })
  for (const path of ['/healthz', '/v1/docs', '/nothing', '/openapi.json']) {
    const { headers } = await at.call('GET', path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d+$/)
  }
  const plain = await (await testApp()).call('GET', '/healthz')
  expect(plain.headers.has('strict-transport-security')).toBe(false)
})

test('addresses', () => {
  expect(parseAddress(':8080')).toEqual({ port: 8080 })
  expect(parseAddress('127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 })
  expect(parseAddress('[::1]:80')).toEqual({ host: '::1', port: 80 })
  expect(parseAddress('my-host.example:65535')).toEqual({ host: 'my-host.example', port: 65_535 })
  for (const bad of [
    '',
    '8080',
    'host',
    'host:',
    ':x',
    ':65536',
    '::1:80',
    '[::1]',
    '[x]:1',
    'a b:1',
    'http://a:1',
    '1.2.3.4:-1',
  ]) {
    expect(parseAddress(bad), bad).toBeUndefined()
  }
  expect(['localhost', '127.0.0.1', '127.255.0.1', '::1'].every(isLoopbackHost)).toBe(true)
  expect(['localhost.', '128.0.0.1', '127.1', '::', '0.0.0.0', 'loopback'].some(isLoopbackHost)).toBe(false)
})
