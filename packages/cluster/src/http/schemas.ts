/** What requests and answers of a cluster look like. */
import { z } from '@hono/zod-openapi'
import type { JsonValue } from '@joinery/core'
import type { ClusterLimits } from '../limits.ts'
import type { NodeFields, VmFields, VmFilter } from '../model/types.ts'

const json = z.unknown() as unknown as z.ZodType<JsonValue>
const time = z.string().openapi({ format: 'date-time' })
const usage = z.strictObject({ cpu: z.number(), memory: z.number(), disk: z.number() }).openapi('Usage', {
  description: 'From 0 to 1 each.',
})
const count = z.number().min(0)

const vmShape = {
  status: z.string(),
  cpuCores: count,
  memoryMb: count,
  diskGb: count,
  ipAddress: z.string(),
}

export const vm: z.ZodType<unknown> = z
  .strictObject({
    id: z.string(),
    ...z.object(vmShape).partial().shape,
    nodeId: z.string().optional(),
    region: z.string().optional(),
    createdAt: time.optional(),
    updatedAt: time.optional(),
    metadata: z.record(z.string(), json),
  })
  .openapi('Vm')

export const node: z.ZodType<unknown> = z
  .strictObject({
    id: z.string(),
    region: z.string().optional(),
    status: z.string().optional(),
    endpoint: z.string().optional(),
    alive: z.boolean(),
    lastHeartbeat: time.optional(),
    usage: usage.optional(),
    digest: z
      .string()
      .optional()
      .openapi({ description: 'Equal on nodes that had the same at their last heartbeats.' }),
    vmCount: z.number().int(),
  })
  .openapi('Node')

const write = z.strictObject({ value: json, time, by: z.string() }).openapi('Write')

export const conflict: z.ZodType<unknown> = z
  .strictObject({
    kind: z.enum(['vm', 'assignment', 'node', 'resource']),
    id: z.string(),
    field: z.string(),
    won: write,
    lost: z.array(write),
    because: z.enum(['later', 'larger name']),
  })
  .openapi('Conflict')

export const resource: z.ZodType<unknown> = z
  .strictObject({ id: z.string(), fields: z.record(z.string(), json) })
  .openapi('Resource')

export const credits: z.ZodType<unknown> = z
  .strictObject({
    resource: z.string(),
    available: z.number().int().openapi({ description: 'In the whole cluster, as this node knows.' }),
    held: z.number().int().openapi({ description: 'That this node may take by itself.' }),
  })
  .openapi('Credits')

export const vmList: z.ZodType<unknown> = z
  .strictObject({ vms: z.array(vm), next: z.string().optional() })
  .openapi('VmList')
export const vmExplained: z.ZodType<unknown> = z
  .strictObject({ vm, writes: z.record(z.string(), z.array(write)) })
  .openapi('VmExplained')
export const nodeList: z.ZodType<unknown> = z.strictObject({ nodes: z.array(node) }).openapi('NodeList')
export const resourceList: z.ZodType<unknown> = z.strictObject({ resources: z.array(resource) }).openapi('ResourceList')
export const conflictList: z.ZodType<unknown> = z.strictObject({ conflicts: z.array(conflict) }).openapi('ConflictList')
export const creditList: z.ZodType<unknown> = z.strictObject({ credits: z.array(credits) }).openapi('CreditList')
export const counterList: z.ZodType<unknown> = z
  .strictObject({ counters: z.record(z.string(), z.number().int()) })
  .openapi('CounterList')
export const counterValue: z.ZodType<unknown> = z
  .strictObject({ counter: z.string(), value: z.number().int() })
  .openapi('Counter')
export const done: z.ZodType<unknown> = z.strictObject({}).openapi('Done')
export const written: z.ZodType<unknown> = z.strictObject({ written: z.number().int() }).openapi('Written')
export const statsAnswer: z.ZodType<unknown> = z.looseObject({}).openapi('Stats')
export const differences: z.ZodType<unknown> = z
  .strictObject({
    same: z.number().int(),
    differences: z.array(
      z.strictObject({
        id: z.string(),
        field: z.string().optional().openapi({ description: 'Absent where the whole virtual machine is missing.' }),
        theirs: json.optional(),
        ours: json.optional(),
      }),
    ),
  })
  .openapi('Differences')

const limitOf = ({ pageSizeDefault, pageSizeMax }: ClusterLimits): z.ZodType<number> =>
  z
    .string()
    .regex(/^\d{1,6}$/, 'is not a number')
    .transform(Number)
    .refine((n) => n >= 1 && n <= pageSizeMax, `is not from 1 to ${pageSizeMax}`)
    .optional()
    .transform((n) => n ?? pageSizeDefault)
    .openapi({ type: 'integer', minimum: 1, maximum: pageSizeMax, default: pageSizeDefault }) as never

export interface ClusterSchemas {
  readonly vmBody: z.ZodType<VmFields>
  readonly batchBody: z.ZodType<{ readonly vms: readonly ({ readonly id: string } & VmFields)[] }>
  readonly nodeBody: z.ZodType<NodeFields>
  readonly resourceBody: z.ZodType<Readonly<Record<string, JsonValue>>>
  readonly assignBody: z.ZodType<{ readonly node: string }>
  readonly migrateBody: z.ZodType<{ readonly from: string; readonly to: string }>
  readonly countBody: z.ZodType<{ readonly by: number }>
  readonly creditBody: z.ZodType<CreditRequest>
  readonly drillBody: z.ZodType<{ readonly isolated: boolean }>
  readonly joinBody: z.ZodType<{ readonly address: string }>
  readonly listQuery: z.ZodType<VmFilter>
  readonly writeQuery: z.ZodType<{ readonly ack: 'stored' | 'replicated' }>
  readonly noQuery: z.ZodType<unknown>
}

export type CreditRequest =
  | { readonly type: 'add' | 'take'; readonly amount: number }
  | { readonly type: 'transfer'; readonly amount: number; readonly to: string }

export function clusterSchemas(limits: ClusterLimits): ClusterSchemas {
  const fields = z.object({ ...vmShape, metadata: z.record(z.string(), json) }).partial()
  const vmBody = z.strictObject(fields.shape).openapi('VmFields', {
    description: 'Fields that are not named stay as they are. In the metadata null takes a name away.',
    example: { status: 'running', cpuCores: 4, memoryMb: 8192, metadata: { owner: 'billing' } },
  })
  const text = z.string().optional()
  const amount = z.number().int().min(1)
  const shapes = {
    vmBody,
    batchBody: z.strictObject({
      vms: z.array(z.strictObject({ id: z.string(), ...fields.shape })).max(limits.batchMax),
    }),
    nodeBody: z.strictObject({ region: text, status: text, endpoint: text }).openapi('NodeFields'),
    resourceBody: z.record(z.string(), json).openapi('ResourceFields', {
      description: 'Fields that are not named stay as they are; null takes a field away.',
      example: { kind: 'network', cidr: '10.0.0.0/16' },
    }),
    assignBody: z.strictObject({ node: z.string() }),
    migrateBody: z.strictObject({ from: z.string(), to: z.string() }),
    countBody: z.strictObject({ by: z.number().int() }),
    creditBody: z.discriminatedUnion('type', [
      z.strictObject({ type: z.enum(['add', 'take']), amount }),
      z.strictObject({ type: z.literal('transfer'), amount, to: z.string() }),
    ]),
    drillBody: z.strictObject({ isolated: z.boolean() }),
    joinBody: z.strictObject({ address: z.string() }),
    listQuery: z.strictObject({
      region: text,
      status: text,
      node: text,
      prefix: text,
      after: text,
      limit: limitOf(limits),
    }),
    writeQuery: z.strictObject({
      ack: z
        .enum(['stored', 'replicated'])
        .optional()
        .transform((ack) => ack ?? 'stored')
        .openapi({
          type: 'string',
          enum: ['stored', 'replicated'],
          default: 'stored',
          description: 'Answer when it is on the disk of this node, or of another one, too.',
        }),
    }),
    noQuery: z.strictObject({}),
  }
  return shapes as unknown as ClusterSchemas
}
