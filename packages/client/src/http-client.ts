/**
 * The client of the HTTP API: reads, and writes that are durable here first and sent in the background.
 *
 *     const client = await createHttpClient({ url: 'http://127.0.0.1:8080', tenant: 'home', nodeId: 'phone' })
 *     const pushed = await client.pushOps('shopping', 'orset', [{ type: 'add', elem: 'milk' }])
 *     client.view('shopping')?.value // ['milk'], online or not
 *     await pushed.saved()
 */
import type { JsonValue } from '@joinery/core'
import type { DocumentType, Operation } from '@joinery/sync'
import { checkNames } from './arguments.ts'
import { ClientError, refuse } from './errors.ts'
import { type Fetch, type Host, systemFetch, systemHost } from './host.ts'
import { createTransport } from './http/transport.ts'
import { type ClientLimits, defaultClientLimits } from './limits.ts'
import { Outbox } from './outbox/outbox.ts'
import { type Pushed, pushOps, pushPut, pushRemove } from './outbox/push.ts'
import { lengthOf, type Meta, parseRecords } from './outbox/records.ts'
import { createWriter, type Writer } from './outbox/writer.ts'
import { memoryQueue } from './queue/memory.ts'
import type { Queue } from './queue/port.ts'
import { createReads, type Reads } from './reads.ts'
import { discardRefused, listRefused, retryRefused } from './refused.ts'
import { createSender, type Sender } from './sender.ts'
import type {
  ClientStatus,
  DocumentPage,
  DocumentValue,
  LogPage,
  Mutation,
  Pulled,
  RefusedRequests,
  View,
} from './types.ts'
import { liveJson } from './view/live.ts'

export interface HttpClientOptions {
  /** Where the server is, without `/v1`. */
  readonly url: string
  readonly tenant: string
  /** The name of this replica: one per device and queue, 1 to 128 bytes of text. */
  readonly nodeId: string
  readonly apiKey?: string
  /** Where requests wait; closed with the client. Default: in memory, gone when the process ends. */
  readonly queue?: Queue | Promise<Queue>
  /** Send in the background. Default true; otherwise only `flush` and `pull` send. */
  readonly autoSend?: boolean
  readonly fetch?: Fetch
  /** Clock, timers and randomness. */
  readonly host?: Host
  readonly limits?: Partial<ClientLimits>
}

export interface HttpClient {
  /** Queues a whole value: creates the document or overwrites what is there when it arrives. Durable when it resolves. */
  put(id: string, type: DocumentType, value: JsonValue): Promise<Mutation>
  /** Queues the deletion of a document. */
  remove(id: string): Promise<Mutation>
  /**
   * Queues operations (`docs/HTTP-API.md`) and shows them in `view` at once. Durable when it resolves. Positions in lists and
   * texts count in the view as of the call. Throws `CLIENT_OP_INVALID`, `CLIENT_QUEUE_FULL`.
   */
  pushOps(id: string, type: DocumentType, ops: readonly Operation[]): Promise<Mutation>
  /** Reads the server's value. Throws `CLIENT_OFFLINE`, and `CLIENT_REFUSED` for what is not there. */
  get(id: string): Promise<DocumentValue>
  /** Lists documents, one page. */
  list(options?: { readonly prefix?: string; readonly cursor?: string; readonly limit?: number }): Promise<DocumentPage>
  /** Sends what is queued, then reads the value and what others did since the last `get` or `pull`. */
  pull(id: string): Promise<Pulled>
  /** Reads the operations after a version, one page. */
  log(id: string, options?: { readonly since?: number; readonly limit?: number }): Promise<LogPage>
  /** The last known value with everything queued on top; undefined for a document that is not known or was deleted. */
  view(id: string): View | undefined
  /** Resolves when the server has everything that is queued now, of one document or of all. Rejects as `Mutation.saved`. */
  saved(id?: string): Promise<void>
  /** Sends now. Resolves when nothing is queued any more, or an attempt has failed: the status tells. */
  flush(): Promise<ClientStatus>
  readonly status: ClientStatus
  readonly refused: RefusedRequests
  /** Calls back after every change of a view or of the status; answers what ends it. */
  subscribe(listener: () => void): () => void
  /** Ends what is under way and closes the queue; what was not sent stays in it. */
  close(): Promise<void>
}

/**
 * Opens a client on its queue. Throws `CLIENT_ARGUMENT`, and `CLIENT_QUEUE_FOREIGN` when the queue belongs to another node or
 * tenant, besides what opening the queue throws.
 */
export async function createHttpClient(options: HttpClientOptions): Promise<HttpClient> {
  const queue = await (options.queue ?? memoryQueue())
  try {
    checkNames(options)
    const { host = systemHost } = options
    const contents = parseRecords(await queue.read())
    const meta = contents.meta ?? firstMeta(options, host)
    if (meta.tenant !== options.tenant || meta.nodeId !== options.nodeId) {
      refuse('CLIENT_QUEUE_FOREIGN', `the queue is that of node "${meta.nodeId}" of tenant "${meta.tenant}"`)
    }
    const writer = createWriter(queue)
    const listeners = new Set<() => void>()
    const changed = (): void => {
      for (const listener of listeners) listener()
    }
    const limits = { ...defaultClientLimits, ...options.limits }
    const outbox = new Outbox({ contents, meta, writer, host, limits, changed })
    const client = new QueueingClient({ ...options, queue }, { outbox, writer, listeners, changed })
    if (options.autoSend !== false) client.wake()
    return client
  } catch (error) {
    await queue.close()
    throw error
  }
}

/** Numbers begin at the time of day: a queue that was lost and begun anew must not use those of the old one again. */
function firstMeta({ tenant, nodeId }: HttpClientOptions, host: Host): Meta {
  return { tenant, nodeId, nextUid: Math.floor(host.nowMs()), shift: 0, offsetMs: 0, lastMicros: 0 }
}

interface Parts {
  readonly outbox: Outbox
  readonly writer: Writer
  readonly listeners: Set<() => void>
  readonly changed: () => void
}

class QueueingClient implements HttpClient {
  readonly refused: RefusedRequests
  readonly #outbox: Outbox
  readonly #writer: Writer
  readonly #queue: Queue
  readonly #listeners: Set<() => void>
  readonly #sender: Sender
  readonly #reads: Reads
  readonly #closeTransport: () => void
  readonly #autoSend: boolean
  readonly #closing = new AbortController()
  #online: boolean | undefined
  #lastError: ClientError | undefined
  #closed: Promise<void> | undefined

  constructor(options: HttpClientOptions & { readonly queue: Queue }, { outbox, writer, listeners, changed }: Parts) {
    const { tenant, nodeId, apiKey } = options
    const { host, limits } = outbox
    const url = options.url.replace(/\/+$/, '')
    const transport = createTransport({
      url,
      tenant,
      nodeId,
      apiKey,
      fetch: options.fetch ?? systemFetch,
      host,
      limits,
    })
    const contact = (online: boolean, error: ClientError | undefined): void => {
      if (this.#closing.signal.aborted) return
      const isNews = online !== this.#online || error?.code !== this.#lastError?.code
      this.#online = online
      this.#lastError = error
      if (isNews) changed()
    }
    this.#outbox = outbox
    this.#writer = writer
    this.#queue = options.queue
    this.#listeners = listeners
    this.#autoSend = options.autoSend !== false
    this.#closeTransport = () => transport.close()
    this.#sender = createSender({ outbox, transport, contact })
    this.#reads = createReads({ outbox, transport, contact, closing: this.#closing.signal })
    this.refused = this.#refusedRequests()
  }

  #refusedRequests(): RefusedRequests {
    return {
      list: () => listRefused(this.#outbox),
      retry: async (handle) => this.#queued(() => retryRefused(this.#outbox, handle)),
      discard: async (handle) => {
        this.#requireOpen()
        await discardRefused(this.#outbox, handle)
      },
      export: () => JSON.stringify(listRefused(this.#outbox), null, 2),
    }
  }

  /** Begins to send what an earlier process left. */
  wake(): void {
    this.#sender.wake()
  }

  put(id: string, type: DocumentType, value: JsonValue): Promise<Mutation> {
    return this.#queued(() => pushPut(this.#outbox, checkId(id), type, value))
  }

  remove(id: string): Promise<Mutation> {
    return this.#queued(() => pushRemove(this.#outbox, checkId(id)))
  }

  pushOps(id: string, type: DocumentType, ops: readonly Operation[]): Promise<Mutation> {
    return this.#queued(() => pushOps(this.#outbox, checkId(id), type, ops))
  }

  async #queued(push: () => Pushed): Promise<Mutation> {
    this.#requireOpen()
    const { handle, durable } = push()
    const { promise } = this.#outbox.waiter(handle)
    await durable
    if (this.#autoSend) this.#sender.wake()
    return { handle, saved: () => promise }
  }

  async get(id: string): Promise<DocumentValue> {
    this.#requireOpen()
    return this.#reads.get(checkId(id))
  }

  async list(options: Parameters<HttpClient['list']>[0] = {}): Promise<DocumentPage> {
    this.#requireOpen()
    return this.#reads.list(options)
  }

  async pull(id: string): Promise<Pulled> {
    this.#requireOpen()
    await this.#sender.flush()
    return this.#reads.pull(checkId(id))
  }

  async log(id: string, options: Parameters<HttpClient['log']>[1] = {}): Promise<LogPage> {
    this.#requireOpen()
    return this.#reads.log(checkId(id), options)
  }

  view(id: string): View | undefined {
    const live = this.#outbox.live(id)
    if (live === undefined) return undefined
    const pending = this.#outbox.entriesOf(id).reduce((sum, entry) => sum + lengthOf(entry), 0)
    return { id, type: live.type, value: liveJson(live), version: this.#outbox.record(id)?.base.version ?? 0, pending }
  }

  async saved(id?: string): Promise<void> {
    this.#requireOpen()
    const entries = id === undefined ? this.#outbox.line : this.#outbox.entriesOf(id)
    await Promise.all(entries.map((entry) => this.#outbox.waiter(entry.uid + lengthOf(entry) - 1).promise))
  }

  async flush(): Promise<ClientStatus> {
    this.#requireOpen()
    await this.#writer.idle()
    await this.#sender.flush()
    return this.status
  }

  get status(): ClientStatus {
    const { pendingOps: pending, refused } = this.#outbox
    return { pending, refused: refused.size, online: this.#online, lastError: this.#lastError }
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    this.#closeTransport()
    await this.#sender.close()
    await this.#writer.idle()
    for (const { reject } of this.#outbox.waiters.values()) {
      reject(new ClientError('CLIENT_CLOSED', 'the client was closed; the request stays queued'))
    }
    this.#outbox.waiters.clear()
    this.#listeners.clear()
    await this.#queue.close()
  }

  #requireOpen(): void {
    if (this.#closed !== undefined) refuse('CLIENT_CLOSED', 'the client was closed')
  }
}

function checkId(id: string): string {
  return typeof id === 'string' && id !== '' ? id : refuse('CLIENT_ARGUMENT', 'a document id is text')
}
