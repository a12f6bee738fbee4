/** What the page asks of its node. The key, where one is needed, is kept for as long as the page is open, and nowhere else. */

export interface Vm {
  readonly id: string
  readonly status?: string
  readonly nodeId?: string
  readonly region?: string
  readonly cpuCores?: number
  readonly memoryMb?: number
  readonly diskGb?: number
  readonly ipAddress?: string
  readonly updatedAt?: string
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface ClusterNode {
  readonly id: string
  readonly region?: string
  readonly status?: string
  readonly alive: boolean
  readonly lastHeartbeat?: string
  readonly usage?: { readonly cpu: number; readonly memory: number; readonly disk: number }
  /** What it had at its last heartbeat: nodes with the same have the same documents. */
  readonly digest?: string
  readonly vmCount: number
}

export interface Write {
  readonly value: unknown
  readonly time: string
  readonly by: string
}

export interface Conflict {
  readonly kind: string
  readonly id: string
  readonly field: string
  readonly won: Write
  readonly lost: readonly Write[]
  readonly because: 'later' | 'larger name'
}

export interface Stats {
  readonly node: string
  readonly region: string
  readonly cluster: {
    readonly vms: number
    readonly nodes: number
    readonly nodesAlive: number
    readonly assignments: number
    readonly conflicts: number
    readonly conflictsSeen: number
  }
  readonly gossip: {
    readonly hops: number
    readonly lossEstimate: number
    readonly duplicates: number
    readonly seen: number
  }
  readonly antiEntropy: {
    readonly total: number
    readonly failed: number
    readonly averageSeconds: number
    readonly differsSeconds: number
  }
  readonly causal: { readonly pending: number }
  readonly peers: readonly {
    readonly node: string
    readonly region: string
    readonly state: string
    readonly connected: boolean
  }[]
  readonly documents: number
  readonly digest: string
  readonly traffic: { readonly sentBytes: number; readonly receivedBytes: number }
}

export interface Filter {
  readonly region: string
  readonly status: string
  readonly node: string
  readonly prefix: string
}

export interface VmPage {
  readonly vms: readonly Vm[]
  readonly next?: string
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
