/** `joinery docs ls|get|diff|tail`: looks into the documents of a running server, over its HTTP API as any client could. */
import type { Environment } from './environment.ts'
import { UsageError } from './failure.ts'

export interface ServerOptions {
  /** Where the server is. */
  readonly url: string
  readonly tenant: string
  /** From the environment only: what stands on a command line, others on the machine can read. */
  readonly apiKey: string | undefined
  /** A JSON object per line instead of text for people. */
  readonly json: boolean
}

interface DocumentState {
  readonly id: string
  readonly type: string
  readonly version: number
}

interface Logged {
  readonly version: number
  readonly node: string
  readonly time: string
  readonly op: unknown
}

/** Lists documents whose ids begin with a text. */
export async function listDocuments(prefix: string, options: ServerOptions, { stdout }: Environment): Promise<void> {
  let cursor: string | undefined
  do {
    const query = new URLSearchParams({ prefix, limit: '1000', ...(cursor === undefined ? {} : { cursor }) })
    const page = await ask<{ documents: DocumentState[]; cursor?: string }>(`/v1/docs?${query}`, options)
    for (const document of page.documents) {
      const { id, type, version } = document
      stdout.write(options.json ? `${JSON.stringify(document)}\n` : `${version}\t${type}\t${printable(id)}\n`)
    }
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** Prints the value of a document. */
export async function getDocument(id: string, options: ServerOptions, { stdout }: Environment): Promise<void> {
  const document = await ask<{ value: unknown }>(pathOf(id), options)
  stdout.write(options.json ? `${JSON.stringify(document)}\n` : `${JSON.stringify(document.value, undefined, 2)}\n`)
}

/** Prints what was done to a document after one version, up to another. */
export async function diffDocument(
  id: string,
  { from, to }: { readonly from: number; readonly to: number },
  options: ServerOptions,
  { stdout }: Environment,
): Promise<void> {
  for (let since: number | undefined = from; since !== undefined && since < to; ) {
    const page: { ops: Logged[]; next?: number } = await ask(`${pathOf(id)}/ops?since=${since}&limit=1000`, options)
    for (const logged of page.ops) if (logged.version <= to) stdout.write(lineOf(logged, options))
    since = page.next
  }
}

/** Prints what is done to a document as it is done, until the server or a signal ends it. */
export async function tailDocument(id: string, options: ServerOptions, environment: Environment): Promise<void> {
  const stopping = new AbortController()
  environment.onSignal(() => stopping.abort())
  let { version } = await ask<DocumentState>(pathOf(id), options)
  environment.stderr.write(`${printable(id)} is at version ${version}; what comes after is shown as it comes\n`)
  while (!stopping.signal.aborted) {
    try {
      const target = `${pathOf(id)}/ops?since=${version}&limit=1000&wait=30`
      const page = await ask<{ ops: Logged[] }>(target, options, stopping.signal)
      for (const logged of page.ops) environment.stdout.write(lineOf(logged, options))
      version = page.ops.at(-1)?.version ?? version
    } catch (error) {
      if (!stopping.signal.aborted) throw error
    }
  }
}

function lineOf(logged: Logged, { json }: ServerOptions): string {
  if (json) return `${JSON.stringify(logged)}\n`
  const { version, node, time, op } = logged
  return `${version}\t${time}\t${printable(node)}\t${JSON.stringify(op)}\n`
}

function pathOf(id: string): string {
  return `/v1/docs/${encodeURIComponent(id)}`
}

/** Control characters in an id must not reach a terminal. */
function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

async function ask<A>(target: string, options: ServerOptions, signal?: AbortSignal): Promise<A> {
  const { url, tenant, apiKey } = options
  const headers = {
    'X-Tenant-ID': Buffer.from(tenant).toString('latin1'),
    'X-Node-ID': 'joinery-docs',
    ...(apiKey === undefined ? {} : { 'X-API-Key': apiKey }),
  }
  let answer: Response
  try {
    answer = await fetch(new URL(target, url), { headers, ...(signal === undefined ? {} : { signal }) })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new UsageError(`no server answers at ${url}`, 'Start it with joinery serve, or say where it is with --url.')
  }
  if (answer.ok) return (await answer.json()) as A
  const { code, detail, advice } = (await answer.json().catch(() => ({}))) as Record<string, string>
  throw new UsageError(
    `${detail ?? answer.statusText} (${code ?? answer.status})`,
    advice ?? 'See the log of the server.',
  )
}
