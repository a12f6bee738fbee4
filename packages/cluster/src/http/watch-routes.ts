/** Server-Sent Events: what changes in the cluster, as this node hears of it. */
import { z } from '@hono/zod-openapi'
import { addEndpoint, newsStream, type Tell } from '@joinery/http'
import type { ClusterEvent } from '../model/types.ts'
import type { ClusterEndpoints } from './endpoints.ts'

export function addWatchRoute(to: ClusterEndpoints): void {
  const { cluster, schemas, scheduler, load, limits } = to
  addEndpoint(to, {
    method: 'get',
    path: '/v1/watch',
    operationId: 'watch',
    summary: 'Follow what changes',
    description:
      'Server-Sent Events: `vm`, `node`, `resource` and `conflict` with what each is now, `gone` where it is no more, and `reset` at the beginning and where events were missed: read everything then.',
    query: schemas.noQuery,
    mediaType: 'text/event-stream',
    answers: { 200: { description: 'Events, until one side ends it.', schema: z.string() } },
    refusals: [],
    handle: async (input) =>
      await newsStream(
        { watch: (tell) => cluster.watch((event) => tellOf(event, tell)), scheduler, load, limits },
        input,
      ),
  })
}

function tellOf(event: ClusterEvent, tell: Tell): void {
  switch (event.type) {
    case 'vm':
      tell(event.vm === undefined ? 'gone' : 'vm', event.vm ?? { kind: 'vm', id: event.id })
      break
    case 'node':
      tell(event.node === undefined ? 'gone' : 'node', event.node ?? { kind: 'node', id: event.id })
      break
    case 'resource':
      tell(event.resource === undefined ? 'gone' : 'resource', event.resource ?? { kind: 'resource', id: event.id })
      break
    case 'conflict':
      tell('conflict', event.conflict)
      break
    case 'reset':
      tell('reset', {})
      break
  }
}
