/** The endpoints about virtual machines and where they are. */
import { addEndpoint } from '@joinery/http'
import type { ClusterErrorCode } from '../errors.ts'
import { compareInventory } from '../inventory/compare.ts'
import type { ClusterEndpoints } from './endpoints.ts'
import { differences, done, vm, vmExplained, vmList, written } from './schemas.ts'

const invalid: readonly ClusterErrorCode[] = ['CLUSTER_FIELD_INVALID', 'LIMIT_EXCEEDED', 'STORE_UNAVAILABLE']
const unknown: readonly ClusterErrorCode[] = ['CLUSTER_VM_UNKNOWN']

export function addVmRoutes(to: ClusterEndpoints): void {
  addReading(to)
  addWriting(to)
  addPlacing(to)
  addInventory(to)
}

function addReading(to: ClusterEndpoints): void {
  const { cluster, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: '/v1/vms',
    operationId: 'listVms',
    summary: 'List virtual machines',
    description: 'Ascending by id, as this node knows them. A page ends with `next`, the `after` of the next one.',
    query: schemas.listQuery,
    answers: { 200: { description: 'A page.', schema: vmList } },
    refusals: [],
    handle: async ({ query }) => ({ status: 200, body: cluster.listVms(query) }),
  })
  addEndpoint(to, {
    method: 'get',
    path: '/v1/vms/{vm}',
    operationId: 'getVm',
    summary: 'Read a virtual machine',
    description: 'Its fields as they are now, with the node that it is assigned to.',
    query: schemas.noQuery,
    answers: { 200: { description: 'The virtual machine.', schema: vm } },
    refusals: unknown,
    handle: async ({ params }) => ({ status: 200, body: to.requireVm(params.vm) }),
  })
  addEndpoint(to, {
    method: 'get',
    path: '/v1/vms/{vm}/explain',
    operationId: 'explainVm',
    summary: 'Say why a virtual machine is as it is',
    description: 'Who wrote each field and when; where several wrote at once, the write that shows comes first.',
    query: schemas.noQuery,
    answers: { 200: { description: 'The virtual machine and its writes.', schema: vmExplained } },
    refusals: unknown,
    handle: async ({ params }) => ({ status: 200, body: await cluster.explainVm(params.vm as string) }),
  })
}

function addWriting(to: ClusterEndpoints): void {
  const { cluster, schemas } = to
  addEndpoint(to, {
    method: 'put',
    path: '/v1/vms/{vm}',
    operationId: 'updateVm',
    summary: 'Create a virtual machine or write some of its fields',
    description: 'Fields are merged one by one: of concurrent writes of one field the later one stays.',
    query: schemas.writeQuery,
    body: schemas.vmBody,
    answers: { 200: { description: 'Stored; the virtual machine as it is now.', schema: vm } },
    refusals: invalid,
    handle: async ({ params, body, query }) => ({
      status: 200,
      body: await cluster.updateVm(params.vm as string, body, { acknowledge: query.ack }),
    }),
  })
  addEndpoint(to, {
    method: 'post',
    path: '/v1/vms',
    operationId: 'updateVms',
    summary: 'Write many virtual machines',
    description: 'All of them are checked before any is written.',
    query: schemas.writeQuery,
    body: schemas.batchBody,
    answers: { 200: { description: 'Stored.', schema: written } },
    refusals: invalid,
    async handle({ body, query }) {
      const all = new Map(body.vms.map(({ id, ...fields }) => [id, fields]))
      await cluster.updateVms(all, { acknowledge: query.ack })
      return { status: 200, body: { written: all.size } }
    },
  })
  addEndpoint(to, {
    method: 'delete',
    path: '/v1/vms/{vm}',
    operationId: 'removeVm',
    summary: 'Remove a virtual machine',
    description:
      'With its assignment. What others write to it at the same time stays, and shows it again with that alone.',
    query: schemas.writeQuery,
    answers: { 200: { description: 'Removed.', schema: done } },
    refusals: unknown,
    async handle({ params, query }) {
      await cluster.removeVm(params.vm as string, { acknowledge: query.ack })
      return { status: 200, body: {} }
    },
  })
}

function addPlacing(to: ClusterEndpoints): void {
  const { cluster, schemas } = to
  const refusals: readonly ClusterErrorCode[] = [...unknown, 'CLUSTER_NODE_UNKNOWN', 'STORE_UNAVAILABLE']
  addEndpoint(to, {
    method: 'put',
    path: '/v1/vms/{vm}/assignment',
    operationId: 'assignVm',
    summary: 'Say on which node a virtual machine is',
    description: 'Of concurrent assignments the later one stays, everywhere; `/v1/conflicts` tells of them.',
    query: schemas.writeQuery,
    body: schemas.assignBody,
    answers: { 200: { description: 'Stored.', schema: vm } },
    refusals,
    handle: async ({ params, body, query }) => ({
      status: 200,
      body: await cluster.assignVm(params.vm as string, body.node, { acknowledge: query.ack }),
    }),
  })
  addEndpoint(to, {
    method: 'post',
    path: '/v1/vms/{vm}/migration',
    operationId: 'migrateVm',
    summary: 'Move a virtual machine from one node to another',
    description: 'Refused where it is not on the node that it is to come from, as this node knows.',
    query: schemas.writeQuery,
    body: schemas.migrateBody,
    answers: { 200: { description: 'Stored.', schema: vm } },
    refusals: [...refusals, 'CLUSTER_VM_ELSEWHERE'],
    handle: async ({ params, body, query }) => ({
      status: 200,
      body: await cluster.migrateVm(params.vm as string, body.from, body.to, { acknowledge: query.ack }),
    }),
  })
}

function addInventory(to: ClusterEndpoints): void {
  const { cluster, schemas } = to
  addEndpoint(to, {
    method: 'post',
    path: '/v1/inventory/compare',
    operationId: 'compareInventory',
    summary: 'Compare records of another system with what is here',
    description: 'Changes nothing. Fields that a record does not name are not compared.',
    query: schemas.noQuery,
    body: schemas.batchBody,
    answers: { 200: { description: 'What differs.', schema: differences } },
    refusals: invalid,
    handle: async ({ body }) => ({ status: 200, body: compareInventory(cluster, body.vms) }),
  })
}
