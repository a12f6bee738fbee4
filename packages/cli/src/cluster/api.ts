/** Asks a node of a cluster over its HTTP API. */
import { UsageError } from '../failure.ts'

export interface ClusterPlace {
  readonly url: string
  readonly key: string | undefined
}

export interface ClusterApi {
  get<T>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<T>
  send<T>(method: 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<T>
  /** Server-Sent Events as they come. */
  events(path: string, signal: AbortSignal): AsyncIterable<{ readonly event: string; readonly data: string }>
}

/** What a node refused. */
export class ClusterRefusal extends Error {
  override readonly name = 'ClusterRefusal'
  readonly code: string
  readonly advice: string

  constructor({ code, detail, advice }: { readonly code: string; readonly detail: string; readonly advice: string }) {
    super(detail)
    this.code = code
    this.advice = advice
  }
}

export function clusterApi({ url, key }: ClusterPlace): ClusterApi {
  if (!URL.canParse(url)) throw new UsageError(`${JSON.stringify(url)} is not a URL`, 'Give --url http://HOST:PORT.')
  const headers = { ...(key !== undefined && { 'x-api-key': key }) }
  const ask = async (method: string, target: URL, body?: object, signal?: AbortSignal): Promise<Response> => {
    const response = await reach(target, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    })
    if (!response.ok) throw new ClusterRefusal((await response.json()) as ClusterRefusal & { detail: string })
    return response
  }
  return {
    async get(path, query = {}) {
      const target = new URL(path, url)
      for (const [name, value] of Object.entries(query)) if (value !== undefined) target.searchParams.set(name, value)
      return (await (await ask('GET', target)).json()) as never
    },
    async send(method, path, body) {
      return (await (await ask(method, new URL(path, url), body)).json()) as never
    },
    async *events(path, signal) {
      const response = await ask('GET', new URL(path, url), undefined, signal)
      yield* eventsOf(response.body as unknown as AsyncIterable<Uint8Array>)
    },
  }
}

async function reach(target: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(target, init)
  } catch (cause) {
    if ((cause as Error).name === 'AbortError') throw cause
    throw new UsageError(`nobody answers at ${target.origin}`, 'Start a node by joinery cluster start, or give --url.')
  }
}

async function* eventsOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<{ readonly event: string; readonly data: string }> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true })
    const frames = text.split('\n\n')
    text = frames.pop() as string
    for (const frame of frames) {
      const lines = new Map(frame.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
      const event = lines.get('event')
      if (event !== undefined) yield { event, data: lines.get('data') ?? '' }
    }
  }
}
