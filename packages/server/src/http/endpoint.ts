/** An endpoint of `/v1`: what every host's endpoint is, with a caller, a document and a key that makes a retry safe. */
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { JsonValue } from '@joinery/core'
import {
  type BodyReader,
  checkMediaType,
  checkQuery,
  checkValue,
  describeEndpoint,
  type EndpointDescription,
  type HttpEnv,
  HttpError,
  isDotSegment,
  type Load,
  parseJson,
  pathParameters,
  rawSegment,
  segmentText,
  type Visit,
} from '@joinery/http'
import type { Context } from 'hono'
import { errorTable, ServerError, type ServerErrorCode } from '../errors.ts'
import type { Caller, Idempotency } from '../service/types.ts'
import { callerOf, idempotencyOf } from './caller.ts'
import type { AppOptions } from './context.ts'
import type { Grants } from './grants.ts'
import { documentTypes } from './schemas/operations.ts'
import type { Streams } from './streams.ts'

type HttpContext = Context<HttpEnv>

/** A checked request. */
export interface Input<Query, Body> {
  readonly caller: Caller
  /** Empty where the path names no document. */
  readonly document: string
  readonly query: Query
  readonly body: Body
  readonly idempotency: Idempotency | undefined
  /** `Last-Event-ID`, of a stream that is taken up again. */
  readonly lastEventId: string | undefined
  /** Aborted when the caller has gone. */
  readonly gone: AbortSignal
  readonly visit: Visit
}

export interface Answer {
  readonly status: 200 | 201
  /** Sent as JSON; a stream as it is. */
  readonly body: object | ReadableStream<Uint8Array>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Endpoint<Query, Body> extends EndpointDescription<Query, Body> {
  /** Refusals beyond those every endpoint has. */
  readonly refusals: readonly ServerErrorCode[]
  readonly handle: (input: Input<Query, Body>) => Promise<Answer>
}

export interface Endpoints {
  readonly app: OpenAPIHono<HttpEnv>
  readonly options: AppOptions
  readonly bodies: BodyReader
  readonly load: Load
  readonly grants: Grants
  readonly streams: Streams
}

export function addEndpoint<Query, Body = undefined>(to: Endpoints, endpoint: Endpoint<Query, Body>): void {
  const { app, options } = to
  app.openAPIRegistry.registerPath(describe(endpoint, options))
  app.on([endpoint.method.toUpperCase()], [endpoint.path.replace('{docID}', ':docID')], async (c) => {
    const caller = callerOf(c, options)
    const visit = to.load.enter(caller.tenant)
    try {
      const answer = await endpoint.handle(await inputOf(c, to, endpoint, { caller, visit }))
      return answer.body instanceof ReadableStream
        ? c.body(answer.body, answer.status, answer.headers)
        : c.json(answer.body, answer.status, answer.headers)
    } finally {
      visit.leave()
    }
  })
}

/** The request, checked, its body read. */
async function inputOf<Query, Body>(
  c: HttpContext,
  to: Endpoints,
  endpoint: Endpoint<Query, Body>,
  { caller, visit }: { readonly caller: Caller; readonly visit: Visit },
): Promise<Input<Query, Body>> {
  const { options } = to
  const document = endpoint.path.includes('{docID}') ? documentOf(c, options) : ''
  const query = checkQuery(c, endpoint.query)
  const bytes = endpoint.body === undefined ? new Uint8Array() : await readBody(c, to, caller)
  const body = endpoint.body === undefined ? undefined : checkBody(bytes, endpoint.body, options)
  const idempotency = endpoint.method === 'get' ? undefined : idempotencyOf(c, bytes, options)
  const lastEventId = c.req.header('last-event-id')
  const gone = c.req.raw.signal
  return { caller, document, query, body: body as Body, idempotency, lastEventId, gone, visit }
}

/** Of `/v1/docs/{docID}`. */
const DOCUMENT_SEGMENT = 2

function documentOf(c: HttpContext, { limits }: AppOptions): string {
  const rule = { name: 'the document id', bytesMax: limits.documentIdBytesMax }
  const id = segmentText(rawSegment(c, DOCUMENT_SEGMENT), rule)
  if (isDotSegment(id)) throw new ServerError('ID_INVALID', `${JSON.stringify(id)} means another place in a URL`)
  const state = c.get('state')
  state.about = { ...state.about, document: id }
  return id
}

async function readBody(c: HttpContext, { bodies }: Endpoints, { tenant }: Caller): Promise<Uint8Array> {
  checkMediaType(c.req.header('content-type'), c.req.header('content-encoding'))
  return await bodies.read(c.env?.incoming ?? c.req.raw.body, { tenant, contentLength: c.req.header('content-length') })
}

function checkBody<Body>(bytes: Uint8Array, schema: z.ZodType<Body>, { limits }: AppOptions): Body {
  const sent = parseJson(bytes, limits.bodyDepthMax)
  checkBeforehand(sent, limits.opsPerRequestMax)
  try {
    return checkValue(sent, schema)
  } catch (error) {
    if (!(error instanceof HttpError) || !isAboutOperations(error.extra.errors)) throw error
    throw new ServerError('OP_INVALID', error.message, { extra: error.extra })
  }
}

/** Whether all that a schema objects to is inside of operations. */
function isAboutOperations(errors: JsonValue | undefined): boolean {
  return Array.isArray(errors) && errors.every((error) => /^\/ops\/./.test((error as { pointer: string }).pointer))
}

/** What has a code of its own, and how much there is to check: both before the schema goes through all of it. */
function checkBeforehand(sent: JsonValue, opsMax: number): void {
  const { type, ops } = (sent ?? {}) as { readonly type?: JsonValue; readonly ops?: JsonValue }
  if (typeof type === 'string' && !(documentTypes as readonly string[]).includes(type)) {
    throw new ServerError('TYPE_UNKNOWN', `${JSON.stringify(type.slice(0, 100))} is not a type`, {
      extra: { types: documentTypes },
    })
  }
  if (Array.isArray(ops) && ops.length > opsMax) {
    throw new ServerError('TOO_MANY_OPS', `a request has at most ${opsMax} operations, not ${ops.length}`, {
      extra: { opsPerRequestMax: opsMax },
    })
  }
  for (const [i, op] of (Array.isArray(ops) ? ops : []).entries()) {
    if (typeof op === 'object' && op !== null && Object.keys(op).length > OP_MEMBERS_MAX) {
      throw new ServerError('OP_INVALID', `ops[${i}] has more members than any operation`)
    }
  }
}

/** More than any operation has, and few enough to name those that are none of it. */
const OP_MEMBERS_MAX = 32

const common: readonly ServerErrorCode[] = [
  'HEADER_MISSING',
  'ID_INVALID',
  'BODY_INVALID',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'PERMISSION_DENIED',
  'RATE_LIMITED',
  'OVERLOADED',
  'POLICY_UNAVAILABLE',
  'SHUTTING_DOWN',
  'INTERNAL',
]
const bodyRefusals: readonly ServerErrorCode[] = ['MEDIA_TYPE', 'BODY_TOO_LARGE']

function describe<Query, Body>(
  endpoint: Endpoint<Query, Body>,
  options: AppOptions,
): ReturnType<typeof describeEndpoint> {
  const { method, path, body, refusals } = endpoint
  const params = pathParameters(path, { docID: docIdMeaning(options) })
  return describeEndpoint(endpoint, {
    headers: headersOf(method, options),
    ...(params !== undefined && { params }),
    refusals: [...refusals, ...common, ...(body === undefined ? [] : bodyRefusals)],
    table: errorTable(),
  })
}

function headersOf(method: string, { limits }: AppOptions): z.ZodObject {
  const name = (bytesMax: number, description: string): z.ZodString =>
    z.string().openapi({ description: `${description} 1 to ${bytesMax} bytes of UTF-8, no control characters.` })
  const common = {
    'X-Tenant-ID': name(limits.tenantIdBytesMax, 'Whose documents these are.'),
    'X-Node-ID': name(limits.nodeIdBytesMax, 'The replica that acts: recorded with every operation.'),
  }
  if (method === 'get') return z.object(common)
  const key = name(limits.idempotencyKeyBytesMax, 'Makes a retry safe: `NODE:SEQ` with growing SEQ, or any other text.')
  return z.object({ ...common, 'Idempotency-Key': key.optional() })
}

function docIdMeaning({ limits }: AppOptions): string {
  return `Percent-encoded; 1 to ${limits.documentIdBytesMax} bytes of UTF-8, no control characters, not "." or "..".`
}
