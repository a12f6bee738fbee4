/** Nodes of a cluster as processes of their own, and what it takes to ask them. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))

/** Starts a node per region, runs something with them, and stops them whatever comes of it. */
export async function withCluster({ regions, args = [] }, run) {
  const folder = await mkdtemp(join(tmpdir(), 'joinery-bench-'))
  const nodes = []
  try {
    await once(spawn(process.execPath, [MAIN, 'node', 'keygen', '--secret', join(folder, 'secret')]), 'exit')
    for (let i = 1; i <= regions; i += 1) nodes.push(await startNode(`region-${i}`, folder, nodes[0], args))
    return await run(nodes)
  } finally {
    for (const { child } of nodes) child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

function once(emitter, event) {
  return new Promise((resolve) => emitter.once(event, resolve))
}

async function startNode(name, folder, first, args) {
  const store = join(folder, `${name}.sqlite`)
  const child = spawn(
    process.execPath,
    [
      ...[MAIN, 'cluster', 'start', '--name', name, '--region', name, '--secret', join(folder, 'secret')],
      ...['--listen', 'tcp://127.0.0.1:0', '--addr', '127.0.0.1:0', '--store', `sqlite:${store}`],
      ...['--log-level', 'error', ...(first === undefined ? [] : ['--join', first.address]), ...args],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let text = ''
  await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${name} did not start`)))
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (/store +\S+\n/.test(text)) resolve()
    })
  })
  const url = /answers at (\S+)/.exec(text)[1]
  return { name, url, address: /nodes +(\S+),/.exec(text)[1], store, child }
}

export async function ask({ url }, method, path, body) {
  const response = await fetch(url + path, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.code} ${answer.detail}`)
  return answer
}

/** Until all have the same, and so many virtual machines. */
export async function untilEqual(nodes, vms, { everyMs = 10 } = {}) {
  for (;;) {
    const all = await Promise.all(nodes.map((node) => ask(node, 'GET', '/v1/stats')))
    if (new Set(all.map(({ digest }) => digest)).size === 1 && all.every(({ cluster }) => cluster.vms === vms)) return
    await delay(everyMs)
  }
}

/** Resident bytes of a node. */
export async function residentBytes({ child }) {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024
}

export async function storedBytes({ store }) {
  const sizes = await Promise.all(['', '-wal'].map((end) => stat(store + end).catch(() => ({ size: 0 }))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

export function vmOf(number) {
  return {
    id: `vm-${String(number).padStart(6, '0')}`,
    status: 'running',
    cpuCores: 1 + (number % 8),
    memoryMb: 1024 * (1 + (number % 16)),
    diskGb: 20 + (number % 100),
    ipAddress: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    metadata: { owner: `team-${number % 20}`, image: `base-${number % 7}` },
  }
}

/** In batches, so many at a time. */
export async function writeInventory(node, vms, atATime = 1) {
  const batches = []
  for (let from = 0; from < vms; from += 1_000) {
    batches.push(Array.from({ length: Math.min(1_000, vms - from) }, (_, i) => vmOf(from + i)))
  }
  let next = 0
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (let at = next++; at < batches.length; at = next++) await ask(node, 'POST', '/v1/vms', { vms: batches[at] })
    }),
  )
}

export function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
}

export function median(values) {
  return percentile(values, 0.5)
}
