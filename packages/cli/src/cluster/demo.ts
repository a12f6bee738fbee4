/**
 * `joinery cluster demo`: a node per region, each a process of its own, with TLS between them. Writes an inventory in one region and
 * waits until all have it, cuts a region off while all go on writing, connects it again, and shows that all come to the same.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ClusterStats, Conflict, VmFields } from '@joinery/cluster'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { type HostApi, hostApi } from '../host-api.ts'
import { generateSecret } from '../node/keygen.ts'

export interface DemoOptions {
  readonly regions: number
  readonly vms: number
}

interface DemoNode {
  readonly name: string
  readonly url: string
  readonly address: string
  readonly api: HostApi
  readonly child: ChildProcess
}

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))
const REGIONS_MAX = 9
const VMS_MAX = 100_000
const START_MS = 30_000
const EQUAL_MS = 120_000
/** Virtual machines that all write while one region is cut off. */
const CONTESTED = 10
const BATCH = 500

/** Answers 0 when all came to the same. */
export async function demo({ regions, vms }: DemoOptions, environment: Environment): Promise<number> {
  if (regions < 2 || regions > REGIONS_MAX) throw new UsageError('too few or too many regions', 'Give 2 to 9.')
  if (vms < CONTESTED || vms > VMS_MAX) throw new UsageError('too few or too many vms', 'Give 10 to 100000.')
  const folder = await mkdtemp(join(tmpdir(), 'joinery-cluster-'))
  const nodes: DemoNode[] = []
  try {
    generateSecret(join(folder, 'secret'), environment)
    for (let i = 1; i <= regions; i += 1) nodes.push(await startNode(`region-${i}`, folder, nodes[0]?.address))
    return await play(nodes, vms, environment)
  } finally {
    await Promise.all(nodes.map(stopNode))
    await rm(folder, { recursive: true, force: true })
  }
}

async function play(nodes: readonly DemoNode[], vms: number, { stdout }: Environment): Promise<number> {
  const say = (text: string): void => stdout.write(`${text}\n`)
  const [first, last] = [nodes[0] as DemoNode, nodes.at(-1) as DemoNode]
  say(`${nodes.length} nodes, a process and a region each:`)
  for (const { name, url } of nodes) say(`  ${name}  ${url}`)

  say(`\nwriting ${vms} virtual machines in ${first.name}`)
  let sinceMs = performance.now()
  await writeInventory(first, vms)
  say(`  durable there after ${seconds(sinceMs)}`)
  await untilEqual(nodes, vms)
  say(`  on all nodes, equal byte for byte, after ${seconds(sinceMs)}`)

  say(`\n${last.name} is cut off; everybody goes on writing`)
  await last.api.send('POST', '/v1/drill', { isolated: true })
  for (const node of nodes) await writeEverywhere(node)
  say(`  ${first.name} has ${await shown(first)}`)
  say(`  ${last.name} has ${await shown(last)}`)

  say(`\n${last.name} is back`)
  sinceMs = performance.now()
  await last.api.send('POST', '/v1/drill', { isolated: false })
  await untilEqual(nodes, vms + nodes.length)
  say(`  equal byte for byte after ${seconds(sinceMs)}`)
  say(`  all have ${await shown(first)}`)
  const { conflicts } = await first.api.get<{ conflicts: Conflict[] }>('/v1/conflicts')
  say(`  ${conflicts.length} fields were written at once, and are settled the same way everywhere, such as`)
  for (const { id, field, won, lost } of conflicts.slice(0, 3)) {
    say(
      `    ${id} ${field}: ${JSON.stringify(won.value)} of ${won.by} over ${JSON.stringify(lost[0]?.value)} of ${lost[0]?.by}`,
    )
  }
  for (const node of nodes) {
    const { digest, traffic } = await node.api.get<ClusterStats>('/v1/stats')
    say(`  ${node.name}  digest ${digest}, ${Math.round(traffic.sentBytes / 1000)} kB sent`)
  }
  return 0
}

function vmName(number: number): string {
  return `vm-${String(number).padStart(6, '0')}`
}

async function writeInventory({ api }: DemoNode, vms: number): Promise<void> {
  for (let from = 0; from < vms; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, vms - from) }, (_, i) => inventoryEntry(from + i))
    await api.send('POST', '/v1/vms', { vms: batch })
  }
}

function inventoryEntry(number: number): { readonly id: string } & VmFields {
  return {
    id: vmName(number),
    status: 'running',
    cpuCores: 1 + (number % 8),
    memoryMb: 1024 * (1 + (number % 16)),
    diskGb: 20 + (number % 100),
    ipAddress: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    metadata: { owner: `team-${number % 20}` },
  }
}

/** The same machines in different ways, and one of its own. */
async function writeEverywhere({ name, api }: DemoNode): Promise<void> {
  const contested = Array.from({ length: CONTESTED }, (_, i) => ({
    id: vmName(i),
    status: `stopped by ${name}`,
    metadata: { [name]: 'was here' },
  }))
  await api.send('POST', '/v1/vms', { vms: [...contested, { id: `only-of-${name}`, status: 'running' }] })
}

async function shown({ api }: DemoNode): Promise<string> {
  const { cluster } = await api.get<ClusterStats>('/v1/stats')
  const { status } = await api.get<{ status: string }>(`/v1/vms/${vmName(0)}`)
  return `${cluster.vms} virtual machines, ${vmName(0)} is "${status}"`
}

async function untilEqual(nodes: readonly DemoNode[], vms: number): Promise<void> {
  const untilMs = performance.now() + EQUAL_MS
  while (performance.now() < untilMs) {
    const all = await Promise.all(nodes.map(({ api }) => api.get<ClusterStats>('/v1/stats')))
    const digests = new Set(all.map(({ digest }) => digest))
    if (digests.size === 1 && all.every(({ cluster }) => cluster.vms === vms)) return
    await delay(20)
  }
  throw new Error(`the nodes did not come to the same within ${EQUAL_MS / 1000} s`)
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(2)} s`
}

async function startNode(name: string, folder: string, joined: string | undefined): Promise<DemoNode> {
  const args = [
    ...['cluster', 'start', '--name', name, '--region', name, '--secret', join(folder, 'secret')],
    ...['--listen', 'tcp://127.0.0.1:0', '--addr', '127.0.0.1:0', '--store', `sqlite:${join(folder, name)}.sqlite`],
    ...['--log-level', 'error', ...(joined === undefined ? [] : ['--join', joined])],
  ]
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const text = await announced(name, child)
  const url = /answers at (\S+)/.exec(text)?.[1] as string
  const address = /nodes +(\S+),/.exec(text)?.[1] as string
  return {
    name,
    url,
    address,
    api: hostApi({ url, key: undefined, advice: 'It was started by this command: try again.' }),
    child,
  }
}

/** What a node says once it is there. */
function announced(name: string, child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => fail('in time'), START_MS)
    const fail = (how: string): void => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`${name} did not start ${how}`))
    }
    child.once('exit', () => fail('at all'))
    child.stdout?.on('data', (chunk: Uint8Array) => {
      text += String(chunk)
      if (!/store +\S+\n/.test(text)) return
      clearTimeout(timer)
      child.removeAllListeners('exit')
      resolve(text)
    })
  })
}

async function stopNode({ child }: DemoNode): Promise<void> {
  if (child.exitCode !== null) return
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await exited
}
