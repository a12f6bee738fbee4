/** `joinery keys`, and the rest of the command line. */
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { joinery, joineryHere, ROOT, serve, temporaryDirectory } from './joinery.ts'

describe('keys', () => {
  test('create, use, list, revoke', async () => {
    const path = join(temporaryDirectory(), 'a.sqlite')
    const store = ['--store', `sqlite:${path}`]
    const created = await joinery(['keys', 'create', ...store, '--tenant', 'acme', '--name', 'ci'])
    expect(created.code).toBe(0)
    const key = created.stdout.trim()
    expect(key).toMatch(/^jk_[0-9a-f]{16}_[\w-]{43}$/)
    expect(created.stderr).toContain('shown this once')
    const id = key.slice(3, 19)

    const server = await serve([...store, '--addr', '127.0.0.1:0'])
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${server.url}/v1/docs`, { headers: { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'n', ...headers } }))
        .status
    expect(await ask({ 'X-API-Key': key })).toBe(200)
    expect(await ask({ 'X-API-Key': key, 'X-Tenant-ID': 'other' })).toBe(403)
    expect(await ask({})).toBe(401)
    expect(await server.stop()).toBe(0)

    const listed = await joineryHere(['keys', 'list', '--json'], { STORE: `sqlite:${path}` })
    expect(JSON.parse(listed.stdout)).toEqual([{ id, tenant: 'acme', name: 'ci', createdAt: expect.any(String) }])
    expect((await joineryHere(['keys', 'revoke', ...store, id])).stdout).toContain('revoked')
    expect((await joineryHere(['keys', 'list', ...store, '--tenant', 'other'])).stdout).toBe('')
    expect((await joineryHere(['keys', 'revoke', ...store, 'nobody'])).code).toBe(2)
    expect(readFileSync(path).includes(key.slice(-43))).toBe(false)

    const again = await serve([...store, '--addr', '127.0.0.1:0'])
    const refused = await fetch(`${again.url}/v1/docs`, {
      headers: { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'n', 'X-API-Key': key },
    })
    expect(refused.status).toBe(401)
    expect(await again.stop()).toBe(0)
  })

  test('of a running server: through its socket, effective at once', async () => {
    const path = join(temporaryDirectory(), 'a.sqlite')
    const store = ['--store', `sqlite:${path}`]
    const server = await serve(store)
    const ask = async (key?: string): Promise<number> => {
      const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'n', ...(key !== undefined && { 'X-API-Key': key }) }
      return (await fetch(`${server.url}/v1/docs`, { headers })).status
    }
    expect(statSync(`${path}.control`).mode & 0o777).toBe(0o600)
    expect(await ask()).toBe(200)
    const key = (await joineryHere(['keys', 'create', ...store, '--tenant', 'acme'])).stdout.trim()
    expect(await ask()).toBe(401)
    expect(await ask(key)).toBe(200)
    expect((await joineryHere(['keys', 'list', ...store])).stdout).toContain('acme')
    expect((await joineryHere(['keys', 'revoke', ...store, key.slice(3, 19)])).stdout).toContain('revoked')
    expect((await joineryHere(['keys', 'revoke', ...store, 'nobody'])).code).toBe(2)
    expect(await ask(key)).toBe(401)
    expect(server.stderr()).not.toContain(key.slice(-43))
    // Killed, it leaves the socket behind; nobody answers there, and the next server takes it over.
    server.signal('SIGKILL')
    await server.exited
    expect((await joineryHere(['keys', 'list', ...store])).stdout).toContain('revoked')
    const again = await serve(store)
    expect((await joineryHere(['keys', 'list', ...store])).stdout).toContain('revoked')
    expect(await again.stop()).toBe(0)
    expect(existsSync(`${path}.control`)).toBe(false)
  })

  test('what is no request about keys is not answered', async () => {
    const path = join(temporaryDirectory(), 'a.sqlite')
    const server = await serve(['--store', `sqlite:${path}`])
    for (const bytes of ['nonsense\n', '{"command":"drop"}\n', `${'x'.repeat(5000)}\n`]) {
      const socket = connect(`${path}.control`)
      socket.on('error', () => {}).resume()
      socket.write(bytes)
      await once(socket, 'close')
      expect(socket.bytesRead).toBe(0)
    }
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    expect(await server.stop()).toBe(0)
  })

  test.each([
    [['create', '--store', 'memory:', '--tenant', 'a'], 'gone at once'],
    [['create', '--store', 'sqlite:x.sqlite'], '--tenant'],
    [['create', '--store', 'sqlite:x.sqlite', '--tenant', ''], '--tenant is malformed'],
    [['create', '--store', 'sqlite:x.sqlite', '--tenant', 'é'.repeat(65)], '--tenant is malformed'],
    [['create', '--store', 'sqlite:x.sqlite', '--tenant', 'a\tb'], '--tenant is malformed'],
    [['revoke', '--store', 'sqlite:x.sqlite'], 'missing required argument'],
    [['frobnicate'], 'unknown command'],
  ])('%j is refused', async (args, message) => {
    const finished = await joineryHere(['keys', ...args])
    expect(finished.stderr).toContain(message)
    expect(finished.code).toBe(2)
  })
})

test('--version and --help', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8')) as { version: string }
  expect(await joinery(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  const help = await joineryHere(['serve', '--help'])
  expect(help.code).toBe(0)
  for (const option of [
    '--addr',
    '--store',
    '--tls-cert',
    '--tls-key',
    '--allow-origin',
    '--insecure',
    '--log-level',
  ]) {
    expect(help.stdout).toContain(option)
  }
  expect((await joineryHere([])).code).toBe(2)
})
