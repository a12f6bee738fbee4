/** Asks a running host over its HTTP API. */
import { UsageError } from './failure.ts'

export interface HostPlace {
  readonly url: string
  readonly key: string | undefined
  /** What to do where nobody answers there. */
  readonly advice: string
}

/** Beside those that every request has. */
type Headers = Readonly<Record<string, string>>

export interface HostApi {
  get<T>(path: string, query?: Readonly<Record<string, string | undefined>>, headers?: Headers): Promise<T>
  send<T>(method: 'PUT' | 'POST' | 'DELETE', path: string, body?: object, headers?: Headers): Promise<T>
  /** Server-Sent Events as they come. */
  events(path: string, signal: AbortSignal): AsyncIterable<{ readonly event: string; readonly data: string }>
}

/** What a host refused. */
export class HostRefusal extends Error {
  override readonly name = 'HostRefusal'
  readonly code: string
  readonly advice: string

  constructor({ code, detail, advice }: { readonly code: string; readonly detail: string; readonly advice: string }) {
    super(detail)
    this.code = code
    this.advice = advice
  }
}

interface Asked {
  readonly body?: object
  readonly signal?: AbortSignal
  readonly headers?: Headers
}

export function hostApi({ url, key, advice }: HostPlace): HostApi {
  if (!URL.canParse(url))
    throw new UsageError(`${JSON.stringify(url)} is not a URL`, 'Give one such as http://HOST:PORT.')
  const ask = async (method: string, target: URL, { body, signal, headers }: Asked = {}): Promise<Response> => {
    const response = await reach(target, advice, {
      method,
      headers: {
        ...headers,
        ...(key !== undefined && { 'x-api-key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    })
    if (!response.ok) throw new HostRefusal((await response.json()) as HostRefusal & { detail: string })
    return response
  }
  return {
    async get(path, query = {}, headers = {}) {
      const target = new URL(path, url)
      for (const [name, value] of Object.entries(query)) if (value !== undefined) target.searchParams.set(name, value)
      return (await (await ask('GET', target, { headers })).json()) as never
    },
    async send(method, path, body, headers = {}) {
      return (await (
        await ask(method, new URL(path, url), { headers, ...(body !== undefined && { body }) })
      ).json()) as never
    },
    async *events(path, signal) {
      const response = await ask('GET', new URL(path, url), { signal })
      yield* eventsOf(response.body as unknown as AsyncIterable<Uint8Array>)
    },
  }
}

async function reach(target: URL, advice: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(target, init)
  } catch (cause) {
    if ((cause as Error).name === 'AbortError') throw cause
    throw new UsageError(`nobody answers at ${target.origin}`, advice)
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
