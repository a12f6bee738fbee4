/** Server-Sent Events: the value of a document as it is, then what changes. Read it by `fetch`, which can send the headers. */
import { z } from '@hono/zod-openapi'
import { eventStream } from '@joinery/http'
import type { RefusalCode } from '@joinery/sync'
import type { ValueEvent } from '../../live/value-stream.ts'
import type { DocumentValue, Since } from '../../service/types.ts'
import { addEndpoint, type Endpoints } from '../endpoint.ts'
import type { RequestSchemas } from '../schemas/requests.ts'
import type { OpenStream } from '../streams.ts'

export function addEventRoutes(to: Endpoints, schemas: RequestSchemas): void {
  const { service, limits } = to.options
  addEndpoint(to, {
    method: 'get',
    path: '/v1/docs/{docID}/events',
    operationId: 'followDocument',
    summary: 'Follow the value of a document',
    description:
      'Server-Sent Events: `snapshot` with the document, then `patch` with JSON Patch (RFC 6902) for what changed, and `end` with a code when it was deleted or may not be followed any more. `Last-Event-ID` takes up where an earlier stream stopped.',
    query: schemas.noQuery,
    mediaType: 'text/event-stream',
    answers: { 200: { description: 'Events, until one side ends it.', schema: z.string() } },
    refusals: ['NOT_FOUND', 'GONE'],
    async handle({ caller, document, lastEventId, gone, visit }) {
      const since = lastEventId === undefined ? undefined : sinceOf(lastEventId)
      const body = await eventStream(
        (onEvent) =>
          service.watch(caller, document, { since, onEvent: (event) => onEvent(frameOf(event), event.kind === 'end') }),
        {
          // A reader that is behind is told the value again once it has caught up.
          catchUp: (onEvent) =>
            service.watch(caller, document, { onEvent: (event) => onEvent(frameOf(event), event.kind === 'end') }),
          scheduler: service.live.scheduler,
          heartbeatMs: limits.streamHeartbeatMs,
          stay: visit.stay,
          ends: [to.load.leaving, gone],
          hold: (onEnd) => hold(to, { caller, document, end: (code) => onEnd(endOf(code)) }),
        },
      )
      return { status: 200, body, headers: { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' } }
    },
  })
}

/** A stream ends with the key that opened it, and with the permission. */
function hold({ grants, streams }: Endpoints, stream: OpenStream): () => void {
  const releases = [grants.hold(stream.caller.key, () => stream.end('unauthenticated')), streams.add(stream)]
  return () => {
    for (const release of releases) release()
  }
}

function frameOf(event: ValueEvent): string {
  if (event.kind === 'end') return endOf(event.code)
  const { value } = event
  const { storeId, incarnation, version } = value
  const data = event.kind === 'snapshot' ? value : { storeId, incarnation, version, patch: event.patch }
  return `id: ${idOf(value)}\nevent: ${event.kind}\ndata: ${JSON.stringify(data)}\n\n`
}

function endOf(code: RefusalCode): string {
  return `event: end\ndata: ${JSON.stringify({ code })}\n\n`
}

/** Where a stream is: the store, the life of the document, and the version. */
function idOf({ storeId, incarnation, version }: DocumentValue): string {
  return [storeId, incarnation, version].map(encodeURIComponent).join('/')
}

/** An id that is none of ours is as good as none: the stream begins with the whole value. */
function sinceOf(id: string): Since | undefined {
  try {
    const [storeId, incarnation, version, ...more] = id.split('/').map(decodeURIComponent)
    if (more.length > 0 || !/^\d{1,15}$/.test(version ?? '')) return undefined
    return { storeId, incarnation, version: Number(version) }
  } catch {
    return undefined
  }
}
