/** Server-Sent Events: what changes in the cluster, as this node hears of it. */
import { z } from '@hono/zod-openapi'
import { addEndpoint, eventStream } from '@joinery/http'
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
    async handle({ gone, visit }) {
      const begin = async (take: (frame: string, last: boolean) => void): Promise<() => void> => {
        const end = cluster.watch((event) => take(frameOf(event), false))
        take(frameOf({ type: 'reset' }), false)
        return end
      }
      const body = await eventStream(begin, {
        catchUp: begin,
        scheduler,
        heartbeatMs: limits.streamHeartbeatMs,
        stay: visit.stay,
        ends: [load.leaving, gone],
        hold: () => () => {},
      })
      return { status: 200, body, headers: { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' } }
    },
  })
}

function frameOf(event: ClusterEvent): string {
  switch (event.type) {
    case 'vm':
      return frame(event.vm === undefined ? 'gone' : 'vm', event.vm ?? { kind: 'vm', id: event.id })
    case 'node':
      return frame(event.node === undefined ? 'gone' : 'node', event.node ?? { kind: 'node', id: event.id })
    case 'resource':
      return frame(
        event.resource === undefined ? 'gone' : 'resource',
        event.resource ?? { kind: 'resource', id: event.id },
      )
    case 'conflict':
      return frame('conflict', event.conflict)
    case 'reset':
      return frame('reset', {})
  }
}

function frame(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
