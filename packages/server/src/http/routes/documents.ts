/** The endpoints about one document, and the list of them. */
import { StoreError } from '@joinery/sync'
import { ServerError } from '../../errors.ts'
import { addEndpoint, type Endpoints } from '../endpoint.ts'
import { documentList, documentState, documentValue } from '../schemas/answers.ts'
import type { RequestSchemas } from '../schemas/requests.ts'

const DOCUMENT = '/v1/docs/{docID}'

export function addDocumentRoutes(to: Endpoints, schemas: RequestSchemas): void {
  addPut(to, schemas)
  addGet(to, schemas)
  addDelete(to, schemas)
  addList(to, schemas)
}

function addPut(to: Endpoints, schemas: RequestSchemas): void {
  const { service } = to.options
  addEndpoint(to, {
    method: 'put',
    path: DOCUMENT,
    operationId: 'putDocument',
    summary: 'Create or overwrite a document',
    description: 'On an existing document: what is there now is reset and the value written, both as one change.',
    query: schemas.noQuery,
    body: schemas.putBody,
    answers: {
      200: { description: 'Overwritten.', schema: documentValue },
      201: { description: 'Created.', schema: documentValue },
    },
    refusals: [
      'TYPE_UNKNOWN',
      'VALUE_INVALID',
      'TYPE_MISMATCH',
      'VALUE_UNREACHABLE',
      'OP_INVALID',
      'LIMIT_EXCEEDED',
      'IDEMPOTENCY_STALE',
      'IDEMPOTENCY_MISMATCH',
    ],
    async handle({ caller, document, body, idempotency }) {
      const { created, ...answer } = await service.put(caller, document, { ...body, idempotency })
      const headers = created ? { Location: `/v1/docs/${encodeURIComponent(document)}` } : {}
      return { status: created ? 201 : 200, body: answer, headers }
    },
  })
}

function addGet(to: Endpoints, schemas: RequestSchemas): void {
  const { service } = to.options
  addEndpoint(to, {
    method: 'get',
    path: DOCUMENT,
    operationId: 'getDocument',
    summary: 'Read a document',
    description: 'Its value as it is now.',
    query: schemas.getQuery,
    answers: { 200: { description: 'The document.', schema: documentValue } },
    refusals: ['NOT_FOUND', 'GONE'],
    handle: async ({ caller, document, query }) => ({ status: 200, body: await service.get(caller, document, query) }),
  })
}

function addDelete(to: Endpoints, schemas: RequestSchemas): void {
  const { service } = to.options
  addEndpoint(to, {
    method: 'delete',
    path: DOCUMENT,
    operationId: 'deleteDocument',
    summary: 'Delete a document',
    description: 'Ends its incarnation for ever. A later PUT begins a new one; versions go on counting.',
    query: schemas.noQuery,
    answers: { 200: { description: 'Deleted; the version is that of the deletion.', schema: documentState } },
    refusals: ['NOT_FOUND', 'GONE', 'IDEMPOTENCY_STALE', 'IDEMPOTENCY_MISMATCH'],
    handle: async ({ caller, document, idempotency }) => ({
      status: 200,
      body: await service.remove(caller, document, idempotency),
    }),
  })
}

function addList(to: Endpoints, schemas: RequestSchemas): void {
  const { service } = to.options
  addEndpoint(to, {
    method: 'get',
    path: '/v1/docs',
    operationId: 'listDocuments',
    summary: 'List documents',
    description: 'Living documents of the tenant, ascending by the bytes of their id.',
    query: schemas.listQuery,
    answers: { 200: { description: 'One page.', schema: documentList } },
    refusals: [],
    async handle({ caller, query }) {
      try {
        return { status: 200, body: await service.list(caller, query) }
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'STORE_ARGUMENT') throw error
        throw new ServerError('BODY_INVALID', 'the cursor is none that this server gave', { cause: error })
      }
    },
  })
}
