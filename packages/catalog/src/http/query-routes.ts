/** The endpoints that look at the whole catalog: queries, what changes, how the node is doing. */
import { z } from '@hono/zod-openapi'
import { addEndpoint, newsStream, type Tell } from '@joinery/http'
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
    handle: async (input) => await newsStream({ watch, scheduler, load, limits }, input),
  })

  function watch(tell: Tell): () => void {
    return catalog.subscribe(({ entries, origin }) => {
      for (const { kind, id } of entries) {
        const found = catalog.get({ kind, id })
        if (found === undefined) tell('gone', { type: kind, id, origin })
        else tell('entry', { ...shown(found), origin })
      }
    })
  }
}
