/** What requests look like: path, query and body, built once per server because limits are part of them. */
import { z } from '@hono/zod-openapi'
import type { JsonValue } from '@joinery/core'
import type { ServerLimits } from '../../limits.ts'
import type { DocumentType, Operation } from '../../service/types.ts'
import { documentType, jsonValue, operations, pathOperation, type ValueType } from './operations.ts'

export interface PutBody {
  readonly type: DocumentType
  readonly value: JsonValue
}

export interface OpsBody {
  readonly type: DocumentType
  readonly since?: number | undefined
  readonly storeId?: string | undefined
  readonly incarnation?: string | undefined
  readonly ops: readonly Operation[]
}

export interface RequestSchemas {
  readonly putBody: z.ZodType<PutBody>
  readonly opsBody: z.ZodType<OpsBody>
  readonly getQuery: z.ZodType<{ readonly ids: boolean | undefined }>
  readonly opsQuery: z.ZodType<{ readonly snapshot: boolean | undefined; readonly ids: boolean | undefined }>
  readonly listQuery: z.ZodType<{
    readonly prefix: string | undefined
    readonly cursor: string | undefined
    readonly limit: number
  }>
  readonly logQuery: z.ZodType<LogQuery>
  readonly tenantLogQuery: z.ZodType<TenantLogQuery>
  readonly noQuery: z.ZodType<unknown>
}

export interface LogQuery extends TenantLogQuery {
  readonly incarnation: string | undefined
  /** Seconds. */
  readonly wait: number
}

export interface TenantLogQuery {
  readonly since: number
  readonly limit: number
  readonly storeId: string | undefined
}

/** Every type's request body, told apart by `type`. */
function opsBodies(opsMax: number): z.ZodType<OpsBody> {
  const base = {
    since: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().openapi({
      description: 'The version whose state the operations were made on. 0 or absent: the state as it is now.',
    }),
    storeId: z.string().optional().openapi({ description: 'Of the answer that `since` comes from.' }),
    incarnation: z.string().optional().openapi({ description: 'Of the answer that `since` comes from.' }),
  }
  const bodyOf = (type: DocumentType, op: z.ZodType<Operation>): z.ZodObject =>
    z.strictObject({ type: z.literal(type), ...base, ops: z.array(op).max(opsMax) })
  const bodies = [
    ...(Object.keys(operations) as ValueType[]).map((type) => bodyOf(type, operations[type])),
    bodyOf('doc', pathOperation),
  ]
  const [first, ...rest] = bodies.map((body) => body.openapi(`Ops_${String(body.shape.type?.def.values[0])}`))
  return z.discriminatedUnion('type', [first!, ...rest]).openapi('OpsRequest') as unknown as z.ZodType<OpsBody>
}

/** A number in a query, in plain decimal. */
function decimal(max: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d{1,16}$/, 'is not a non-negative integer')
    .transform(Number)
    .refine((n) => n <= max, `is more than ${max}`)
    .openapi({ type: 'integer', minimum: 0, maximum: max }) as unknown as z.ZodType<number>
}

const flag = z.enum(['true', 'false']).transform((text) => text === 'true')

export function requestSchemas(limits: ServerLimits): RequestSchemas {
  const limit = decimal(limits.pageSizeMax)
    .refine((n) => n > 0, 'is less than 1')
    .optional()
    .transform((n) => n ?? limits.pageSizeDefault)
    .openapi({ type: 'integer', minimum: 1, maximum: limits.pageSizeMax, default: limits.pageSizeDefault })
  const since = decimal(Number.MAX_SAFE_INTEGER)
    .optional()
    .transform((n) => n ?? 0)
    .openapi({ type: 'integer', minimum: 0, default: 0 })
  const text = z.string().optional()
  const waitMax = Math.floor(limits.waitMsMax / 1000)
  const wait = decimal(waitMax)
    .optional()
    .transform((n) => n ?? 0)
    .openapi({
      type: 'integer',
      minimum: 0,
      maximum: waitMax,
      default: 0,
      description: 'Seconds to wait for the first operation, if there is none.',
    })
  const ids = flag.optional().openapi({ type: 'boolean', description: 'Show ids of elements (`rga`, `text`).' })
  const snapshot = flag
    .optional()
    .openapi({ type: 'boolean', default: true, description: 'Show the value afterwards.' })
  const shapes = {
    putBody: z.strictObject({ type: documentType, value: jsonValue }).openapi('PutRequest', {
      description: `\`value\` is what the type shows; for \`doc\` an object of \`{ "type": T, "value": any }\` by field.`,
      example: { type: 'orset', value: ['buy-milk'] },
    }),
    opsBody: opsBodies(limits.opsPerRequestMax),
    getQuery: z.strictObject({ ids }),
    opsQuery: z.strictObject({ snapshot, ids }),
    listQuery: z.strictObject({ prefix: text, cursor: text, limit }),
    logQuery: z.strictObject({ since, limit, storeId: text, incarnation: text, wait }),
    tenantLogQuery: z.strictObject({ since, limit, storeId: text }),
    noQuery: z.strictObject({}),
  }
  return shapes as unknown as RequestSchemas
}
