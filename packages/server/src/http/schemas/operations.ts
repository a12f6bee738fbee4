/** Operations of every type, as validated and as shown in `/openapi.json`. */

import { z } from '@hono/zod-openapi'
import type { JsonValue } from '@joinery/core'
import { forwardIssues } from '@joinery/http'
import type { DocumentType, Operation } from '../../service/types.ts'

/** A type that a value inside a document can have. */
export type ValueType = Exclude<DocumentType, 'doc'>

const VALUE_TYPES = [
  'lww',
  'mvreg',
  'orset',
  'gset',
  '2pset',
  'gcounter',
  'pncounter',
  'bcounter',
  'ewflag',
  'dwflag',
  'ormap',
  'rga',
  'text',
] as const satisfies readonly ValueType[]

export const valueType: z.ZodType<ValueType> = z
  .enum(VALUE_TYPES)
  .openapi('ValueType', { description: 'A type that a value inside a document can have.' })

export const documentTypes: readonly DocumentType[] = [...VALUE_TYPES, 'doc']

export const documentType: z.ZodType<DocumentType> = z.enum([...VALUE_TYPES, 'doc']).openapi('DocumentType', {
  description: 'What a document can be: a value of one type, or `doc` with several fields.',
})

/** Any JSON, but there: `null` is a value, absence is none. */
export const jsonValue: z.ZodType<JsonValue> = z
  .unknown()
  .refine((value) => value !== undefined, 'is missing')
  .openapi({ description: 'Any JSON value.' }) as unknown as z.ZodType<JsonValue>

/**
 * An array that stops at its first bad element: the general schema collects an objection for each, and a body has room for a
 * million of them.
 */
function listOf<T>(item: z.ZodType<T>, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): z.ZodType<readonly T[]> {
  const any = (item as unknown) === jsonValue
  const check = (value: unknown, context: z.core.$RefinementCtx<unknown>): void => {
    if (!Array.isArray(value)) context.addIssue('is not an array')
    else if (value.length < min || value.length > max)
      context.addIssue(`has less than ${min} or more than ${max} elements`)
    else if (!any) {
      const bad = value.findIndex((element) => !item.safeParse(element).success)
      if (bad >= 0) forwardIssues(context, item.safeParse(value[bad]), [bad])
    }
  }
  const bounds = { ...(min > 0 && { minItems: min }), ...(max < Number.MAX_SAFE_INTEGER && { maxItems: max }) }
  const shown = { type: 'array' as const, items: any ? {} : itemShape(item), ...bounds }
  return z.unknown().superRefine(check).openapi(shown) as unknown as z.ZodType<readonly T[]>
}

/** JSON Schema of the plain items that lists have. */
function itemShape(item: z.ZodType): Record<string, never> {
  const { $schema: _dialect, ...shape } = z.toJSONSchema(item) as unknown as Record<string, never>
  return shape
}

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Containers nest 32 deep in core, and the last step is no container of a path. */
const PATH_STEPS_MAX = 32
const key = z.string()
const elementId = z.string().openapi({ description: 'Id of an element, as `?ids=true` shows them.' })
/** Beyond 2^53, so not a safe integer: what a double loses there are fractions of a microsecond. */
const wholeNumber = z
  .number()
  .min(0)
  .refine(Number.isInteger, 'is not a whole number')
  .openapi({ type: 'integer', format: 'int64' })
const nanoseconds = z.union([wholeNumber, z.string().regex(/^\d{1,20}$/, 'is not a number of nanoseconds')]).openapi({
  description:
    'Nanoseconds since 1970 as a number, or as decimal digits in a string. Kept to the microsecond, which both carry. 0 or absent: server time.',
})

const setRegister = z
  .strictObject({ type: z.literal('set').optional(), set: jsonValue, ts_unix_ns: nanoseconds.optional() })
  .openapi('SetOperation', { example: { set: { title: 'milk' }, ts_unix_ns: 0 } })
const setConcurrent = z
  .strictObject({ type: z.literal('set').optional(), set: jsonValue })
  .openapi('SetConcurrentOperation', { example: { set: 'draft' } })
const add = z
  .strictObject({ type: z.literal('add'), elem: jsonValue })
  .openapi('AddOperation', { example: { type: 'add', elem: 'buy-milk' } })
const removeElement = z
  .strictObject({ type: z.literal('remove'), elem: jsonValue })
  .openapi('RemoveOperation', { example: { type: 'remove', elem: 'buy-milk' } })
const increment = z
  .strictObject({ type: z.literal('increment'), by: count.optional() })
  .openapi('IncrementOperation', { example: { type: 'increment', by: 3 } })
const decrement = z
  .strictObject({ type: z.literal('decrement'), by: count.optional() })
  .openapi('DecrementOperation', { example: { type: 'decrement', by: 1 } })
const transfer = z
  .strictObject({ type: z.literal('transfer'), to: z.string(), amount: count })
  .openapi('TransferOperation', { description: 'Hands rights to another actor (`replica~epoch`).' })
const enable = z.strictObject({ type: z.literal('enable') }).openapi('EnableOperation')
const disable = z.strictObject({ type: z.literal('disable') }).openapi('DisableOperation')

const placed = { index: count.optional(), after: elementId.nullable().optional() }
const onePlace = (op: { readonly index?: unknown; readonly after?: unknown }): boolean =>
  (op.index === undefined) !== (op.after === undefined)
const PLACE = 'takes either "index" or "after" (an element id, or null for the start)'

const insertElements = z
  .strictObject({ type: z.literal('insert'), ...placed, values: listOf(jsonValue) })
  .refine(onePlace, PLACE)
  .openapi('InsertElementsOperation', {
    description: `Inserts elements; ${PLACE}.`,
    example: { type: 'insert', index: 0, values: ['a', 'b'] },
  })
const insertText = z
  .strictObject({ type: z.literal('insert'), ...placed, text: z.string() })
  .refine(onePlace, PLACE)
  .openapi('InsertTextOperation', {
    description: `Inserts text; ${PLACE}.`,
    example: { type: 'insert', index: 0, text: 'Hello' },
  })
const RANGE = 'takes either "index" (with "count") or "ids"'
const deleteElements = z
  .strictObject({
    type: z.literal('delete'),
    index: count.optional(),
    count: count.optional(),
    ids: listOf(elementId).optional(),
  })
  .refine(
    (op) => (op.ids === undefined ? op.index !== undefined : op.index === undefined && op.count === undefined),
    RANGE,
  )
  .openapi('DeleteOperation', {
    description: `Deletes elements or text; ${RANGE}.`,
    example: { type: 'delete', index: 0, count: 2 },
  })

const setKey = z
  .strictObject({ type: z.literal('set'), key, value: jsonValue, ts_unix_ns: nanoseconds.optional() })
  .openapi('SetKeyOperation', { example: { type: 'set', key: 'title', value: 'milk' } })
const removeKey = z
  .strictObject({ type: z.literal('remove'), key })
  .openapi('RemoveKeyOperation', { example: { type: 'remove', key: 'title' } })

/** The nested operation is checked by the type it names. */
const updateKey = z
  .strictObject({ type: z.literal('update'), key, of: valueType, op: z.looseObject({}) })
  .superRefine((op, context) => forwardIssues(context, operations[op.of].safeParse(op.op), ['op']))
  .openapi('UpdateKeyOperation', {
    description:
      'Applies an operation `op` of type `of` to the value at a key, which begins to be when it is not there.',
    example: { type: 'update', key: 'votes', of: 'gcounter', op: { type: 'increment' } },
  })

/** Operations by type. */
export const operations: Readonly<Record<ValueType, z.ZodType<Operation>>> = {
  lww: setRegister,
  mvreg: setConcurrent,
  orset: z.discriminatedUnion('type', [add, removeElement]),
  gset: add,
  '2pset': z.discriminatedUnion('type', [add, removeElement]),
  gcounter: increment,
  pncounter: z.discriminatedUnion('type', [increment, decrement]),
  bcounter: z.discriminatedUnion('type', [increment, decrement, transfer]),
  ewflag: z.discriminatedUnion('type', [enable, disable]),
  dwflag: z.discriminatedUnion('type', [enable, disable]),
  ormap: z.discriminatedUnion('type', [setKey, removeKey, updateKey]),
  rga: z.discriminatedUnion('type', [insertElements, deleteElements]),
  text: z.discriminatedUnion('type', [insertText, deleteElements]),
} as unknown as Readonly<Record<ValueType, z.ZodType<Operation>>>

const path = listOf(z.union([z.string(), count]), { min: 1, max: PATH_STEPS_MAX })
const of = z.union([valueType, listOf(valueType, { min: 1, max: PATH_STEPS_MAX })])

/** An operation of the type at its path; keys of maps are reached by the path, not by `update`. */
export const pathOperation: z.ZodType<Operation> = z
  .looseObject({ path, of })
  .superRefine((op, context) => {
    const { path: _path, of: types, ...rest } = op
    const type = Array.isArray(types) ? types.at(-1) : types
    if (rest.type === 'update') context.addIssue('reaches below a key by its "path", not by "update"')
    else if (type !== undefined) forwardIssues(context, operations[type as ValueType].safeParse(rest), [])
  })
  .openapi('PathOperation', {
    description:
      'An operation of the type at `path`, with two members more: `path` is the field, then keys, indices or element ids; `of` the type at the path, or the types of all along it (others default to what is there, or `ormap`).',
    example: { path: ['tags'], of: 'orset', type: 'add', elem: 'home' },
  }) as unknown as z.ZodType<Operation>
