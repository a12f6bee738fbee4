/**
 * The metadata of a cluster, written in every region: virtual machines, nodes, where machines are, counters, resources. Each node has
 * all of it, reads from memory and writes to its own disk; nobody is asked first. Whatever two write at once is settled in the same way
 * everywhere, field by field, and told.
 */
import type { JsonValue } from '@joinery/core'
import { type EditOptions, type NodeObserver, type NodeSigning, type NodeStatus, startNode } from '@joinery/node'
import type { Scheduler, Store } from '@joinery/sync'
import { type ReplicationLimits, replicationLimits } from '@joinery/sync/replication'
import type { NodeTransport } from '@joinery/transport/nodes'
import { ClusterError, type ClusterErrorCode } from './errors.ts'
import { type ClusterLimits, clusterLimits } from './limits.ts'
import { checkId, nodeFields, resourceFields, vmFields } from './model/checks.ts'
import type {
  ClusterNode,
  ConcurrentWrite,
  Conflict,
  Credits as CreditsShown,
  NodeFields,
  NodeUsage,
  Resource,
  Vm,
  VmFields,
  VmFilter,
  VmPage,
} from './model/types.ts'
import { type Running, run } from './running.ts'
import { type ClusterStats, statsOf } from './stats.ts'
import { byName, shown } from './view/conflicts.ts'
import type { ClusterListener } from './view/news.ts'
import type { Row } from './view/records.ts'
import { resourceOf } from './view/resources.ts'
import { listVms, vmOf } from './view/vms.ts'

export interface ClusterOptions {
  /** Name of this node, unique in its cluster. */
  readonly nodeId: string
  readonly region: string
  /** 16 bytes that all nodes share and nobody else knows: `clusterKeys` of `@joinery/node` makes them. */
  readonly digestKey: Uint8Array
  /** Not yet open; at least one, or the node is alone. */
  readonly transports: readonly NodeTransport[]
  /** Its own. Stays open when the node stops. */
  readonly store: Store
  /** The longest time between two comparisons with others, in milliseconds; while anything is new they come each second. */
  readonly antiEntropyInterval?: number
  /** Nodes that each node tells what is new. */
  readonly gossipFanout?: number
  /** How often members that were given up are asked again, in milliseconds. */
  readonly gossipInterval?: number
  readonly maxGossipHops?: number
  /** How busy this node is, asked with each heartbeat. */
  readonly usage?: () => NodeUsage | undefined
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
  /** Its clock is never set back. */
  readonly scheduler: Scheduler
  readonly randomBytes: (count: number) => Uint8Array
  /** Signs what this node writes, and refuses what others did not sign. */
  readonly signing?: NodeSigning
  readonly observer?: NodeObserver
  readonly limits?: Partial<ClusterLimits>
  readonly replication?: Partial<ReplicationLimits>
}

/** A virtual machine with what was written to each of its fields. */
export interface VmExplained {
  readonly vm: Vm
  /** By field: the write that shows, then those that were made at the same time and lost. */
  readonly writes: Readonly<Record<string, readonly ConcurrentWrite[]>>
}

export function createCluster(options: ClusterOptions): Cluster {
  return new Cluster(options)
}

export class Cluster {
  readonly limits: ClusterLimits
  readonly #options: ClusterOptions
  readonly #fanout: number
  #running: Running | undefined

  constructor(options: ClusterOptions) {
    checkId('node', options.nodeId, clusterLimits)
    this.#options = options
    this.limits = { ...clusterLimits, ...options.limits }
    this.#fanout = options.gossipFanout ?? options.replication?.fanout ?? replicationLimits.fanout
  }

  /** Opens the transports, reads what the store has, and registers this node. Throws `TransportError`, `StoreError`, `NODE_STORE_SHARED`. */
  async start(): Promise<void> {
    if (this.#running !== undefined) return
    const { nodeId, region } = this.#options
    const { limits: _, ...options } = this.#options
    const node = await startNode({ ...options, node: nodeId, replication: replicationOf(this.#options) })
    try {
      this.#running = await run(node, this.#options, this.limits)
      const known = this.#running.nodes.get(nodeId)
      if (known?.region !== region) await this.updateNode(nodeId, { region, status: known?.status ?? 'active' })
    } catch (error) {
      this.#running = undefined
      await node.stop()
      throw error
    }
  }

  /** @param leave the node goes for good: the others need not look for it. */
  async stop({ leave = false }: { readonly leave?: boolean } = {}): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.end()
    await running?.node.stop({ leave })
  }

  get #up(): Running {
    return this.#running ?? refuse('CLUSTER_NOT_RUNNING', 'start it first')
  }

  /** Finds the other nodes through the one at this address. Throws `TRANSPORT_ADDRESS`. */
  join(address: string): void {
    this.#up.node.join(address)
  }

  /** Says nothing to others and hears nothing of them until told otherwise, as if cut off: for drills. Reads and writes go on. */
  isolate(isIsolated: boolean): void {
    this.#up.node.isIsolated = isIsolated
  }

  /** Notes where a node is and how it is reached; with an address it is joined. */
  async registerRegion(nodeId: string, region: string, endpoint?: string): Promise<void> {
    await this.updateNode(nodeId, { region, ...(endpoint !== undefined && { endpoint }) })
    if (endpoint !== undefined && nodeId !== this.#options.nodeId) this.join(endpoint)
  }

  /**
   * Creates a virtual machine or writes some of its fields. Fields that are not named stay as they are; of concurrent writes of one
   * field the later one stays, whatever became of the others. Throws `ID_INVALID`, `CLUSTER_FIELD_INVALID`.
   */
  async updateVm(id: string, fields: VmFields, how: EditOptions = {}): Promise<Vm> {
    await this.updateVms(new Map([[id, fields]]), how)
    return this.getVm(id) ?? refuse('CLUSTER_VM_UNKNOWN', `${JSON.stringify(id)} was removed meanwhile`)
  }

  /** Many at once: nothing is written if anything is wrong. Throws as `updateVm`, and `LIMIT_EXCEEDED` above `batchMax`. */
  async updateVms(all: ReadonlyMap<string, VmFields>, how: EditOptions = {}): Promise<void> {
    const { limits } = this
    const { vms } = this.#up
    if (all.size > limits.batchMax) refuse('LIMIT_EXCEEDED', `at most ${limits.batchMax} virtual machines at a time`)
    const checked = new Map(
      [...all].map(([id, fields]) => {
        checkId('virtual machine', id, limits)
        return [id, vmFields(fields, limits)] as const
      }),
    )
    const now = new Date(this.#options.wallMs()).toISOString()
    const write = (id: string, row: Row | undefined) => {
      const fields = new Map<string, JsonValue | undefined>(checked.get(id))
      if (row?.createdAt === undefined && !fields.has('createdAt')) fields.set('createdAt', now)
      return fields.set('updatedAt', now)
    }
    await vms.edit([...checked.keys()], write, how)
  }

  getVm(id: string): Vm | undefined {
    return vmOf(this.#up, id)
  }

  /** Throws `CLUSTER_VM_UNKNOWN`. */
  async explainVm(id: string): Promise<VmExplained> {
    const { vms, assignments } = this.#up
    const vm = this.#requireVm(id)
    const writes = new Map(await vms.writes(id))
    if (vm.nodeId !== undefined) writes.set('nodeId', (await assignments.writes(id)).get('node') ?? [])
    return { vm, writes: Object.fromEntries([...writes].map(([field, all]) => [field, all.map(shown)])) }
  }

  listVms(filter: VmFilter = {}): VmPage {
    return listVms(this.#up, filter, this.limits)
  }

  /** What others write to it at the same time stays. Throws `CLUSTER_VM_UNKNOWN`. */
  async removeVm(id: string, how: EditOptions = {}): Promise<void> {
    const { vms, assignments } = this.#up
    this.#requireVm(id)
    if (assignments.get(id) !== undefined) await assignments.remove(id, how)
    await vms.remove(id, how)
  }

  /**
   * Says where a virtual machine is. It is on one node at a time: of concurrent assignments the later one stays, everywhere, and is told
   * as a conflict. Throws `CLUSTER_VM_UNKNOWN`, `CLUSTER_NODE_UNKNOWN`.
   */
  async assignVm(id: string, node: string, how: EditOptions = {}): Promise<Vm> {
    const { assignments, nodes } = this.#up
    this.#requireVm(id)
    if (!nodes.has(node)) refuse('CLUSTER_NODE_UNKNOWN', `there is no node ${JSON.stringify(node)}`)
    await assignments.edit([id], () => new Map([['node', node]]), how)
    return this.#requireVm(id)
  }

  /**
   * Moves a virtual machine, if it is where the caller thinks. That is checked here and now; who moves it elsewhere at the same moment
   * is met as in `assignVm`. Throws `CLUSTER_VM_ELSEWHERE` as well.
   */
  async migrateVm(id: string, from: string, to: string, how: EditOptions = {}): Promise<Vm> {
    const { nodeId } = this.#requireVm(id)
    if (nodeId !== from) {
      refuse(
        'CLUSTER_VM_ELSEWHERE',
        `${JSON.stringify(id)} is on ${nodeId === undefined ? 'no node' : JSON.stringify(nodeId)}`,
      )
    }
    return await this.assignVm(id, to, how)
  }

  #requireVm(id: string): Vm {
    return this.getVm(id) ?? refuse('CLUSTER_VM_UNKNOWN', `there is no virtual machine ${JSON.stringify(id)}`)
  }

  /** Registers a node or writes what is declared of it. Throws `ID_INVALID`, `CLUSTER_FIELD_INVALID`. */
  async updateNode(id: string, fields: NodeFields, how: EditOptions = {}): Promise<void> {
    checkId('node', id, this.limits)
    const checked = nodeFields(fields, this.limits)
    await this.#up.nodeRecords.edit([id], () => checked, how)
  }

  getNode(id: string): ClusterNode | undefined {
    return this.#up.nodes.get(id)
  }

  /** Ascending by id. */
  listNodes(): ClusterNode[] {
    return this.#up.nodes.list()
  }

  /** Forgets what was declared of a node. Throws `CLUSTER_NODE_UNKNOWN`. */
  async removeNode(id: string, how: EditOptions = {}): Promise<void> {
    const { nodeRecords } = this.#up
    if (nodeRecords.get(id) === undefined) refuse('CLUSTER_NODE_UNKNOWN', `there is no node ${JSON.stringify(id)}`)
    await nodeRecords.remove(id, how)
  }

  /** Adds to a counter, and answers what it is then. Throws `CLUSTER_FIELD_INVALID`. */
  async addToCounter(name: string, by: number, how: EditOptions = {}): Promise<number> {
    checkId('counter', name, this.limits)
    return await this.#up.tallies.add(name, by, how)
  }

  async counters(): Promise<ReadonlyMap<string, number>> {
    return await this.#up.tallies.all()
  }

  /**
   * Creates a resource or writes some of its fields; null takes a field away. Fields are merged one by one. Throws `ID_INVALID`,
   * `CLUSTER_FIELD_INVALID`.
   */
  async updateResource(
    id: string,
    fields: Readonly<Record<string, JsonValue>>,
    how: EditOptions = {},
  ): Promise<Resource> {
    checkId('resource', id, this.limits)
    const checked = resourceFields(fields, this.limits)
    await this.#up.resources.edit([id], () => checked, how)
    return this.getResource(id) ?? { id, fields: {} }
  }

  getResource(id: string): Resource | undefined {
    return resourceOf(this.#up.resources, id)
  }

  /** Ascending by id. */
  listResources(): Resource[] {
    const { resources } = this.#up
    return resources.ids().map((id) => resourceOf(resources, id) as Resource)
  }

  /** Its credits stay. Throws `CLUSTER_RESOURCE_UNKNOWN`. */
  async removeResource(id: string, how: EditOptions = {}): Promise<void> {
    const { resources } = this.#up
    if (resources.get(id) === undefined) {
      refuse('CLUSTER_RESOURCE_UNKNOWN', `there is no resource ${JSON.stringify(id)}`)
    }
    await resources.remove(id, how)
  }

  /** Adds credits, which this node holds. Throws `CLUSTER_FIELD_INVALID`. */
  async addCredits(resource: string, amount: number, how: EditOptions = {}): Promise<CreditsShown> {
    checkId('resource', resource, this.limits)
    return await this.#up.credits.add(resource, amount, how)
  }

  /** Takes credits that this node holds: never more than there are in all, whatever others do. Throws `CLUSTER_CREDITS_INSUFFICIENT`. */
  async takeCredits(resource: string, amount: number, how: EditOptions = {}): Promise<CreditsShown> {
    checkId('resource', resource, this.limits)
    return await this.#up.credits.take(resource, amount, how)
  }

  /** Hands credits of this node to another one. Throws `CLUSTER_CREDITS_INSUFFICIENT`, `CLUSTER_NODE_SILENT`. */
  async transferCredits(resource: string, to: string, amount: number, how: EditOptions = {}): Promise<CreditsShown> {
    checkId('resource', resource, this.limits)
    const actor = this.#up.nodes.actorOf(to)
    if (actor === undefined) refuse('CLUSTER_NODE_SILENT', `${JSON.stringify(to)} has not been heard of lately`)
    return await this.#up.credits.transfer(resource, actor, amount, how)
  }

  async credits(): Promise<readonly CreditsShown[]> {
    return await this.#up.credits.all()
  }

  /** Fields with concurrent writes, each settled the same way everywhere until somebody writes it again. */
  conflicts(): Conflict[] {
    const { vms, assignments, nodeRecords, resources } = this.#up
    return [vms, assignments, nodeRecords, resources].flatMap((records) => [...records.conflicts()]).sort(byName)
  }

  /** Told of what changes, once per turn and thing; answers what ends that. Listeners must not throw. */
  watch(listener: ClusterListener): () => void {
    return this.#up.news.watch(listener)
  }

  /** The node below. */
  status(): NodeStatus {
    return this.#up.node.status()
  }

  async stats(): Promise<ClusterStats> {
    const { node, vms, assignments, nodeRecords, resources, nodes } = this.#up
    const all = [vms, assignments, nodeRecords, resources]
    const listed = nodes.list()
    const counts = {
      vms: vms.size,
      nodes: listed.length,
      nodesAlive: listed.filter(({ alive }) => alive).length,
      assignments: assignments.size,
      resources: resources.size,
      counters: (await this.counters()).size,
      conflicts: this.conflicts().length,
      conflictsSeen: all.reduce((sum, { conflictsSeen }) => sum + conflictsSeen, 0),
    }
    return statsOf(node.status(), counts, this.#fanout)
  }
}

function replicationOf(options: ClusterOptions): Partial<ReplicationLimits> {
  const { antiEntropyInterval, gossipFanout, gossipInterval, maxGossipHops, replication } = options
  return {
    ...replication,
    ...(antiEntropyInterval !== undefined && { antiEntropyMaxMs: antiEntropyInterval }),
    ...(gossipFanout !== undefined && { fanout: gossipFanout }),
    ...(gossipInterval !== undefined && { gossipIntervalMs: gossipInterval }),
    ...(maxGossipHops !== undefined && { hopsMax: maxGossipHops }),
  }
}

function refuse(code: ClusterErrorCode, detail: string): never {
  throw new ClusterError(code, detail)
}
