/** What requests and answers of a catalog look like. */
import { z } from '@hono/zod-openapi'
import type { Clearing } from '../deltas/consumers.ts'
import type { CatalogLimits } from '../limits.ts'
import { type Kind, kinds } from '../model/kinds.ts'

const type = z.enum(kinds)
/** Checked by the catalog itself, which says what is wrong in its own terms. */
const metadata: z.ZodType<unknown> = z.unknown().openapi('Metadata', {
  type: 'object',
  additionalProperties: true,
  description: 'Each field is a register of its own: the last writer wins, field by field.',
})
const shownMetadata = z.record(z.string(), z.unknown())
const tag = z.string().openapi({ description: '`actor:counter`' })
const clock = z.record(z.string(), z.number().int()).openapi({ description: 'Per author the last change.' })
const micros = z.number().int().openapi({ description: 'Microseconds since 1970.' })

const write = { value: z.unknown(), timestamp: micros, time: z.string(), node: z.string(), tag }
const explanation = z.strictObject({
  tags: z.array(tag),
  clock,
  fields: z.record(
    z.string(),
    z.strictObject({
      ...write,
      overrode: z.array(z.strictObject({ ...write, because: z.enum(['older', 'node', 'epoch']) })),
    }),
  ),
})

export const entry: z.ZodType<unknown> = z
  .strictObject({ type, id: z.string(), metadata: shownMetadata, explain: explanation.optional() })
  .openapi('Entry')

export const written: z.ZodType<unknown> = z
  .strictObject({
    type,
    id: z.string(),
    change: z.string().openapi({ description: 'Names the change in deltas.' }),
    created: z.boolean().openapi({ description: 'Whether the entry was not there before.' }),
  })
  .openapi('Written')

export const queryPage: z.ZodType<unknown> = z
  .strictObject({ items: z.array(entry), cursor: z.string().optional() })
  .openapi('QueryPage')

const common = { change: z.string(), key: z.string(), clock, bytes: z.string().openapi({ format: 'byte' }) }
const stamped = { ...common, timestamp: micros, node: z.string() }
const shownDelta = z
  .discriminatedUnion('type', [
    z.strictObject({
      ...stamped,
      type: z.literal('orset'),
      tags: z.strictObject({ added: z.array(tag), removed: z.array(tag) }),
    }),
    z.strictObject({
      ...stamped,
      type: z.literal('lww'),
      fields: z.record(z.string(), z.strictObject({ value: z.unknown(), timestamp: micros, node: z.string(), tag })),
      removed: z.record(z.string(), z.array(tag)),
    }),
    z.strictObject({
      ...common,
      type: z.literal('state'),
      entries: z.strictObject({
        snapshots: z.record(z.string(), shownMetadata),
        images: z.record(z.string(), shownMetadata),
      }),
    }),
  ])
  .openapi('Delta')

export const deltaPage: z.ZodType<unknown> = z
  .strictObject({
    deltas: z.array(shownDelta),
    version: z.number().int().openapi({ description: 'Acknowledges these deltas and all returned before.' }),
    cursor: z.string().optional(),
  })
  .openapi('DeltaPage')

export const applied: z.ZodType<unknown> = z
  .strictObject({ applied: z.number().int(), stale: z.number().int(), waiting: z.array(z.string()) })
  .openapi('Applied')

export const cleared: z.ZodType<unknown> = z.strictObject({ cleared: z.number().int() }).openapi('Cleared')

export const status: z.ZodType<unknown> = z
  .looseObject({ node: z.string(), entries: z.strictObject({ snapshots: z.number(), images: z.number() }) })
  .openapi('Status')

const flag = z
  .enum(['0', '1', 'false', 'true'])
  .optional()
  .transform((text) => text === '1' || text === 'true')
  .openapi({ type: 'boolean' })

function limitOf(max: number, usual: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d{1,6}$/, 'is not a number')
    .transform(Number)
    .refine((n) => n >= 1 && n <= max, `is not from 1 to ${max}`)
    .optional()
    .transform((n) => n ?? usual)
    .openapi({ type: 'integer', minimum: 1, maximum: max, default: usual }) as never
}

export interface CatalogSchemas {
  readonly metadata: z.ZodType<unknown>
  readonly deltas: z.ZodType<readonly unknown[]>
  readonly clearing: z.ZodType<Clearing>
  readonly entryQuery: z.ZodType<{ readonly explain: boolean }>
  readonly catalogQuery: z.ZodType<{
    readonly type?: Kind | undefined
    readonly q?: string | undefined
    readonly sort?: string | undefined
    readonly limit: number
    readonly cursor?: string | undefined
    readonly fields?: readonly string[] | undefined
  }>
  readonly deltaQuery: z.ZodType<{ readonly limit: number; readonly cursor?: string | undefined }>
  readonly noQuery: z.ZodType<unknown>
}

export function catalogSchemas(limits: CatalogLimits): CatalogSchemas {
  const text = z.string().optional()
  const shapes: Record<keyof CatalogSchemas, z.ZodType> = {
    metadata,
    // What a delta is is checked by the catalog, all of it, and refused in its own terms.
    deltas: z
      .union([z.array(z.unknown()), z.looseObject({ deltas: z.array(z.unknown()) }), z.unknown()])
      .transform(deltasIn)
      .openapi({ description: 'A delta, an array of them, or a page as GET gives it.' }),
    clearing: z
      .strictObject({
        changes: z.array(z.string()).max(limits.clearListMax).optional(),
        version: z.number().int().optional(),
      })
      .refine(
        ({ changes, version }) => changes === undefined || version === undefined,
        'names both changes and a version',
      )
      .transform(({ changes, version }): Clearing => {
        if (changes !== undefined) return { changes }
        return version === undefined ? 'returned' : { version }
      })
      .openapi({ description: 'Names of changes, a version, or nothing for everything that was returned.' }),
    entryQuery: z.strictObject({ explain: flag }),
    catalogQuery: z.strictObject({
      type: type.optional(),
      q: text,
      sort: text,
      limit: limitOf(limits.queryLimitMax, limits.queryLimitDefault),
      cursor: text,
      fields: z
        .string()
        .transform((names) => names.split(',').filter((name) => name !== ''))
        .refine((names) => names.length <= limits.queryFieldsMax, `has more than ${limits.queryFieldsMax} names`)
        .optional()
        .openapi({ type: 'string', description: 'Names by commas.' }),
    }),
    deltaQuery: z.strictObject({ limit: limitOf(limits.deltasPageMax, limits.deltasPageDefault), cursor: text }),
    noQuery: z.strictObject({}),
  }
  return shapes as unknown as CatalogSchemas
}

function deltasIn(sent: unknown): readonly unknown[] {
  if (Array.isArray(sent)) return sent
  const { deltas } = (sent ?? {}) as { readonly deltas?: unknown }
  return Array.isArray(deltas) ? deltas : [sent]
}
