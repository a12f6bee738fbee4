/** The endpoints that look at the whole catalog: queries, what changes, how the node is doing. */
import { z } from '@hono/zod-openapi'
import { addEndpoint, eventStream } from '@joinery/http'
import type { CatalogNews } from '../catalog.ts'
import type { CatalogEndpoints } from './endpoints.ts'
import { shown } from './entry-routes.ts'
import { queryPage, status } from './schemas.ts'

export function addQueryRoutes(to: CatalogEndpoints): void {
  addQuery(to)
  addStatus(to)
  addEvents(to)
}

function addQuery(to: CatalogEndpoints): void {
  const { catalog, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: '/catalog/query',
    operationId: 'query',
    summary: 'Find entries',
    description: 'By full text and by fields: docs/CATALOG.md has the language. Without `q` all entries.',
    query: schemas.catalogQuery,
    answers: { 200: { description: 'A page of what was found, in order.', schema: queryPage } },
    refusals: ['CATALOG_QUERY_INVALID', 'CATALOG_CURSOR_INVALID'],
    async handle({ query: { type, ...rest } }) {
      const { items, cursor } = catalog.query({ kind: type, ...rest })
      return { status: 200, body: { items: items.map(shown), ...(cursor !== undefined && { cursor }) } }
    },
  })
}

function addStatus(to: CatalogEndpoints): void {
  const { catalog, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: '/catalog/status',
    operationId: 'status',
    summary: 'How this node is doing',
    description: 'What it has, whom it knows, and the hash of each part of the catalog: equal hashes are equal parts.',
    query: schemas.noQuery,
    answers: { 200: { description: 'As it is now.', schema: status } },
    refusals: [],
    async handle() {
      const { node, ...rest } = catalog.status()
      const { peers, members, replication, ...about } = node
      const body = { ...about, ...rest, digest: replication.digest, peers, members, versions: catalog.versions() }
      return { status: 200, body }
    },
  })
}

function addEvents(to: CatalogEndpoints): void {
  const { catalog, schemas, scheduler, load, limits } = to
  addEndpoint(to, {
    method: 'get',
    path: '/events',
    operationId: 'follow',
    summary: 'Follow what changes',
    description:
      'Server-Sent Events: `entry` with an entry as it is now, `gone` where it is no more, and `reset` at the beginning and where events were missed: read everything then.',
    query: schemas.noQuery,
    mediaType: 'text/event-stream',
    answers: { 200: { description: 'Events, until one side ends it.', schema: z.string() } },
    refusals: [],
    async handle({ gone, visit }) {
      const begin = async (take: (frame: string, last: boolean) => void): Promise<() => void> => {
        const end = catalog.subscribe((news) => {
          for (const frame of framesOf(news)) take(frame, false)
        })
        take(frame('reset', {}), false)
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

  function framesOf({ entries, origin }: CatalogNews): string[] {
    return entries.map(({ kind, id }) => {
      const found = catalog.get({ kind, id })
      return found === undefined
        ? frame('gone', { type: kind, id, origin })
        : frame('entry', { ...shown(found), origin })
    })
  }
}

function frame(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
