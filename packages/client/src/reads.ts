/** Requests that change nothing. They are tried a few times, since somebody waits for them. */
import type { ClientError } from './errors.ts'
import { readLogPage, readPage, readValue } from './http/answers.ts'
import { backoffMs } from './http/backoff.ts'
import { Refusal, refusedError, Unavailable } from './http/failure.ts'
import type { JsonObject, Transport } from './http/transport.ts'
import { learn, learnDeleted } from './outbox/learn.ts'
import type { Outbox } from './outbox/outbox.ts'
import { RESETS } from './outbox/settle.ts'
import type { DocumentPage, DocumentValue, LoggedOperation, LogPage, Pulled } from './types.ts'
import { liveJson } from './view/live.ts'

export interface ReadsOptions {
  readonly outbox: Outbox
  readonly transport: Transport
  readonly contact: (online: boolean, error: ClientError | undefined) => void
  /** Aborted when the client closes. */
  readonly closing: AbortSignal
}

export interface Reads {
  get(id: string): Promise<DocumentValue>
  list(options: { readonly prefix?: string; readonly cursor?: string; readonly limit?: number }): Promise<DocumentPage>
  log(id: string, options: { readonly since?: number; readonly limit?: number }): Promise<LogPage>
  pull(id: string): Promise<Pulled>
}

export function createReads(options: ReadsOptions): Reads {
  const { outbox } = options
  const { pageSizeDefault } = outbox.limits
  const fetchValue = async (id: string): Promise<DocumentValue> => {
    try {
      return await read(options, `${pathOf(id)}?ids=true`, readValue)
    } catch (error) {
      await noteGone(outbox, id, error)
      throw asRefused(error)
    }
  }
  const get = async (id: string): Promise<DocumentValue> => {
    const now = await fetchValue(id)
    await keep(outbox, now)
    return now
  }
  return {
    get,
    list: async (given) => {
      const query = queryOf({ prefix: given.prefix, cursor: given.cursor, limit: given.limit ?? pageSizeDefault })
      return read(options, `/docs?${query}`, readPage).catch(rethrowRefused)
    },
    log: async (id, { since = 0, limit = pageSizeDefault }) =>
      read(options, `${pathOf(id)}/ops?${queryOf({ since, limit })}`, readLogPage).catch(rethrowRefused),
    pull: async (id) => {
      const now = await fetchValue(id)
      const news = await newsSince(options, now, outbox.record(id)?.told)
      await keep(outbox, now)
      const live = outbox.live(id)
      return { ...now, ...news, view: live === undefined ? null : liveJson(live) }
    },
  }
}

async function keep(outbox: Outbox, now: DocumentValue): Promise<void> {
  // A request that was sent and not answered may be in this value already, and would show twice.
  if (outbox.seal?.id === now.id) return
  learn(outbox, { state: now, value: now.value, ids: now.ids, own: outbox.record(now.id)?.own, tells: true })
  await outbox.commit()
}

/** A document that is gone must not be shown from memory. */
async function noteGone(outbox: Outbox, id: string, error: unknown): Promise<void> {
  const known = outbox.record(id)
  if (!(error instanceof Refusal) || error.problem.code !== 'GONE' || known === undefined) return
  learnDeleted(outbox, { id, type: known.type, ...known.base })
  await outbox.commit()
}

interface News {
  readonly ops: readonly LoggedOperation[]
  readonly truncated: boolean
  readonly reset?: string
}

/** What others did after a version, up to the version of a value that was just read. */
async function newsSince(
  options: ReadsOptions,
  now: DocumentValue,
  base: { readonly version: number; readonly storeId: string; readonly incarnation: string } | undefined,
): Promise<News> {
  const { limits, meta } = options.outbox
  const scope = base === undefined || base.version === 0 ? {} : { storeId: base.storeId, incarnation: base.incarnation }
  const ops: LoggedOperation[] = []
  let since: number | undefined = base?.version ?? 0
  try {
    while (since !== undefined && since < now.version) {
      const path = `${pathOf(now.id)}/ops?${queryOf({ since, limit: limits.pageSizeDefault, ...scope })}`
      const page: LogPage = await read(options, path, readLogPage)
      ops.push(...page.ops.filter(({ node, version }) => node !== meta.nodeId && version <= now.version))
      since = page.next
      if (ops.length >= limits.pullOpsMax) return { ops: ops.slice(0, limits.pullOpsMax), truncated: true }
    }
    return { ops, truncated: false }
  } catch (error) {
    if (error instanceof Refusal && RESETS.has(error.problem.code)) {
      // Without an earlier version nothing is reset: the beginning of the log is gone, that is all.
      return { ops, truncated: true, ...(base === undefined ? {} : { reset: error.problem.code }) }
    }
    throw asRefused(error)
  }
}

/** Throws `Refusal`, and `ClientError` when the server cannot be reached. */
async function read<A>(options: ReadsOptions, path: string, parse: (json: JsonObject) => A): Promise<A> {
  const { outbox, transport, contact, closing } = options
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = parse(await transport.send({ method: 'GET', path }))
      contact(true, undefined)
      return answer
    } catch (error) {
      if (error instanceof Refusal) contact(true, undefined)
      if (!(error instanceof Unavailable)) throw error
      contact(error.answered, error.reason)
      if (attempt >= outbox.limits.readAttemptsMax || closing.aborted) throw error.reason
      await pause(outbox, backoffMs(attempt, error.retryAfterMs, outbox), closing)
    }
  }
}

function pause({ host }: Outbox, ms: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      closing.removeEventListener('abort', end)
      resolve()
    }
    const cancel = host.setTimer(ms, end)
    closing.addEventListener('abort', end)
  })
}

function asRefused(error: unknown): unknown {
  return error instanceof Refusal ? refusedError(error.problem) : error
}

function rethrowRefused(error: unknown): never {
  throw asRefused(error)
}

function pathOf(id: string): string {
  return `/docs/${encodeURIComponent(id)}`
}

function queryOf(members: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value as string | number)}`)
    .join('&')
}
