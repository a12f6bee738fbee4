/** `joinery cluster vms|nodes|stats|…`: asks a node of a cluster. */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { ClusterNode, ClusterStats, Comparison, Conflict, InventoryRecord, Vm, VmPage } from '@joinery/cluster'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { type HostPlace, hostApi } from '../host-api.ts'

export interface Shown extends HostPlace {
  readonly json: boolean
}

export interface VmsFilter {
  readonly region?: string
  readonly status?: string
  readonly node?: string
  readonly prefix?: string
}

const PAGE = '1000'

export async function printVms({ json, ...place }: Shown, filter: VmsFilter, { stdout }: Environment): Promise<void> {
  const api = hostApi(place)
  for (let after: string | undefined, isMore = true; isMore; ) {
    const page: VmPage = await api.get('/v1/vms', { ...filter, after, limit: PAGE })
    for (const vm of page.vms) stdout.write(json ? `${JSON.stringify(vm)}\n` : vmLine(vm))
    await stdout.drained()
    after = page.next
    isMore = after !== undefined
  }
}

function vmLine({ id, status, nodeId, region, cpuCores, memoryMb, ipAddress }: Vm): string {
  const size = `${cpuCores ?? '-'} cores, ${memoryMb ?? '-'} MB`
  return `${id}  ${status ?? '-'}  ${nodeId ?? 'nowhere'}  ${region ?? '-'}  ${size}  ${ipAddress ?? '-'}\n`
}

export async function printVm(id: string, { json, ...place }: Shown, { stdout }: Environment): Promise<void> {
  const vm = await hostApi(place).get(`/v1/vms/${encodeURIComponent(id)}/explain`)
  stdout.write(`${JSON.stringify(vm, undefined, json ? undefined : 2)}\n`)
}

export async function printNodes({ json, ...place }: Shown, { stdout }: Environment): Promise<void> {
  const { nodes } = await hostApi(place).get<{ nodes: ClusterNode[] }>('/v1/nodes')
  for (const node of nodes) stdout.write(json ? `${JSON.stringify(node)}\n` : nodeLine(node))
}

function nodeLine({ id, region, status, alive, usage, vmCount }: ClusterNode): string {
  const percent = (part: number): string => `${Math.round(100 * part)} %`
  const busy = usage && `, cpu ${percent(usage.cpu)}, memory ${percent(usage.memory)}, disk ${percent(usage.disk)}`
  return `${id}  ${region ?? '-'}  ${status ?? '-'}  ${alive ? 'alive' : 'silent'}  ${vmCount} vms${busy ?? ''}\n`
}

export async function printMembers({ json, ...place }: Shown, { stdout }: Environment): Promise<void> {
  const { peers } = await hostApi(place).get<ClusterStats>('/v1/stats')
  for (const peer of peers) {
    const way = peer.connected ? 'connected' : 'not connected'
    stdout.write(json ? `${JSON.stringify(peer)}\n` : `${peer.node}  ${peer.region}  ${peer.state}, ${way}\n`)
  }
}

export async function printStats({ json, ...place }: Shown, { stdout }: Environment): Promise<void> {
  const stats = await hostApi(place).get<ClusterStats>('/v1/stats')
  stdout.write(json ? `${JSON.stringify(stats)}\n` : statsText(stats))
}

function statsText({
  node,
  region,
  cluster,
  gossip,
  antiEntropy,
  causal,
  peers,
  documents,
  digest,
}: ClusterStats): string {
  return [
    `${node}  ${region}`,
    `  cluster       ${cluster.vms} vms, ${cluster.assignments} assigned, ${cluster.nodesAlive} of ${cluster.nodes} nodes alive`,
    `  conflicts     ${cluster.conflicts} now, ${cluster.conflictsSeen} since the start`,
    `  gossip        ${gossip.seen} changes seen, ${gossip.duplicates} of them twice, at most ${gossip.hops} hops, ${(100 * gossip.lossEstimate).toFixed(1)} % sent again`,
    `  anti-entropy  ${antiEntropy.total} comparisons, ${antiEntropy.failed} without an answer, ${antiEntropy.keysExchanged} changes by them, ${antiEntropy.averageSeconds.toFixed(2)} s to be equal again`,
    `  causal        ${causal.pending} changes wait for others`,
    `  peers         ${peers.filter(({ connected }) => connected).length} of ${peers.length} connected`,
    `  documents     ${documents}, digest ${digest}`,
    '',
  ].join('\n')
}

export async function printConflicts({ json, ...place }: Shown, { stdout }: Environment): Promise<void> {
  const { conflicts } = await hostApi(place).get<{ conflicts: Conflict[] }>('/v1/conflicts')
  for (const conflict of conflicts) stdout.write(json ? `${JSON.stringify(conflict)}\n` : conflictLine(conflict))
}

function conflictLine({ kind, id, field, won, lost, because }: Conflict): string {
  const over = lost.map(({ value, by }) => `${JSON.stringify(value)} of ${by}`).join(', ')
  return `${kind} ${id}  ${field}: ${JSON.stringify(won.value)} of ${won.by} won over ${over}: ${because}\n`
}

export async function joinCluster(address: string, place: HostPlace): Promise<void> {
  await hostApi(place).send('POST', '/v1/join', { address })
}

/** Prints events until it is asked to stop. */
export async function watchCluster({ json, ...place }: Shown, { stdout, onSignal }: Environment): Promise<void> {
  const stop = new AbortController()
  onSignal(() => stop.abort())
  try {
    for await (const { event, data } of hostApi(place).events('/v1/watch', stop.signal)) {
      stdout.write(json ? `{"event":${JSON.stringify(event)},"data":${data}}\n` : `${event}  ${data}\n`)
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}

/** Records that are sent together. */
const BATCH = 500

async function* recordsOf(file: string): AsyncIterable<InventoryRecord[]> {
  const stream = file === '-' ? process.stdin : createReadStream(file)
  if (file !== '-') await once(stream, 'open').catch(cannotRead(file))
  let batch: InventoryRecord[] = []
  let line = 0
  for await (const text of createInterface({ input: stream })) {
    line += 1
    if (text.trim() === '') continue
    batch.push(recordOf(text, line))
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function cannotRead(file: string): (error: Error) => never {
  return ({ message }) => {
    throw new UsageError(`cannot read ${file}: ${message}`, 'Give a file with a JSON object per line.')
  }
}

function recordOf(text: string, line: number): InventoryRecord {
  try {
    const record = JSON.parse(text) as InventoryRecord
    if (typeof record.id === 'string') return record
  } catch {
    // Said below, as for a record without a name.
  }
  throw new UsageError(
    `line ${line} is no JSON object with an id`,
    'A line looks like {"id":"vm-1","status":"running"}.',
  )
}

export async function importInventory(file: string, place: HostPlace, { stdout }: Environment): Promise<void> {
  const api = hostApi(place)
  let written = 0
  for await (const vms of recordsOf(file)) {
    await api.send('POST', '/v1/vms', { vms })
    written += vms.length
  }
  stdout.write(`${written} virtual machines written\n`)
}

export interface CompareOptions {
  /** Write what differs here, as the other system has it. */
  readonly mirror: boolean
}

/** Shadow mode: answers 1 where anything differs and is not mirrored. */
export async function compareInventory(
  file: string,
  { mirror }: CompareOptions,
  { json, ...place }: Shown,
  { stdout }: Environment,
): Promise<number> {
  const api = hostApi(place)
  let same = 0
  let different = 0
  for await (const vms of recordsOf(file)) {
    const found = await api.send<Comparison>('POST', '/v1/inventory/compare', { vms })
    same += found.same
    different += found.differences.length
    for (const each of found.differences) stdout.write(json ? `${JSON.stringify(each)}\n` : differenceLine(each))
    const ids = new Set(found.differences.map(({ id }) => id))
    const behind = vms.filter(({ id }) => ids.has(id))
    if (mirror && behind.length > 0) await api.send('POST', '/v1/vms', { vms: behind })
  }
  if (!json)
    stdout.write(`${same} virtual machines are the same, ${different} differences${mirror ? ' mirrored' : ''}\n`)
  return different > 0 && !mirror ? 1 : 0
}

function differenceLine({ id, field, theirs, ours }: Comparison['differences'][number]): string {
  if (field === undefined) return `${id}  is missing here\n`
  return `${id}  ${field}: ${JSON.stringify(theirs) ?? 'nothing'} there, ${JSON.stringify(ours) ?? 'nothing'} here\n`
}
