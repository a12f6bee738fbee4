/** An endpoint of a host: one description from which requests are checked, `/openapi.json` is written, and the handler is called. */
import type { OpenAPIHono, z } from '@hono/zod-openapi'
import type { JsonValue } from '@joinery/core'
import type { Context } from 'hono'
import { type BodyReader, checkMediaType, parseJson } from './body.ts'
import { checkQuery, checkValue, rawSegment } from './checks.ts'
import type { HttpEnv, KeyCheck, Load, Visit } from './context.ts'
import { describeEndpoint, type EndpointDescription, pathParameters } from './describe.ts'
import { type ErrorEntry, HttpError, type HttpErrorCode } from './errors.ts'
import type { HttpLimits } from './limits.ts'
import { segmentText, type TextRule } from './text.ts'

/** A checked request. */
export interface EndpointInput<Query, Body> {
  /** The parameters of the path, by name. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
  /** A header of the request. */
  readonly header: (name: string) => string | undefined
  /** Aborted when the caller has gone. */
  readonly gone: AbortSignal
  readonly visit: Visit
}

export interface EndpointAnswer {
  readonly status: 200 | 201 | 202
  /** Sent as JSON; a stream as it is. */
  readonly body: object | ReadableStream<Uint8Array>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Endpoint<Query, Body, Code extends string> extends EndpointDescription<Query, Body> {
  /** Refusals beyond those every endpoint has. */
  readonly refusals: readonly Code[]
  readonly handle: (input: EndpointInput<Query, Body>) => Promise<EndpointAnswer>
}

export interface Endpoints<Code extends string> {
  readonly app: OpenAPIHono<HttpEnv>
  readonly load: Load
  readonly limits: HttpLimits
  readonly keys: KeyCheck
  readonly bodies: BodyReader
  /** What the host refuses beside what every host does. */
  readonly table: Readonly<Record<Code | HttpErrorCode, ErrorEntry>>
  /** The parameters of paths, by name: what each may be. */
  readonly parameters: Readonly<Record<string, Omit<TextRule, 'code'> & { readonly about: string }>>
}

/** What every endpoint refuses. */
const common: readonly HttpErrorCode[] = [
  'ID_INVALID',
  'BODY_INVALID',
  'UNAUTHENTICATED',
  'OVERLOADED',
  'RATE_LIMITED',
  'SHUTTING_DOWN',
  'INTERNAL',
]
const bodyRefusals: readonly HttpErrorCode[] = ['MEDIA_TYPE', 'BODY_TOO_LARGE']

/** Hosts of this kind have one tenant. */
const EVERYBODY = ''

export function addEndpoint<Query, Body = undefined, Code extends string = never>(
  to: Endpoints<Code>,
  endpoint: Endpoint<Query, Body, NoInfer<Code | HttpErrorCode>>,
): void {
  const { app, load, keys, table, parameters } = to
  const about = Object.fromEntries(Object.entries(parameters).map(([name, rule]) => [name, rule.about]))
  const params = pathParameters(endpoint.path, about)
  const refusals = [...endpoint.refusals, ...common, ...(endpoint.body === undefined ? [] : bodyRefusals)]
  app.openAPIRegistry.registerPath(describeEndpoint(endpoint, { ...(params && { params }), refusals, table }))
  app.on([endpoint.method.toUpperCase()], [endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1')], async (c) => {
    if (keys.required() && !keys.isValid(c.req.header('x-api-key'))) {
      throw new HttpError('UNAUTHENTICATED', 'X-API-Key is missing, or is no valid key')
    }
    const visit = load.enter(EVERYBODY)
    try {
      const answer = await endpoint.handle(await inputOf(c, to, endpoint, visit))
      return answer.body instanceof ReadableStream
        ? c.body(answer.body, answer.status, answer.headers)
        : c.json(answer.body, answer.status, answer.headers)
    } finally {
      visit.leave()
    }
  })
}

async function inputOf<Query, Body, Code extends string>(
  c: Context<HttpEnv>,
  to: Endpoints<Code>,
  { path, query: querySchema, body: bodySchema, withoutBody }: EndpointDescription<Query, Body>,
  visit: Visit,
): Promise<EndpointInput<Query, Body>> {
  const params = paramsOf(c, path, to.parameters)
  const query = checkQuery(c, querySchema)
  const body = bodySchema === undefined ? undefined : await bodyOf(c, to, { schema: bodySchema, withoutBody })
  const header = (name: string): string | undefined => c.req.header(name)
  return { params, query, body: body as Body, header, gone: c.req.raw.signal, visit }
}

function paramsOf(
  c: Context<HttpEnv>,
  path: string,
  rules: Endpoints<never>['parameters'],
): Readonly<Record<string, string>> {
  const params: Record<string, string> = {}
  for (const [at, segment] of path.split('/').slice(1).entries()) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1]
    const rule = name === undefined ? undefined : rules[name]
    if (name !== undefined && rule !== undefined) params[name] = segmentText(rawSegment(c, at), rule)
  }
  c.get('state').about = params
  return params
}

interface BodyShape<Body> {
  readonly schema: z.ZodType<Body>
  readonly withoutBody: JsonValue | undefined
}

async function bodyOf<Body, Code extends string>(
  c: Context<HttpEnv>,
  { bodies, limits }: Endpoints<Code>,
  { schema, withoutBody }: BodyShape<Body>,
): Promise<Body> {
  const type = c.req.header('content-type')
  const mayBeNone = withoutBody !== undefined && type === undefined
  if (!mayBeNone) checkMediaType(type, c.req.header('content-encoding'))
  const source = c.env?.incoming ?? c.req.raw.body
  const bytes = await bodies.read(source, { tenant: EVERYBODY, contentLength: c.req.header('content-length') })
  if (mayBeNone && bytes.length === 0) return checkValue(withoutBody, schema)
  // Now that there is something, it has to say what it is.
  if (mayBeNone) checkMediaType(type, c.req.header('content-encoding'))
  return checkValue(parseJson(bytes, limits.bodyDepthMax), schema)
}
