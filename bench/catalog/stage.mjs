/** Catalog nodes for the cases: on LevelDB in directories of their own, alone or connected over TCP. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCatalog } from '@joinery/catalog'
import { clusterKeys } from '@joinery/node'
import { levelStore } from '@joinery/storage/leveldb'
import { secretAuthentication } from '@joinery/transport/nodes'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { tcpTransport } from '@joinery/transport/tcp'
import { quantile } from '../lib/statistics.mjs'

const scheduler = nodeScheduler(() => performance.now())
const secret = new Uint8Array(32).fill(7)
const { digestKey, cluster } = clusterKeys('bench', secret)
const STATUSES = ['completed', 'failed', 'running', 'queued']
/** Additions that are out at the same time while a node is filled. */
const FILLING = 2_000

export function newDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'joinery-bench-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export async function startAt(path, node = 'node1', transports = []) {
  const store = await levelStore({ path })
  const options = { node, region: 'bench', store, transports, digestKey, wallMs: Date.now, scheduler, randomBytes }
  const catalog = await startCatalog(options)
  return {
    catalog,
    async stop() {
      await catalog.stop()
      await store.close()
    },
  }
}

/** Nodes on loopback that know each other. */
export async function connected(directories) {
  const nodes = []
  for (const [i, { path }] of directories.entries()) {
    const node = `node${i + 1}`
    const common = {
      node,
      region: 'bench',
      cluster,
      authentication: secretAuthentication(secret),
      scheduler,
      randomBytes,
    }
    nodes.push(await startAt(path, node, [tcpTransport({ ...common, listen: 'tcp://127.0.0.1:0' })]))
  }
  const [{ catalog: first }, ...rest] = nodes
  for (const { catalog } of rest) catalog.node.join(first.node.status().address)
  while (nodes.some(({ catalog }) => catalog.node.status().peers.length < nodes.length - 1)) await pause(20)
  return nodes
}

function pause(ms) {
  return new Promise((resolve) => scheduler.after(ms, resolve))
}

export function entryOf(i) {
  return { kind: 'snapshots', id: `vm-${i % 5_000}-snap-${i}` }
}

export function metadataOf(i) {
  return {
    status: STATUSES[i % STATUSES.length],
    size: (i * 7_919) % 100_000,
    created_at: new Date(1.7e12 + i * 1_000).toISOString(),
    pool: `pool-${i % 40}`,
    name: `nightly backup ${i % 97} of web ${i % 13}`,
  }
}

export async function fill(catalog, count) {
  let next = 0
  const work = async () => {
    while (next < count) {
      const i = next
      next += 1
      await catalog.add(entryOf(i), metadataOf(i))
    }
  }
  await Promise.all(Array.from({ length: Math.min(FILLING, count) }, work))
}

export function percentiles(times) {
  const sorted = [...times].sort((a, b) => a - b)
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}
