/** An endpoint as `/openapi.json` tells of it. */
import { createRoute, type RouteConfig, z } from '@hono/zod-openapi'
import type { JsonValue } from '@joinery/core'
import type { ErrorEntry } from './errors.ts'
import { problem } from './schemas.ts'

export interface EndpointDescription<Query, Body> {
  readonly method: 'get' | 'put' | 'post' | 'delete'
  readonly path: string
  /** Its name in generated clients. */
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly query: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  /** What a request without a body stands for; without this it needs one. */
  readonly withoutBody?: JsonValue
  /** By status; the first is the usual one. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema: z.ZodType }>>
  /** What the answers are, if not JSON. */
  readonly mediaType?: 'text/event-stream'
}

export interface DescribedBeside<Code extends string> {
  readonly params?: z.ZodObject
  readonly headers?: z.ZodObject
  readonly refusals: readonly Code[]
  readonly table: Readonly<Record<Code, ErrorEntry>>
}

export function describeEndpoint<Query, Body, Code extends string>(
  endpoint: EndpointDescription<Query, Body>,
  { params, headers, refusals, table }: DescribedBeside<Code>,
): RouteConfig {
  const { method, path, operationId, summary, description, query, body, mediaType = 'application/json' } = endpoint
  const required = endpoint.withoutBody === undefined
  return createRoute({
    method,
    path,
    operationId,
    summary,
    description,
    security: [{}, { apiKey: [] }],
    request: {
      ...(headers !== undefined && { headers }),
      query: query as unknown as z.ZodObject,
      ...(params !== undefined && { params }),
      ...(body !== undefined && { body: { required, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      ...Object.fromEntries(
        Object.entries(endpoint.answers).map(([status, { description: means, schema }]) => [
          status,
          { description: means, content: { [mediaType]: { schema } } },
        ]),
      ),
      ...refusalsOf(refusals, table),
    },
  })
}

function refusalsOf<Code extends string>(
  codes: readonly Code[],
  table: Readonly<Record<Code, ErrorEntry>>,
): RouteConfig['responses'] {
  const byStatus = new Map<number, Code[]>()
  for (const code of new Set(codes)) {
    const { status } = table[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      {
        description: names.map((name) => `\`${name}\``).join(', '),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  )
}

/** The parameters of a path such as `/vms/{vm}`, each with what it is. */
export function pathParameters(path: string, about: Readonly<Record<string, string>>): z.ZodObject | undefined {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)
  if (names.length === 0) return undefined
  return z.object(
    Object.fromEntries(names.map((name) => [name, z.string().openapi({ description: about[name] ?? '' })])),
  )
}
