/** The executable script of the HTTP API, against a real server process on SQLite; with and without keys. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command, joineryHere, ROOT, serve, temporaryDirectory } from './joinery.ts'

const SCRIPT = join(ROOT, 'docs/examples/http-api.sh')

test('docs/examples/http-api.sh gets the documented answers', async () => {
  const server = await serve(['--store', `sqlite:${temporaryDirectory()}/a.sqlite`])
  const { code, stdout, stderr } = await command('bash', [SCRIPT, server.url])
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^\d+ checks, 0 failures\n$/)
  expect(code).toBe(0)
  expect(Number.parseInt(stdout, 10)).toBeGreaterThan(170)
  expect(await server.stop()).toBe(0)
})

test('the same with keys', async () => {
  const store = `sqlite:${temporaryDirectory()}/a.sqlite`
  const create = async (tenant: string): Promise<string> =>
    (await joineryHere(['keys', 'create', '--store', store, '--tenant', tenant])).stdout.trim()
  const API_KEY = await create('acme')
  const OTHER_KEY = await create('other')
  const server = await serve(['--store', store])
  const variables = { TENANT: 'acme', API_KEY, OTHER_KEY, SHORT: '1' }
  const { code, stdout } = await command('bash', [SCRIPT, server.url], variables)
  expect(stdout).toMatch(/^\d+ checks, 0 failures\n$/)
  expect(code).toBe(0)
  expect(server.stderr()).not.toContain(API_KEY.slice(-43))
  expect(await server.stop()).toBe(0)
})

test('it says so when there is no server', async () => {
  const { code, stdout } = await command('bash', [SCRIPT, 'http://127.0.0.1:9'])
  expect(code).toBe(1)
  expect(stdout).toContain('no server at http://127.0.0.1:9')
})
