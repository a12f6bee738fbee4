/** The endpoints about nodes, counters, credits, conflicts and how all of it is doing. */
import { addEndpoint } from '@joinery/http'
import { ClusterError } from '../errors.ts'
import type { ClusterEndpoints } from './endpoints.ts'
import {
  conflictList,
  counterList,
  counterValue,
  creditList,
  credits,
  done,
  node,
  nodeList,
  resource,
  resourceList,
  statsAnswer,
} from './schemas.ts'

export function addNodeRoutes(to: ClusterEndpoints): void {
  addNodes(to)
  addCounters(to)
  addResources(to)
  addCredits(to)
  addInsight(to)
}

function addNodes(to: ClusterEndpoints): void {
  const { cluster, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: '/v1/nodes',
    operationId: 'listNodes',
    summary: 'List nodes',
    description: 'Those that were registered and those that are heard of, with their last heartbeat.',
    query: schemas.noQuery,
    answers: { 200: { description: 'All nodes.', schema: nodeList } },
    refusals: [],
    handle: async () => ({ status: 200, body: { nodes: cluster.listNodes() } }),
  })
  addEndpoint(to, {
    method: 'get',
    path: '/v1/nodes/{node}',
    operationId: 'getNode',
    summary: 'Read a node',
    description: 'What was declared of it, and its last heartbeat.',
    query: schemas.noQuery,
    answers: { 200: { description: 'The node.', schema: node } },
    refusals: ['CLUSTER_NODE_UNKNOWN'],
    handle: async ({ params }) => ({ status: 200, body: requireNode(to, params.node as string) }),
  })
  addEndpoint(to, {
    method: 'put',
    path: '/v1/nodes/{node}',
    operationId: 'updateNode',
    summary: 'Register a node or write what is declared of it',
    description: 'Its region, status and endpoint. How busy it is it tells itself.',
    query: schemas.writeQuery,
    body: schemas.nodeBody,
    answers: { 200: { description: 'Stored.', schema: node } },
    refusals: ['CLUSTER_FIELD_INVALID', 'STORE_UNAVAILABLE'],
    async handle({ params, body, query }) {
      await cluster.updateNode(params.node as string, body, { acknowledge: query.ack })
      return { status: 200, body: requireNode(to, params.node as string) }
    },
  })
  addEndpoint(to, {
    method: 'delete',
    path: '/v1/nodes/{node}',
    operationId: 'removeNode',
    summary: 'Forget what was declared of a node',
    description: 'Assignments to it stay. A node that is alive shows again with its next heartbeat.',
    query: schemas.writeQuery,
    answers: { 200: { description: 'Removed.', schema: done } },
    refusals: ['CLUSTER_NODE_UNKNOWN'],
    async handle({ params, query }) {
      await cluster.removeNode(params.node as string, { acknowledge: query.ack })
      return { status: 200, body: {} }
    },
  })
}

function requireNode({ cluster }: ClusterEndpoints, id: string): object {
  const found = cluster.getNode(id)
  if (found !== undefined) return found
  throw new ClusterError('CLUSTER_NODE_UNKNOWN', `there is no node ${JSON.stringify(id)}`)
}

function addCounters(to: ClusterEndpoints): void {
  const { cluster, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: '/v1/counters',
    operationId: 'listCounters',
    summary: 'Read all counters',
    description: 'What everybody added, as this node knows.',
    query: schemas.noQuery,
    answers: { 200: { description: 'All counters.', schema: counterList } },
    refusals: [],
    handle: async () => ({ status: 200, body: { counters: Object.fromEntries(await cluster.counters()) } }),
  })
  addEndpoint(to, {
    method: 'post',
    path: '/v1/counters/{counter}',
    operationId: 'addToCounter',
    summary: 'Add to a counter',
    description: 'Creates it where it is not there. `by` may be negative.',
    query: schemas.writeQuery,
    body: schemas.countBody,
    answers: { 200: { description: 'Stored.', schema: counterValue } },
    refusals: ['CLUSTER_FIELD_INVALID', 'STORE_UNAVAILABLE'],
    async handle({ params, body, query }) {
      const counter = params.counter as string
      const value = await cluster.addToCounter(counter, body.by, { acknowledge: query.ack })
      return { status: 200, body: { counter, value } }
    },
  })
}

function addResources(to: ClusterEndpoints): void {
  const { cluster, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: '/v1/resources',
    operationId: 'listResources',
    summary: 'List resources',
    description: 'Whatever is shared in the cluster, such as networks, pools or licences.',
    query: schemas.noQuery,
    answers: { 200: { description: 'All resources.', schema: resourceList } },
    refusals: [],
    handle: async () => ({ status: 200, body: { resources: cluster.listResources() } }),
  })
  addEndpoint(to, {
    method: 'get',
    path: '/v1/resources/{resource}',
    operationId: 'getResource',
    summary: 'Read a resource',
    description: 'Its fields as they are now.',
    query: schemas.noQuery,
    answers: { 200: { description: 'The resource.', schema: resource } },
    refusals: ['CLUSTER_RESOURCE_UNKNOWN'],
    async handle({ params }) {
      const found = cluster.getResource(params.resource as string)
      if (found !== undefined) return { status: 200, body: found }
      throw new ClusterError('CLUSTER_RESOURCE_UNKNOWN', `there is no resource ${JSON.stringify(params.resource)}`)
    },
  })
  addEndpoint(to, {
    method: 'put',
    path: '/v1/resources/{resource}',
    operationId: 'updateResource',
    summary: 'Create a resource or write some of its fields',
    description: 'Fields are merged one by one: of concurrent writes of one field the later one stays.',
    query: schemas.writeQuery,
    body: schemas.resourceBody,
    answers: { 200: { description: 'Stored; the resource as it is now.', schema: resource } },
    refusals: ['CLUSTER_FIELD_INVALID', 'LIMIT_EXCEEDED', 'STORE_UNAVAILABLE'],
    handle: async ({ params, body, query }) => ({
      status: 200,
      body: await cluster.updateResource(params.resource as string, body, { acknowledge: query.ack }),
    }),
  })
  addEndpoint(to, {
    method: 'delete',
    path: '/v1/resources/{resource}',
    operationId: 'removeResource',
    summary: 'Remove a resource',
    description: 'What others write to it at the same time stays. Its credits stay.',
    query: schemas.writeQuery,
    answers: { 200: { description: 'Removed.', schema: done } },
    refusals: ['CLUSTER_RESOURCE_UNKNOWN'],
    async handle({ params, query }) {
      await cluster.removeResource(params.resource as string, { acknowledge: query.ack })
      return { status: 200, body: {} }
    },
  })
}

function addCredits(to: ClusterEndpoints): void {
  const { cluster, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: '/v1/credits',
    operationId: 'listCredits',
    summary: 'Read all credits',
    description: 'What there is, and what this node holds of it.',
    query: schemas.noQuery,
    answers: { 200: { description: 'All credits.', schema: creditList } },
    refusals: [],
    handle: async () => ({ status: 200, body: { credits: await cluster.credits() } }),
  })
  addEndpoint(to, {
    method: 'post',
    path: '/v1/credits/{resource}',
    operationId: 'changeCredits',
    summary: 'Add, take or hand over credits',
    description:
      'Whoever adds credits holds them. A node takes only what it holds, so that there are never less than none.',
    query: schemas.writeQuery,
    body: schemas.creditBody,
    answers: { 200: { description: 'Stored.', schema: credits } },
    refusals: ['CLUSTER_CREDITS_INSUFFICIENT', 'CLUSTER_NODE_SILENT', 'CLUSTER_FIELD_INVALID', 'STORE_UNAVAILABLE'],
    async handle({ params, body, query }) {
      const resource = params.resource as string
      const how = { acknowledge: query.ack }
      if (body.type === 'transfer') {
        return { status: 200, body: await cluster.transferCredits(resource, body.to, body.amount, how) }
      }
      const change = body.type === 'add' ? cluster.addCredits : cluster.takeCredits
      return { status: 200, body: await change.call(cluster, resource, body.amount, how) }
    },
  })
}

function addInsight(to: ClusterEndpoints): void {
  const { cluster, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: '/v1/conflicts',
    operationId: 'listConflicts',
    summary: 'Fields that several wrote at once',
    description: 'Each is settled the same way on every node; it is listed until somebody writes the field again.',
    query: schemas.noQuery,
    answers: { 200: { description: 'What won, over what, and why.', schema: conflictList } },
    refusals: [],
    handle: async () => ({ status: 200, body: { conflicts: cluster.conflicts() } }),
  })
  addEndpoint(to, {
    method: 'get',
    path: '/v1/stats',
    operationId: 'stats',
    summary: 'How the cluster is doing, as this node sees it',
    description: 'Gossip, comparisons, peers, and what there is.',
    query: schemas.noQuery,
    answers: { 200: { description: 'Figures.', schema: statsAnswer } },
    refusals: [],
    handle: async () => ({ status: 200, body: await cluster.stats() }),
  })
  addEndpoint(to, {
    method: 'post',
    path: '/v1/drill',
    operationId: 'drill',
    summary: 'Cut this node off, or connect it again',
    description: 'For drills: it says nothing to others and hears nothing of them, and reads and writes all the same.',
    query: schemas.noQuery,
    body: schemas.drillBody,
    answers: { 200: { description: 'So it is from now on.', schema: done } },
    refusals: [],
    async handle({ body }) {
      cluster.isolate(body.isolated)
      return { status: 200, body: {} }
    },
  })
  addEndpoint(to, {
    method: 'post',
    path: '/v1/join',
    operationId: 'join',
    summary: 'Find the other nodes through one of them',
    description: 'Keeps a connection to the node at this address.',
    query: schemas.noQuery,
    body: schemas.joinBody,
    answers: { 200: { description: 'It is being dialled.', schema: done } },
    refusals: [],
    async handle({ body }) {
      cluster.join(body.address)
      return { status: 200, body: {} }
    },
  })
}
