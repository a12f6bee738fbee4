/** A cluster while its node runs: the documents as they are in memory, and the heartbeats. */
import { parseActorId } from '@joinery/core'
import type { JoineryNode } from '@joinery/node'
import type { Scheduler } from '@joinery/sync'
import type { ClusterLimits } from './limits.ts'
import { checkUsage } from './model/checks.ts'
import type { Conflict, NodeUsage } from './model/types.ts'
import { Credits } from './view/credits.ts'
import { encodeHeartbeat } from './view/heartbeats.ts'
import { News } from './view/news.ts'
import { isNodeField, Nodes } from './view/nodes.ts'
import { Records } from './view/records.ts'
import { isResourceField, resourceOf } from './view/resources.ts'
import { Tallies } from './view/tallies.ts'
import { isVmField, vmOf } from './view/vms.ts'

export interface Running {
  readonly node: JoineryNode
  readonly vms: Records
  readonly assignments: Records
  readonly nodeRecords: Records
  readonly resources: Records
  readonly nodes: Nodes
  readonly tallies: Tallies
  readonly credits: Credits
  readonly news: News
  end(): void
}

export interface RunOptions {
  readonly usage?: () => NodeUsage | undefined
  readonly wallMs: () => number
  readonly scheduler: Scheduler
}

/** Reads what is there and follows it. */
export async function run(node: JoineryNode, options: RunOptions, limits: ClusterLimits): Promise<Running> {
  const views = viewsOf(node)
  const { vms, assignments, nodeRecords, resources, nodes, news } = views
  const all = [vms, assignments, nodeRecords, resources]
  await Promise.all(all.map((records) => records.open()))
  for (const [name, state] of node.presence()) nodes.heard(name, state)
  const unwatch = node.watchPresence((name, state) => {
    nodes.heard(name, state)
    news.node(name)
  })
  const stopBeating = beat(node, options, limits)
  return {
    node,
    ...views,
    tallies: new Tallies(node),
    credits: new Credits(node),
    end() {
      stopBeating()
      unwatch()
      for (const records of all) records.close()
    },
  }
}

type Views = Pick<Running, 'vms' | 'assignments' | 'nodeRecords' | 'resources' | 'nodes' | 'news'>

function viewsOf(node: JoineryNode): Views {
  const onConflict = (conflict: Conflict): void => news.conflict(conflict)
  const onVm = (id: string | undefined, origin: 'local' | 'remote'): void =>
    id === undefined ? news.reset() : news.vm(id, origin)
  const vms = new Records({
    node,
    name: 'vms',
    isSharded: true,
    kind: 'vm',
    isShown: isVmField,
    // These two say when, and say so differently whenever anything else does.
    isContested: (field) => field !== 'updatedAt' && field !== 'createdAt',
    onChange: onVm,
    onConflict,
  })
  const assignments = new Records({
    node,
    name: 'assignments',
    isSharded: true,
    kind: 'assignment',
    isShown: (field) => field === 'node',
    isContested: () => true,
    onChange: onVm,
    onConflict,
  })
  const nodeRecords = new Records({
    node,
    name: 'nodes',
    isSharded: false,
    kind: 'node',
    isShown: isNodeField,
    isContested: () => true,
    onChange: (id) => (id === undefined ? news.reset() : news.node(id)),
    onConflict,
  })
  const resources = new Records({
    node,
    name: 'resources',
    isSharded: false,
    kind: 'resource',
    isShown: isResourceField,
    isContested: () => true,
    onChange: (id) => (id === undefined ? news.reset() : news.resource(id)),
    onConflict,
  })
  const nodes = new Nodes(nodeRecords, assignments)
  const sources = { vms, assignments, nodeRecords }
  const news: News = new News({
    vm: (id) => vmOf(sources, id),
    node: (id) => nodes.get(id),
    resource: (id) => resourceOf(resources, id),
  })
  return { ...sources, resources, nodes, news }
}

/** Tells the others that this node is there and how busy it is, now and then. Answers what ends that. */
function beat(
  node: JoineryNode,
  { usage, wallMs, scheduler }: RunOptions,
  { heartbeatMs }: Pick<ClusterLimits, 'heartbeatMs'>,
): () => void {
  let cancel = (): void => {}
  const next = (): void => {
    const { actor, replication } = node.status()
    const now = usage?.()
    const state = {
      atMs: wallMs(),
      actor: parseActorId(actor),
      digest: replication.digest,
      usage: now && checkUsage(now),
    }
    node.setPresence(encodeHeartbeat(state))
    cancel = scheduler.after(heartbeatMs, next)
  }
  next()
  return () => cancel()
}
