/** `/metrics`: what Prometheus reads, and who may. */
import { defineSchema, lww } from '@joinery/core'
import { afterEach, expect, it } from 'vitest'
import { serverMetrics } from '../../src/metrics/metrics.ts'
import { connectClient, startServer, type TestServer, until } from './harness.ts'
import { hello, openRaw, subscribe } from './raw-client.ts'

const running: TestServer[] = []
afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close()
})

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

/** A sample's value; undefined where there is none. */
function sample(text: string, name: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

it('tells what happened through both doors, and what is there', async () => {
  const { server, wsUrl } = await start({ metrics: serverMetrics() })
  const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }
  await fetch(`${server.url}/v1/docs/a`, { method: 'PUT', headers, body: JSON.stringify({ type: 'lww', value: 1 }) })
  await fetch(`${server.url}/v1/docs/none`, { headers })
  for (const path of ['x', 'v1/x', 'v1/docs/a/x']) {
    await fetch(`${server.url}/${path}`)
    await fetch(`${server.url}/${path}`, { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'GET' } })
  }
  const client = connectClient(wsUrl, 'anna')
  const followed = client.follow('b', defineSchema({ title: lww<string>() }))
  const doc = await followed.opened()
  doc.change((root) => root.title.set('x'))
  await followed.saved()
  // What was just begun is read back from the store by its next use.
  await fetch(`${server.url}/v1/docs/a`, { headers })
  await fetch(`${server.url}/v1/docs/b`, { headers })
  const answer = await fetch(`${server.url}/metrics`)
  expect(answer.headers.get('content-type')).toContain('text/plain')
  const text = await answer.text()
  expect(sample(text, 'joinery_changes_stored_total{door="http"}')).toBe(1)
  expect(sample(text, 'joinery_changes_stored_total{door="session"}')).toBe(1)
  expect(sample(text, 'joinery_sockets')).toBe(1)
  expect(sample(text, 'joinery_documents_followed')).toBe(1)
  expect(sample(text, 'joinery_documents_resident')).toBe(2)
  expect(sample(text, 'joinery_documents_resident_bytes')).toBeGreaterThan(100)
  expect(sample(text, 'joinery_changes_waiting')).toBe(0)
  expect(sample(text, 'joinery_sync_lag_seconds_count')).toBe(1)
  expect(sample(text, 'joinery_store_commit_duration_seconds_count')).toBe(2)
  expect(sample(text, 'joinery_refusals_total{door="http",code="NOT_FOUND"}')).toBe(1)
  expect(sample(text, 'joinery_operations_total{operation="put",outcome="done"}')).toBe(1)
  expect(sample(text, 'joinery_operations_total{operation="read",outcome="done"}')).toBe(2)
  expect(sample(text, 'joinery_operations_total{operation="read",outcome="refused"}')).toBe(1)
  expect(sample(text, 'joinery_operations_total{operation="subscribe",outcome="done"}')).toBe(1)
  expect(sample(text, 'joinery_operations_total{operation="change",outcome="done"}')).toBe(1)
  expect(sample(text, 'joinery_operation_duration_seconds_count{operation="read"}')).toBe(3)
  expect(sample(text, 'joinery_store_read_duration_seconds_count{read="head"}')).toBeGreaterThan(0)
  expect(sample(text, 'joinery_subscriptions')).toBe(1)
  expect(sample(text, 'joinery_http_requests_active'), 'metrics are none of them').toBe(0)
  expect(text).toContain('route="/v1/docs/{docID}"')
  expect(text).toContain('route="unknown"')
  expect(text).not.toMatch(/route="[^"]*x"/)
  client.connection.close()
})

it('needs a key once there are keys', async () => {
  const { server, keys } = await start({ metrics: serverMetrics() })
  const { key } = await keys.create({ tenant: 'acme', name: 'prometheus' })
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${server.url}/metrics`, { headers })).status
  expect(await status({})).toBe(401)
  expect(await status({ Authorization: 'Bearer jk_0000000000000000_nothing' })).toBe(401)
  expect(await status({ Authorization: `Bearer ${key}` })).toBe(200)
  expect(await status({ 'X-API-Key': key })).toBe(200)
})

it('documents leave memory when nobody uses them, and when they do not fit', async () => {
  const { server, service } = await start({ serviceLimits: { residentIdleMsMax: 300, residentBytesMax: 30_000 } })
  const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }
  for (let i = 0; i < 20; i += 1) {
    const body = JSON.stringify({ type: 'lww', value: 'x'.repeat(5_000) })
    await fetch(`${server.url}/v1/docs/${i}`, { method: 'PUT', headers, body })
    // A document that was just begun is read back from the store.
    await fetch(`${server.url}/v1/docs/${i}`, { headers })
    expect(service.resident.bytes).toBeLessThanOrEqual(30_000)
  }
  expect(service.resident.documents).toBeGreaterThan(2)
  await until(() => service.resident.documents === 0, 'idle')
  expect(service.resident.bytes).toBe(0)
  const answer = await fetch(`${server.url}/v1/docs/3`, { headers })
  expect(((await answer.json()) as { value: string }).value).toHaveLength(5_000)
})

it('conflicts, compactions, queues and what is held', async () => {
  const metrics = serverMetrics()
  const { server, wsUrl, service } = await start({
    metrics,
    serviceLimits: { historyVersionsMin: 5, compactionMsMin: 1 },
    sessionLimits: { retryAfterMs: 20 },
  })
  const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }
  const apply = (since: number) =>
    fetch(`${server.url}/v1/docs/tags/ops`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ type: 'orset', since, ops: [{ type: 'add', elem: since }] }),
    })
  for (let i = 0; i < 12; i += 1) await apply(0)
  expect((await apply(11)).status).toBe(200)
  const stream = await fetch(`${server.url}/v1/docs/tags/events`, { headers })
  const client = await openRaw(wsUrl)
  client.send(hello('n'), subscribe('plan'))
  const { handle } = await client.next('subscribed')
  const part = {
    kind: 'upload',
    handle,
    batch: 1,
    tellReceived: false,
    restart: false,
    total: 1_000,
    offset: 0,
  } as const
  client.send(
    { kind: 'presence', handle, state: new Uint8Array(100) },
    { ...part, payload: new Uint8Array(1) },
    { kind: 'ping', nonce: 1 },
  )
  await client.next('pong')
  await until(() => service.backlog.compactions === 0 && service.backlog.tasks === 0, 'rest')
  const text = await (await fetch(`${server.url}/metrics`)).text()
  expect(sample(text, 'joinery_conflicts_resolved_total')).toBe(1)
  expect(sample(text, 'joinery_compactions_total')).toBeGreaterThan(0)
  expect(sample(text, 'joinery_compaction_failures_total')).toBe(0)
  expect(sample(text, 'joinery_http_streams')).toBe(1)
  expect(sample(text, 'joinery_changes_pending_bytes')).toBe(1_000)
  expect(sample(text, 'joinery_presence_bytes')).toBe(356)
  client.socket.terminate()
  await stream.body?.cancel()
  const after = async (name: string) => sample(await (await fetch(`${server.url}/metrics`)).text(), name)
  for (const name of [
    'joinery_changes_pending_bytes',
    'joinery_presence_bytes',
    'joinery_http_streams',
    'joinery_sockets',
  ]) {
    await expect.poll(() => after(name), name).toBe(0)
  }
})
