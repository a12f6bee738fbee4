/** What answers look like. The service builds them; the tests hold every real answer against these. */
import { z } from '@hono/zod-openapi'
import { documentType, jsonValue } from './operations.ts'

const version = z.number().int().min(0).openapi({ description: 'Grows by one per stored change of the document.' })
const incarnation = z.string().openapi({ description: 'One life of the document, from creation to deletion.' })
const storeId = z.string().openapi({ description: 'Scope of all versions and positions of this server.' })
const operation = z.looseObject({}).openapi('Operation', { description: 'An operation, as it was sent.' })
const ids = z
  .array(z.string())
  .optional()
  .openapi({ description: 'Ids of the elements, in order; with `?ids=true` only.' })

const state = { id: z.string(), type: documentType, version, incarnation, storeId }

const stateShape = z.strictObject(state)
export const documentState: z.ZodType<unknown> = stateShape.openapi('DocumentState')

export const documentValue: z.ZodType<unknown> = stateShape.extend({ value: jsonValue, ids }).openapi('DocumentValue')

export const documentList: z.ZodType<unknown> = z
  .strictObject({
    documents: z.array(stateShape),
    cursor: z.string().optional().openapi({ description: 'Of the next page; absent on the last.' }),
  })
  .openapi('DocumentList')

const logged = {
  version,
  node: z.string().openapi({ description: 'X-Node-ID of who sent it.' }),
  time: z.string().openapi({ description: 'When it was stored, RFC 3339.', format: 'date-time' }),
  op: operation,
}

export const opsAnswer: z.ZodType<unknown> = stateShape
  .extend({
    snapshot: jsonValue.optional(),
    ids,
    ops: z.array(z.strictObject(logged)).openapi({ description: 'What other nodes did after `since`, oldest first.' }),
    truncated: z
      .boolean()
      .openapi({ description: 'There is more than `ops` shows: read on with GET, or take the snapshot.' }),
  })
  .openapi('OpsAnswer')

export const logAnswer: z.ZodType<unknown> = stateShape
  .extend({
    ops: z.array(z.strictObject(logged)),
    next: z.number().int().optional().openapi({ description: 'The `since` of the next page; absent on the last.' }),
  })
  .openapi('LogAnswer')

export const tenantLogAnswer: z.ZodType<unknown> = z
  .strictObject({
    storeId,
    ops: z.array(
      z.strictObject({
        position: z.number().int().openapi({ description: 'Place in the order of arrival.' }),
        id: z.string(),
        incarnation,
        ...logged,
      }),
    ),
    next: z.number().int().optional().openapi({ description: 'The `since` of the next page; absent on the last.' }),
  })
  .openapi('TenantLogAnswer')
