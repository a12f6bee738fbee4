import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import { describe, expect, test } from 'vitest'
import { type Cluster, type ClusterEvent, clusterLimits } from '../src/index.ts'
import { code, converged, testNetwork, until } from './clusters.ts'

describe('virtual machines', () => {
  test('are there in all regions, field by field', async () => {
    const [a, b, c] = (await testNetwork().several('a', 'b', 'c')) as [Cluster, Cluster, Cluster]
    await a.updateVm('vm-1', { status: 'running', cpuCores: 4, metadata: { owner: 'billing', 'k8s.io/role:x': true } })
    await until(() => c.getVm('vm-1') !== undefined, 'vm-1 is there')
    await Promise.all([b.updateVm('vm-1', { memoryMb: 8192 }), c.updateVm('vm-1', { status: 'stopped' })])
    await converged([a, b, c])
    for (const cluster of [a, b, c]) {
      expect(cluster.getVm('vm-1')).toMatchObject({
        id: 'vm-1',
        status: 'stopped',
        cpuCores: 4,
        memoryMb: 8192,
        metadata: { owner: 'billing', 'k8s.io/role:x': true },
      })
    }
    expect(b.getVm('vm-1')?.createdAt).toMatch(/^\d{4}-.*Z$/)
  })

  test('keep what two regions write to different fields while they are apart', async () => {
    const [a, b] = (await testNetwork().several('a', 'b')) as [Cluster, Cluster]
    await a.updateVm('vm-1', { status: 'running', cpuCores: 1 })
    await converged([a, b])
    b.isolate(true)
    await a.updateVm('vm-1', { cpuCores: 2, metadata: { by: 'a' } })
    await b.updateVm('vm-1', { ipAddress: '10.0.0.1', metadata: { also: 'b' } })
    b.isolate(false)
    await until(() => a.getVm('vm-1')?.ipAddress !== undefined && b.getVm('vm-1')?.cpuCores === 2, 'they met')
    await converged([a, b])
    const { updatedAt: _, ...vm } = a.getVm('vm-1') as NonNullable<ReturnType<Cluster['getVm']>>
    expect(vm).toMatchObject({ cpuCores: 2, ipAddress: '10.0.0.1', metadata: { by: 'a', also: 'b' } })
    expect(b.getVm('vm-1')).toMatchObject(vm)
  })

  test('that are removed are gone, but for what others write at the same time', async () => {
    const [a, b] = (await testNetwork().several('a', 'b')) as [Cluster, Cluster]
    await a.updateVm('vm-1', { status: 'running', cpuCores: 1 })
    await a.updateVm('vm-2', { status: 'running' })
    await converged([a, b])
    b.isolate(true)
    await a.removeVm('vm-1')
    await a.removeVm('vm-2')
    await b.updateVm('vm-1', { status: 'migrating' })
    b.isolate(false)
    await until(() => b.getVm('vm-2') === undefined && a.getVm('vm-1') !== undefined, 'they met')
    await converged([a, b])
    expect(a.getVm('vm-1')).toMatchObject({ status: 'migrating', metadata: {} })
    expect(a.getVm('vm-1')).not.toHaveProperty('cpuCores')
    expect(b.getVm('vm-1')).toEqual(a.getVm('vm-1'))
    expect(await code(a.removeVm('vm-2'))).toBe('CLUSTER_VM_UNKNOWN')
  })

  test('are on one node, everywhere the same, and concurrent assignments are told', async () => {
    const [a, b] = (await testNetwork().several('a', 'b')) as [Cluster, Cluster]
    await a.updateVm('vm-1', { status: 'running' })
    await until(() => b.getNode('a') !== undefined && a.getNode('b') !== undefined, 'they know each other')
    await converged([a, b])
    const told: ClusterEvent[] = []
    a.watch((event) => told.push(event))
    b.isolate(true)
    await a.assignVm('vm-1', 'a')
    await b.assignVm('vm-1', 'b')
    b.isolate(false)
    await until(() => a.conflicts().length === 1 && b.conflicts().length === 1, 'both know of the conflict')
    await converged([a, b])
    expect(a.getVm('vm-1')).toMatchObject({ nodeId: 'b', region: 'region-b' })
    expect(b.getVm('vm-1')?.nodeId).toBe('b')
    expect(a.conflicts()).toEqual(b.conflicts())
    expect(a.conflicts()[0]).toMatchObject({
      kind: 'assignment',
      id: 'vm-1',
      won: { value: 'b', by: 'b' },
      lost: [{ value: 'a', by: 'a' }],
      because: 'later',
    })
    await until(() => told.some(({ type }) => type === 'conflict'), 'watchers are told')
    expect((await a.explainVm('vm-1')).writes.nodeId?.map(({ value }) => value)).toEqual(['b', 'a'])
    // Whoever writes it again has seen both.
    await a.assignVm('vm-1', 'a')
    await until(() => b.getVm('vm-1')?.nodeId === 'a', 'it is settled')
    expect([a.conflicts(), b.conflicts()]).toEqual([[], []])
    expect((await a.stats()).cluster.conflictsSeen).toBe(1)
  })

  test('move only from where they are', async () => {
    const [a] = (await testNetwork().several('a')) as [Cluster]
    await a.updateNode('other', { region: 'elsewhere' })
    await a.updateVm('vm-1', { status: 'running' })
    expect(await code(a.migrateVm('vm-1', 'a', 'other'))).toBe('CLUSTER_VM_ELSEWHERE')
    await a.assignVm('vm-1', 'a')
    expect(await a.migrateVm('vm-1', 'a', 'other')).toMatchObject({ nodeId: 'other', region: 'elsewhere' })
    expect(await code(a.migrateVm('vm-1', 'a', 'other'))).toBe('CLUSTER_VM_ELSEWHERE')
    expect(await code(a.assignVm('vm-1', 'nobody'))).toBe('CLUSTER_NODE_UNKNOWN')
    expect(await code(a.assignVm('vm-2', 'a'))).toBe('CLUSTER_VM_UNKNOWN')
    expect(a.getVm('vm-1')?.nodeId).toBe('other')
  })

  test('are listed by region, status, node and name, page by page', async () => {
    const [a] = (await testNetwork().several('a')) as [Cluster]
    await a.updateNode('other', { region: 'elsewhere' })
    const all = Array.from({ length: 25 }, (_, i) => `vm-${String(i).padStart(2, '0')}`)
    await a.updateVms(new Map(all.map((id, i) => [id, { status: i % 2 === 0 ? 'running' : 'stopped' }])))
    await a.assignVm('vm-03', 'a')
    await a.assignVm('vm-04', 'other')
    const names = (page: ReturnType<Cluster['listVms']>) => page.vms.map(({ id }) => id)
    const first = a.listVms({ limit: 10 })
    expect([names(first), first.next]).toEqual([all.slice(0, 10), 'vm-09'])
    const last = a.listVms({ limit: 10, after: 'vm-19' })
    expect([names(last), last.next]).toEqual([all.slice(20), undefined])
    expect(names(a.listVms({ status: 'stopped', prefix: 'vm-0' }))).toEqual([
      'vm-01',
      'vm-03',
      'vm-05',
      'vm-07',
      'vm-09',
    ])
    expect(names(a.listVms({ region: 'elsewhere' }))).toEqual(['vm-04'])
    expect(names(a.listVms({ node: 'a' }))).toEqual(['vm-03'])
    expect(names(a.listVms({ region: 'nowhere' }))).toEqual([])
  })

  test('that are malformed change nothing', async () => {
    const [a] = (await testNetwork().several('a')) as [Cluster]
    const digest = a.status().replication.digest
    const long = 'x'.repeat(clusterLimits.idBytesMax)
    expect(await code(a.updateVm(`${long}x`, {}))).toBe('ID_INVALID')
    expect(await code(a.updateVm('a\nb', {}))).toBe('ID_INVALID')
    expect(await code(a.updateVm('vm', { status: '' }))).toBe('CLUSTER_FIELD_INVALID')
    expect(await code(a.updateVm('vm', { cpuCores: -1 }))).toBe('CLUSTER_FIELD_INVALID')
    expect(await code(a.updateVm('vm', { cpuCores: Number.NaN }))).toBe('CLUSTER_FIELD_INVALID')
    expect(await code(a.updateVm('vm', { nodeId: 'a' } as never))).toBe('CLUSTER_FIELD_INVALID')
    expect(await code(a.updateVm('vm', { metadata: [] as never }))).toBe('CLUSTER_FIELD_INVALID')
    const big = { note: 'x'.repeat(clusterLimits.fieldBytesMax - 2) }
    expect(await code(a.updateVm('vm', { metadata: { note: `${big.note}x` } }))).toBe('CLUSTER_FIELD_INVALID')
    const many = Object.fromEntries(Array.from({ length: clusterLimits.fieldsMax + 1 }, (_, i) => [`f${i}`, i]))
    expect(await code(a.updateVm('vm', { metadata: many }))).toBe('CLUSTER_FIELD_INVALID')
    const batch = new Map(Array.from({ length: clusterLimits.batchMax + 1 }, (_, i) => [`vm-${i}`, {}]))
    expect(await code(a.updateVms(batch))).toBe('LIMIT_EXCEEDED')
    const half = new Map([
      ['good', { status: 'running' }],
      ['bad', { status: '' }],
    ])
    expect(await code(a.updateVms(half))).toBe('CLUSTER_FIELD_INVALID')
    expect(a.status().replication.digest).toBe(digest)
    expect(a.getVm('good')).toBeUndefined()
    await a.updateVm(long, { metadata: big })
    expect(a.getVm(long)?.metadata).toEqual(big)
    await a.updateVm(long, { metadata: { note: null, __proto__: 'kept' } })
    expect(a.getVm(long)?.metadata).toEqual({})
  })

  test('are there again after a restart, with conflicts and all', async () => {
    const network = testNetwork()
    const medium = memoryMedium()
    const store = memoryStore({ medium })
    const a = await network.start({ nodeId: 'a', store })
    const b = await network.start({ nodeId: 'b' })
    await a.updateVm('vm-1', { status: 'first' })
    await b.updateVm('vm-1', { status: 'second' })
    b.join(a.status().address)
    await until(() => a.conflicts().length > 0, 'they met')
    await converged([a, b])
    const [before, conflicts] = [a.getVm('vm-1'), a.conflicts()]
    await a.stop()
    await store.close()
    expect(await code(() => a.getVm('vm-1'))).toBe('CLUSTER_NOT_RUNNING')
    const again = await network.start({ nodeId: 'a', store: memoryStore({ medium }) })
    expect(again.getVm('vm-1')).toEqual(before)
    expect(again.conflicts()).toEqual(conflicts)
  })
})

describe('nodes', () => {
  test('tell how busy they are without a byte of log', async () => {
    const network = testNetwork()
    let cpu = 0.1
    const a = await network.start({
      nodeId: 'a',
      usage: () => ({ cpu, memory: 0.5, disk: 0.25 }),
      limits: { heartbeatMs: 20 },
      replication: { presenceMs: 20 },
    })
    const b = await network.start({ nodeId: 'b', replication: { presenceMs: 20 } })
    b.join(a.status().address)
    await until(() => b.getNode('a')?.usage?.cpu === 0.1, 'b hears how busy a is')
    await converged([a, b])
    const digest = a.status().replication.digest
    cpu = 0.9
    await until(() => b.getNode('a')?.usage?.cpu === 0.9, 'b hears the newer one')
    expect(b.getNode('a')).toMatchObject({ id: 'a', region: 'region-a', status: 'active', alive: true, vmCount: 0 })
    expect([a.status().replication.digest, b.status().replication.digest]).toEqual([digest, digest])
  })

  test('that fall silent are not alive any more, and are again when they speak', async () => {
    const network = testNetwork()
    const quick = { limits: { heartbeatMs: 20 }, replication: { presenceMs: 20, presenceMsMax: 300 } }
    const [a, b] = [await network.start({ nodeId: 'a', ...quick }), await network.start({ nodeId: 'b', ...quick })]
    b.join(a.status().address)
    await until(() => b.getNode('a')?.alive === true && b.getNode('a')?.region !== undefined, 'b knows a')
    a.isolate(true)
    await until(() => b.getNode('a')?.alive === false, 'a is silent')
    a.isolate(false)
    await until(() => b.getNode('a')?.alive === true, 'a is alive again')
  })

  test('that were removed can be registered again', async () => {
    const [a, b] = (await testNetwork().several('a', 'b')) as [Cluster, Cluster]
    await a.updateNode('rack-7', { region: 'x', status: 'active' })
    await until(() => b.getNode('rack-7') !== undefined, 'it is there')
    await b.removeNode('rack-7')
    await until(() => a.getNode('rack-7') === undefined, 'it is gone')
    expect(await code(a.removeNode('rack-7'))).toBe('CLUSTER_NODE_UNKNOWN')
    await a.updateNode('rack-7', { region: 'y' })
    await until(() => b.getNode('rack-7')?.region === 'y', 'it is there again')
    expect(b.getNode('rack-7')).not.toHaveProperty('status')
  })
})

test('resources merge field by field, and are gone when they are removed', async () => {
  const [a, b] = (await testNetwork().several('a', 'b')) as [Cluster, Cluster]
  await a.updateResource('net-1', { cidr: '10.0.0.0/16', owner: 'ops' })
  await converged([a, b])
  b.isolate(true)
  await Promise.all([a.updateResource('net-1', { owner: null, zone: 'x' }), b.updateResource('net-1', { vlan: 7 })])
  b.isolate(false)
  await until(() => a.getResource('net-1')?.fields.vlan === 7, 'they met')
  await converged([a, b])
  expect(b.listResources()).toEqual([{ id: 'net-1', fields: { cidr: '10.0.0.0/16', vlan: 7, zone: 'x' } }])
  await b.removeResource('net-1')
  await until(() => a.getResource('net-1') === undefined, 'it is gone')
  expect(await code(a.removeResource('net-1'))).toBe('CLUSTER_RESOURCE_UNKNOWN')
  expect(await code(a.updateResource('net-1', { x: 'y'.repeat(clusterLimits.fieldBytesMax) }))).toBe(
    'CLUSTER_FIELD_INVALID',
  )
})

describe('counters and credits', () => {
  test('add up', async () => {
    const [a, b] = (await testNetwork().several('a', 'b')) as [Cluster, Cluster]
    await Promise.all([a.addToCounter('starts', 3), b.addToCounter('starts', 4), b.addToCounter('stops', -1)])
    await converged([a, b])
    expect(Object.fromEntries(await a.counters())).toEqual({ starts: 7, stops: -1 })
    expect(await code(a.addToCounter('starts', 0))).toBe('CLUSTER_FIELD_INVALID')
  })

  test('never go below zero, whoever takes them', async () => {
    const [a, b] = (await testNetwork().several('a', 'b')) as [Cluster, Cluster]
    expect(await a.addCredits('gpu', 10)).toEqual({ resource: 'gpu', available: 10, held: 10 })
    await converged([a, b])
    expect(await b.credits()).toEqual([{ resource: 'gpu', available: 10, held: 0 }])
    expect(await code(b.takeCredits('gpu', 1))).toBe('CLUSTER_CREDITS_INSUFFICIENT')
    await until(() => a.getNode('b')?.alive === true, 'a has heard of b')
    await a.transferCredits('gpu', 'b', 4)
    await until(async () => (await b.credits())[0]?.held === 4, 'b holds some')
    b.isolate(true)
    await Promise.all([a.takeCredits('gpu', 6), b.takeCredits('gpu', 3)])
    expect(await code(a.takeCredits('gpu', 1))).toBe('CLUSTER_CREDITS_INSUFFICIENT')
    b.isolate(false)
    await until(async () => (await a.credits())[0]?.available === 1, 'they met')
    await converged([a, b])
    expect(await a.credits()).toEqual([{ resource: 'gpu', available: 1, held: 0 }])
    expect(await b.credits()).toEqual([{ resource: 'gpu', available: 1, held: 1 }])
    expect(await code(a.transferCredits('gpu', 'nobody', 1))).toBe('CLUSTER_NODE_SILENT')
    expect(await code(a.addCredits('gpu', -1))).toBe('CLUSTER_FIELD_INVALID')
  })
})

test('watchers are told once per turn what a thing is now', async () => {
  const [a] = (await testNetwork().several('a')) as [Cluster]
  const told: ClusterEvent[] = []
  const end = a.watch((event) => told.push(event))
  await a.updateVm('vm-1', { status: 'running', cpuCores: 2 })
  await a.removeVm('vm-1')
  const ofVm = told.filter((event) => event.type === 'vm')
  expect(ofVm.map(({ vm }) => vm?.status)).toEqual(['running', undefined])
  end()
  await a.updateVm('vm-2', {})
  expect(told.filter((event) => event.type === 'vm' && event.id === 'vm-2')).toEqual([])
})
