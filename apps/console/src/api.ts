/** What the page asks of its node. The key, where one is needed, is kept for as long as the page is open, and nowhere else. */

export interface Filter {
  readonly region: string
  readonly status: string
  readonly node: string
  readonly prefix: string
}

/** A key is needed, or another one. */
export class KeyNeeded extends Error {}

let key = ''

export function rememberKey(next: string): void {
  key = next
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { ...init, headers: key === '' ? {} : { 'x-api-key': key } })
  if (response.status === 401) throw new KeyNeeded()
  if (!response.ok) throw new Error(((await response.json()) as { detail: string }).detail)
  return response
}

export async function get<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))
  return (await (await ask(search.size === 0 ? path : `${path}?${search}`)).json()) as T
}

export interface WatchEvent {
  readonly event: string
  readonly data: string
}

/** Calls back for each event until it is aborted, or the node goes. */
export async function follow(onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
  const response = await ask('/v1/watch', { signal })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const frames = (text + decoder.decode(value, { stream: true })).split('\n\n')
    text = frames.pop() ?? ''
    for (const frame of frames) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(frame) ?? []
      if (event !== undefined && data !== undefined) onEvent({ event, data })
    }
  }
}
