/** `joinery serve` on LevelDB: one server at a time, whose keys are managed while it runs. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { joineryHere, serve, temporaryDirectory } from './joinery.ts'

test('a directory lasts, has one server, and takes keys through it', async () => {
  const store = ['--store', `leveldb:${join(temporaryDirectory(), 'store')}`]
  const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'phone', 'Content-Type': 'application/json' }
  const body = JSON.stringify({ type: 'gset', ops: [{ type: 'add', elem: 'there' }] })
  const server = await serve(store)
  const written = await fetch(`${server.url}/v1/docs/a/ops`, { method: 'POST', headers, body })
  expect(written.status).toBe(200)
  const second = await joineryHere(['serve', '--addr', '127.0.0.1:0', ...store])
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('STORE_LOCKED') })
  const created = await joineryHere(['keys', 'create', ...store, '--tenant', 'acme'])
  expect(created.code).toBe(0)
  expect(await server.stop()).toBe(0)

  const again = await serve(store)
  const withKey = { ...headers, 'X-API-Key': created.stdout.trim() }
  const read = await fetch(`${again.url}/v1/docs/a`, { headers: withKey })
  expect(await read.json()).toMatchObject({ value: ['there'] })
  expect((await fetch(`${again.url}/v1/docs/a`, { headers })).status).toBe(401)
  expect(await again.stop()).toBe(0)
})
