/** The endpoints for gossips of others: fetch deltas, hand them over, acknowledge them. */
import { addEndpoint } from '@joinery/http'
import { type CatalogEndpoints, consumerOf } from './endpoints.ts'
import { applied, cleared, deltaPage } from './schemas.ts'

export function addDeltaRoutes(to: CatalogEndpoints): void {
  const { catalog, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: '/crdt/delta',
    operationId: 'fetchDeltas',
    summary: 'Fetch what was not acknowledged',
    description:
      'By whoever `X-Node-ID` names, page by page, in an order in which each change follows what it builds on.',
    query: schemas.deltaQuery,
    answers: { 200: { description: 'Deltas.', schema: deltaPage } },
    refusals: ['CATALOG_CURSOR_INVALID', 'CATALOG_CONSUMERS_FULL'],
    handle: async (input) => ({ status: 200, body: catalog.deltas(consumerOf(input), input.query) }),
  })
  addEndpoint(to, {
    method: 'post',
    path: '/crdt/delta',
    operationId: 'applyDeltas',
    summary: 'Hand deltas over',
    description:
      'One or many, as GET gives them, in any order and as often as one likes. All are checked before the first is applied. What comes before something that is missing is named in `waiting`: it is kept in memory only, so send it again.',
    query: schemas.noQuery,
    body: schemas.deltas,
    answers: {
      200: { description: 'What became of them; what was applied or stale is on the disk.', schema: applied },
    },
    refusals: [
      'CATALOG_DELTA_MALFORMED',
      'CATALOG_DELTA_MISMATCH',
      'CATALOG_DELTA_FOREIGN',
      'CATALOG_DELTA_AHEAD',
      'CATALOG_DELTA_FORKED',
      'CATALOG_DELTA_EARLY',
    ],
    handle: async ({ body }) => ({ status: 200, body: await catalog.apply(body) }),
  })
  addEndpoint(to, {
    method: 'post',
    path: '/crdt/delta/clear',
    withoutBody: {},
    operationId: 'clearDeltas',
    summary: 'Acknowledge deltas',
    description:
      'By whoever `X-Node-ID` names: `{"changes": [...]}`, `{"version": N}`, or nothing for everything returned so far. What was never returned is never dropped.',
    query: schemas.noQuery,
    body: schemas.clearing,
    answers: { 200: { description: 'How many changes were acknowledged, durably.', schema: cleared } },
    refusals: ['CATALOG_VERSION_UNKNOWN', 'CATALOG_CONSUMERS_FULL'],
    handle: async (input) => ({ status: 200, body: { cleared: await catalog.clear(consumerOf(input), input.body) } }),
  })
}
