/** The HTTP API of a cluster: what it answers, what it refuses, and that it describes itself. */
import { randomBytes } from 'node:crypto'
import type { RunningHost } from '@joinery/http'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { type Cluster, clusterErrors, clusterLimits, serveCluster } from '../src/index.ts'
import { scheduler, testNetwork, until } from './clusters.ts'

const hosts: RunningHost[] = []
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()))
})

async function serve(cluster: Cluster, key?: string): Promise<RunningHost> {
  const host = await serveCluster({
    cluster,
    address: '127.0.0.1:0',
    keys: { required: () => key !== undefined, isValid: (sent) => sent === key },
    logger: pino({ level: 'silent' }),
    metrics: { text: async () => 'up 1\n' },
    random: randomBytes,
    now: () => performance.now(),
    scheduler,
    version: '0',
  })
  hosts.push(host)
  return host
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

async function ask(host: RunningHost, method: string, path: string, body?: unknown): Promise<Answer> {
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(host.url + path, { method, ...sent })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function alone(): Promise<{ readonly cluster: Cluster; readonly host: RunningHost }> {
  const cluster = await testNetwork().start({ nodeId: 'a', region: 'eu' })
  return { cluster, host: await serve(cluster) }
}

test('virtual machines are written, read, placed, moved and removed', async () => {
  const { host } = await alone()
  const put = await ask(host, 'PUT', '/v1/vms/web%2F1', { status: 'running', metadata: { owner: 'shop' } })
  expect(put).toMatchObject({ status: 200, body: { id: 'web/1', status: 'running', metadata: { owner: 'shop' } } })
  expect((await ask(host, 'POST', '/v1/vms', { vms: [{ id: 'b' }, { id: 'c', status: 'off' }] })).body).toEqual({
    written: 2,
  })
  expect((await ask(host, 'PUT', '/v1/vms/b/assignment', { node: 'a' })).body).toMatchObject({
    nodeId: 'a',
    region: 'eu',
  })
  await ask(host, 'PUT', '/v1/nodes/z', { region: 'us' })
  expect((await ask(host, 'POST', '/v1/vms/b/migration', { from: 'a', to: 'z' })).body).toMatchObject({ region: 'us' })
  const page = (await ask(host, 'GET', '/v1/vms?limit=2')).body as { vms: { id: string }[]; next: string }
  expect([page.vms.map(({ id }) => id), page.next]).toEqual([['b', 'c'], 'c'])
  expect((await ask(host, 'GET', '/v1/vms?region=us')).body).toMatchObject({ vms: [{ id: 'b' }] })
  const explained = (await ask(host, 'GET', '/v1/vms/b/explain')).body as { writes: Record<string, unknown[]> }
  expect(explained.writes.nodeId).toMatchObject([{ value: 'z', by: 'a' }])
  expect((await ask(host, 'DELETE', '/v1/vms/b')).status).toBe(200)
  expect((await ask(host, 'GET', '/v1/vms/b')).status).toBe(404)
  expect((await ask(host, 'GET', '/v1/nodes')).body).toMatchObject({
    nodes: [
      { id: 'a', alive: true },
      { id: 'z', vmCount: 0 },
    ],
  })
})

test('an inventory is compared without being written', async () => {
  const { cluster, host } = await alone()
  await cluster.updateVm('a', { status: 'running', cpuCores: 2, metadata: { x: { p: 1, q: 2 } } })
  const { digest } = cluster.status().replication
  const vms = [{ id: 'a', status: 'off', cpuCores: 2, metadata: { x: { q: 2, p: 1 }, y: 1 } }, { id: 'b' }]
  expect((await ask(host, 'POST', '/v1/inventory/compare', { vms })).body).toEqual({
    same: 0,
    differences: [
      { id: 'a', field: 'status', theirs: 'off', ours: 'running' },
      { id: 'a', field: 'metadata.y', theirs: 1 },
      { id: 'b' },
    ],
  })
  expect(cluster.status().replication.digest).toBe(digest)
})

test('counters, credits and figures', async () => {
  const { host } = await alone()
  expect((await ask(host, 'POST', '/v1/counters/starts', { by: 3 })).body).toEqual({ counter: 'starts', value: 3 })
  expect((await ask(host, 'GET', '/v1/counters')).body).toEqual({ counters: { starts: 3 } })
  expect((await ask(host, 'POST', '/v1/credits/gpu', { type: 'add', amount: 2 })).body).toEqual({
    resource: 'gpu',
    available: 2,
    held: 2,
  })
  expect((await ask(host, 'POST', '/v1/credits/gpu', { type: 'take', amount: 3 })).body.code).toBe(
    'CLUSTER_CREDITS_INSUFFICIENT',
  )
  expect((await ask(host, 'GET', '/v1/credits')).body).toEqual({
    credits: [{ resource: 'gpu', available: 2, held: 2 }],
  })
  expect((await ask(host, 'GET', '/v1/stats')).body).toMatchObject({
    node: 'a',
    cluster: { counters: 1, nodesAlive: 1 },
  })
  expect((await ask(host, 'GET', '/v1/conflicts')).body).toEqual({ conflicts: [] })
})

test.each([
  ['GET', '/v1/vms/none', undefined, 'CLUSTER_VM_UNKNOWN'],
  ['DELETE', '/v1/vms/none', undefined, 'CLUSTER_VM_UNKNOWN'],
  ['PUT', '/v1/vms/a', { status: 3 }, 'BODY_INVALID'],
  ['PUT', '/v1/vms/a', { status: '' }, 'CLUSTER_FIELD_INVALID'],
  ['PUT', '/v1/vms/a', { nodeId: 'b' }, 'BODY_INVALID'],
  ['PUT', `/v1/vms/${'x'.repeat(clusterLimits.idBytesMax + 1)}`, {}, 'ID_INVALID'],
  ['PUT', '/v1/vms/a?ack=never', {}, 'BODY_INVALID'],
  ['GET', '/v1/vms?limit=0', undefined, 'BODY_INVALID'],
  ['GET', `/v1/vms?limit=${clusterLimits.pageSizeMax + 1}`, undefined, 'BODY_INVALID'],
  ['GET', '/v1/nodes/none', undefined, 'CLUSTER_NODE_UNKNOWN'],
  ['DELETE', '/v1/nodes/none', undefined, 'CLUSTER_NODE_UNKNOWN'],
  ['POST', '/v1/counters/c', { by: 0 }, 'CLUSTER_FIELD_INVALID'],
  ['POST', '/v1/credits/c', { type: 'take', amount: 1 }, 'CLUSTER_CREDITS_INSUFFICIENT'],
  ['POST', '/v1/credits/c', { type: 'transfer', amount: 1, to: 'nobody' }, 'CLUSTER_NODE_SILENT'],
  ['POST', '/v1/join', { address: 'nowhere' }, 'BODY_INVALID'],
  ['PATCH', '/v1/vms/a', {}, 'METHOD_NOT_ALLOWED'],
] as const)('%s %s %o is refused with %s and changes nothing', async (method, path, body, code) => {
  const { cluster, host } = await alone()
  const { digest } = cluster.status().replication
  const answer = await ask(host, method, path, body)
  expect([answer.status, answer.body.code]).toEqual([clusterErrors[code].status, code])
  expect(cluster.status().replication.digest).toBe(digest)
})

test('what changes is told as it does, to whoever watches', async () => {
  const { cluster, host } = await alone()
  const gone = new AbortController()
  const response = await fetch(`${host.url}/v1/watch`, { signal: gone.signal })
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) text += Buffer.from(chunk)
  })().catch(() => {})
  await until(() => text.includes('event: reset'), 'it begins')
  await cluster.updateVm('vm-1', { status: 'running' })
  await until(() => /event: vm\ndata: \{"id":"vm-1","status":"running"/.test(text), 'it tells of vm-1')
  await cluster.removeVm('vm-1')
  await until(() => text.includes('event: gone\ndata: {"kind":"vm","id":"vm-1"}'), 'it tells that vm-1 is gone')
  gone.abort()
  await reading
})

test('a replicated write answers once another node has it, and says when none does', async () => {
  const network = testNetwork()
  const [a, b] = [await network.start({ nodeId: 'a' }), await network.start({ nodeId: 'b' })]
  const host = await serve(a)
  b.join(a.status().address)
  await until(() => a.getNode('b') !== undefined, 'they met')
  expect((await ask(host, 'PUT', '/v1/vms/vm-1?ack=replicated', { status: 'running' })).status).toBe(200)
  await until(() => b.getVm('vm-1') !== undefined, 'b shows it')
})

test('its description names every endpoint and every refusal', async () => {
  const { host } = await alone()
  const { body } = await ask(host, 'GET', '/openapi.json')
  const paths = body.paths as Record<string, Record<string, { responses: Record<string, { description: string }> }>>
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['/v1/vms', '/v1/vms/{vm}', '/v1/vms/{vm}/assignment', '/v1/nodes/{node}', '/v1/watch']),
  )
  const named = new Map<string, number>()
  for (const methods of Object.values(paths)) {
    for (const { responses } of Object.values(methods)) {
      for (const [status, { description }] of Object.entries(responses)) {
        for (const [, code = ''] of description.matchAll(/`([A-Z_]+)`/g)) named.set(code, Number(status))
      }
    }
  }
  for (const [code, status] of named) expect(clusterErrors[code as 'INTERNAL'].status, code).toBe(status)
})

test('with keys, nothing is answered without one', async () => {
  const cluster = await testNetwork().start({ nodeId: 'a' })
  const host = await serve(cluster, 'k')
  expect((await ask(host, 'GET', '/v1/vms')).body.code).toBe('UNAUTHENTICATED')
  expect((await fetch(`${host.url}/v1/vms`, { headers: { 'x-api-key': 'k' } })).status).toBe(200)
})
