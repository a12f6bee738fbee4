/** The endpoints about operations: applying them, and reading the logs. */
import { firstOf } from '@joinery/http'
import { ServerError } from '../../errors.ts'
import type { Caller, LogAnswer } from '../../service/types.ts'
import { addEndpoint, type Endpoints } from '../endpoint.ts'
import { logAnswer, opsAnswer, tenantLogAnswer } from '../schemas/answers.ts'
import type { RequestSchemas } from '../schemas/requests.ts'

const OPERATIONS = '/v1/docs/{docID}/ops'

export function addOperationRoutes(to: Endpoints, schemas: RequestSchemas): void {
  addApply(to, schemas)
  addLog(to, schemas)
  addTenantLog(to, schemas)
}

function addApply(to: Endpoints, schemas: RequestSchemas): void {
  const { service } = to.options
  addEndpoint(to, {
    method: 'post',
    path: OPERATIONS,
    operationId: 'applyOperations',
    summary: 'Apply operations and learn what others did',
    description:
      'All operations are stored, or none. Creates the document when it is not there and `since` is 0 or absent.',
    query: schemas.opsQuery,
    body: schemas.opsBody,
    answers: { 200: { description: 'Stored durably.', schema: opsAnswer } },
    refusals: [
      'TYPE_UNKNOWN',
      'OP_INVALID',
      'POSITION_INVALID',
      'VALUE_INVALID',
      'CLOCK_SKEW',
      'GONE',
      'TYPE_MISMATCH',
      'PRECONDITION_FAILED',
      'STORE_MISMATCH',
      'INCARNATION_MISMATCH',
      'SINCE_COMPACTED',
      'SINCE_UNKNOWN',
      'IDEMPOTENCY_STALE',
      'IDEMPOTENCY_MISMATCH',
      'LIMIT_EXCEEDED',
      'TOO_MANY_OPS',
    ],
    async handle({ caller, document, query, body, idempotency }) {
      const { type, ops, since: version = 0, storeId, incarnation } = body
      const answer = await service.ops(caller, document, {
        type,
        ops,
        since: { version, storeId, incarnation },
        withoutSnapshot: query.snapshot === false,
        withIds: query.ids,
        idempotency,
      })
      return { status: 200, body: answer }
    },
  })
}

function addLog(to: Endpoints, schemas: RequestSchemas): void {
  const { service } = to.options
  addEndpoint(to, {
    method: 'get',
    path: OPERATIONS,
    operationId: 'readDocumentLog',
    summary: 'Read the operation log of a document',
    description:
      'What was stored after version `since`, oldest first. With `wait`, an empty answer is put off until there is news.',
    query: schemas.logQuery,
    answers: { 200: { description: 'One page.', schema: logAnswer } },
    refusals: ['NOT_FOUND', 'GONE', 'STORE_MISMATCH', 'INCARNATION_MISMATCH', 'SINCE_COMPACTED', 'SINCE_UNKNOWN'],
    async handle({ caller, document, query: { since: version, limit, storeId, incarnation, wait }, gone, visit }) {
      const since = { version, storeId, incarnation }
      if (wait === 0) return { status: 200, body: await service.log(caller, document, { since, limit }) }
      return {
        status: 200,
        body: await patiently(to, { caller, gone }, (signal) =>
          visit.aside(() => service.log(caller, document, { since, limit, waitMs: wait * 1000, signal })),
        ),
      }
    },
  })
}

/** Waits until the server stops, the caller has gone, or has no right to wait any more. */
async function patiently(
  { load, grants }: Endpoints,
  { caller, gone }: { readonly caller: Caller; readonly gone: AbortSignal },
  wait: (signal: AbortSignal) => Promise<LogAnswer>,
): Promise<LogAnswer> {
  const revoked = new AbortController()
  const release = grants.hold(caller.key, () => revoked.abort())
  const first = firstOf([load.leaving, gone, revoked.signal])
  try {
    const answer = await wait(first.signal)
    if (revoked.signal.aborted) throw new ServerError('UNAUTHENTICATED', 'the key was revoked meanwhile')
    return answer
  } finally {
    first.release()
    release()
  }
}

function addTenantLog(to: Endpoints, schemas: RequestSchemas): void {
  const { service } = to.options
  addEndpoint(to, {
    method: 'get',
    path: '/v1/ops',
    operationId: 'readTenantLog',
    summary: 'Read the operation log of the tenant',
    description:
      'What was stored in any document after position `since`, in the order of arrival. Compacted history is missing.',
    query: schemas.tenantLogQuery,
    answers: { 200: { description: 'One page.', schema: tenantLogAnswer } },
    refusals: ['STORE_MISMATCH'],
    async handle({ caller, query: { since, limit, storeId } }) {
      const answer = await service.tenantLog(caller, { since, limit })
      if (storeId !== undefined && storeId !== answer.storeId) {
        throw new ServerError('STORE_MISMATCH', 'positions of another store mean nothing here: read again from 0', {
          extra: { storeId: answer.storeId },
        })
      }
      return { status: 200, body: answer }
    },
  })
}
