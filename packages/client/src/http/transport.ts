/** One request and its answer. Nothing is repeated here. */
import type { JsonValue } from '@joinery/core'
import { ClientError, type Problem } from '../errors.ts'
import type { Fetch, FetchAnswer, Host } from '../host.ts'
import type { ClientLimits } from '../limits.ts'
import { parseRetryAfter } from './backoff.ts'
import { isPermanent, Refusal, Unavailable } from './failure.ts'

export interface TransportOptions {
  readonly url: string
  readonly tenant: string
  readonly nodeId: string
  readonly apiKey: string | undefined
  readonly fetch: Fetch
  readonly host: Host
  readonly limits: ClientLimits
}

export interface WireRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** Below `/v1`, with its query. */
  readonly path: string
  readonly body?: string
  readonly idempotencyKey?: string
}

export type JsonObject = { readonly [key: string]: JsonValue | undefined }

export interface Transport {
  /** Throws `Unavailable`, `Refusal`; never anything else. */
  send(request: WireRequest): Promise<JsonObject>
  /** Ends what is under way and refuses what comes after, with `CLIENT_CLOSED`. */
  close(): void
}

export function createTransport(options: TransportOptions): Transport {
  const running = new Set<AbortController>()
  let closed = false
  return {
    async send(request) {
      if (closed) throw closedFailure()
      const abort = new AbortController()
      running.add(abort)
      const cancel = options.host.setTimer(options.limits.requestTimeoutMs, () => abort.abort())
      try {
        const { answer, text } = await exchange(options, request, abort.signal)
        return accept(options, answer, text)
      } catch (error) {
        if (error instanceof Unavailable || error instanceof Refusal) throw error
        if (closed) throw closedFailure()
        throw unreachable(error, abort.signal.aborted)
      } finally {
        cancel()
        running.delete(abort)
      }
    },
    close() {
      closed = true
      for (const abort of running) abort.abort()
    },
  }
}

async function exchange(
  { url, tenant, nodeId, apiKey, fetch }: TransportOptions,
  { method, path, body, idempotencyKey }: WireRequest,
  signal: AbortSignal,
): Promise<{ readonly answer: FetchAnswer; readonly text: string }> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  headers['X-Tenant-ID'] = headerOf(tenant)
  headers['X-Node-ID'] = headerOf(nodeId)
  if (apiKey !== undefined) headers['X-API-Key'] = headerOf(apiKey)
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (idempotencyKey !== undefined) headers['Idempotency-Key'] = headerOf(idempotencyKey)
  const answer = await fetch(`${url}/v1${path}`, { method, headers, signal, ...(body === undefined ? {} : { body }) })
  return { answer, text: await answer.text() }
}

/** A header carries bytes, and `fetch` takes them as characters of Latin-1: the server reads UTF-8 from them. */
function headerOf(value: string): string {
  return Array.from(new TextEncoder().encode(value), (byte) => String.fromCharCode(byte)).join('')
}

function accept({ host, limits }: TransportOptions, answer: FetchAnswer, text: string): JsonObject {
  const { status } = answer
  const retryAfterMs = parseRetryAfter(answer.headers.get('Retry-After'), host.nowMs())
  const json = text.length <= limits.answerBytesMax ? parseObject(text) : undefined
  if (status >= 200 && status < 300 && json !== undefined && isOurs(json)) return json
  if (json !== undefined && typeof json.code === 'string' && status >= 400) {
    const problem: Problem = { ...json, code: json.code, status }
    if (isPermanent(problem)) throw new Refusal(problem)
    const message = `${problem.code}: ${problem.detail ?? problem.title ?? 'later'}`
    throw new Unavailable(new ClientError('CLIENT_OFFLINE', message, { problem }), { retryAfterMs, answered: true })
  }
  // A proxy, a captive portal, another server: whatever it said, it was not about our request.
  const reason = new ClientError(
    'CLIENT_BAD_ANSWER',
    `status ${status} without an answer or problem document of Joinery`,
  )
  throw new Unavailable(reason, { retryAfterMs, answered: false })
}

/** Every answer about documents says which store it is about, or lists such answers. */
function isOurs({ storeId, documents }: JsonObject): boolean {
  return typeof storeId === 'string' || Array.isArray(documents)
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}

function unreachable(cause: unknown, timedOut: boolean): Unavailable {
  const message = timedOut ? 'the server did not answer in time' : 'the server cannot be reached'
  return new Unavailable(new ClientError('CLIENT_OFFLINE', message, { cause }), { answered: false })
}

function closedFailure(): Unavailable {
  return new Unavailable(new ClientError('CLIENT_CLOSED', 'the client was closed'), { answered: false })
}
