/**
 * The client: documents on the device that change at once, online or not, and follow the server's.
 *
 *     const client = createClient({ url: 'http://127.0.0.1:8080', tenant: 'home', nodeId: 'phone' })
 *     const list = client.open('shopping', defineSchema({ items: orSet<string>() }))
 *     await list.ready
 *     list.change((root) => root.items.add('milk'))
 *     await list.saved()
 */
import type { FieldSpecs, Schema } from '@joinery/core'
import { ClientSession, type Scheduler } from '@joinery/sync'
import { openPlatformSocket } from '@joinery/transport/websocket'
import { checkNames } from '../arguments.ts'
import { ClientError, refuse } from '../errors.ts'
import { drawActor, type Host, onNetwork, systemFetch, systemHost } from '../host.ts'
import { Refusal, Unavailable } from '../http/failure.ts'
import { createTransport } from '../http/transport.ts'
import { defaultClientLimits } from '../limits.ts'
import { ServerClock } from './clock.ts'
import { Connection } from './connection.ts'
import { forgetDocument, forgetIdle } from './forget.ts'
import { Home } from './home.ts'
import { defaultLiveLimits, type LiveLimits } from './limits.ts'
import { Watched } from './listeners.ts'
import { LiveDocument } from './live-document.ts'
import { storageError } from './place.ts'
import type { Shared } from './shared.ts'
import type { Client, ClientOptions, ClientStatus, ForgetOptions, LiveDoc, OpenOptions } from './types.ts'

/**
 * Makes a client, which connects by itself. Throws `CLIENT_ARGUMENT`. What goes wrong later, a storage that does not open included, is
 * in `status`.
 */
export function createClient(options: ClientOptions): Client {
  checkNames(options)
  if (options.openSocket === undefined && !('WebSocket' in globalThis)) {
    refuse('CLIENT_ARGUMENT', 'this platform has no WebSocket: hand in `openSocket`')
  }
  return new LiveClient(options)
}

interface Opened {
  readonly document: LiveDocument<FieldSpecs>
  readonly schema: Schema
  count: number
}

class LiveClient implements Client {
  readonly #options: ClientOptions
  readonly #host: Host
  readonly #limits: LiveLimits
  readonly #session: ClientSession
  readonly #connection: Connection
  readonly #shared: Shared
  readonly #documents = new Map<string, Opened>()
  /** Handles that were closed and are still writing. */
  readonly #ending = new Map<string, Promise<void>>()
  readonly #status: Watched<ClientStatus>
  readonly #home: Home
  readonly #endNetwork: () => void
  #key = ''
  #closed: Promise<void> | undefined

  constructor(options: ClientOptions) {
    this.#options = options
    const { tenant, nodeId, storage } = options
    this.#host = options.host ?? systemHost
    this.#limits = { ...defaultLiveLimits, ...options.limits }
    const clock = new ServerClock(this.#host, this.#limits)
    const scheduler = schedulerOf(this.#host)
    this.#home = new Home({
      storage,
      tenant,
      nodeId,
      host: this.#host,
      limits: this.#limits,
      onOpen: (store) => clock.resume(store),
      onMoved: (place) => {
        for (const { document } of this.#documents.values()) void document.move(place)
      },
      onStatus: () => this.#touch(false),
    })
    this.#session = new ClientSession({
      tenant,
      node: nodeId,
      credential: () => this.#key,
      agent: 'joinery-client/0.1.0',
      scheduler,
      random: () => this.#host.random(),
      ...(options.compression && { packer: options.compression }),
      retry: { minMs: this.#limits.connectRetryMsMin, maxMs: this.#limits.connectRetryMsMax },
      onStatus: () => {
        const { welcome } = this.#session
        if (welcome !== undefined) clock.observe(welcome.serverMicros)
        this.#connection.changed()
      },
    })
    this.#shared = {
      tenant,
      nodeId,
      session: this.#session,
      host: this.#host,
      limits: this.#limits,
      wallMs: clock.nowMs,
      drawnActor: () => drawActor(nodeId, clock.nowMs).id,
      serverTime: (micros) => clock.observe(micros),
      place: () => this.#home.place,
      tabs: this.#home.tabs,
      shelf: () => this.#home.shelf(),
      trouble: (error) => this.#home.trouble(error),
    }
    this.#connection = new Connection({
      url: `${options.url.replace(/\/+$/, '').replace(/^http/, 'ws')}/v1/sync`,
      session: this.#session,
      scheduler,
      openSocket: this.#home.tabs?.shareSocket(options.openSocket ?? openPlatformSocket) ?? options.openSocket,
      auth: options.auth,
      host: this.#host,
      limits: this.#limits,
      useKey: (key) => {
        this.#key = key
      },
      onChange: () => this.#touch(true),
    })
    this.#status = new Watched(() => this.#read())
    void this.#forgetIdle()
    this.#endNetwork = onNetwork(() => this.connectNow())
  }

  open<S extends FieldSpecs>(id: string, schema: Schema<S>, options: OpenOptions = {}): LiveDoc<S> {
    if (this.#closed !== undefined) refuse('CLIENT_CLOSED', 'the client was closed')
    if (typeof id !== 'string' || id === '') refuse('CLIENT_ARGUMENT', 'a document id is text')
    const known = this.#documents.get(id)
    if (known !== undefined) {
      if (known.schema !== (schema as Schema)) refuse('CLIENT_ARGUMENT', `"${id}" is open with another schema`)
      known.count += 1
      return known.document as unknown as LiveDoc<S>
    }
    const document: LiveDocument<S> = new LiveDocument<S>({
      id,
      schema,
      type: options.type ?? 'doc',
      types: options.types,
      shared: this.#shared,
      connection: () => this.#connection.state,
      onStatus: () => this.#touch(false),
      release: (): Promise<void> => this.#release(id, document as unknown as LiveDocument<FieldSpecs>),
      after: this.#ending.get(id),
    })
    const opened = document as unknown as LiveDocument<FieldSpecs>
    this.#documents.set(id, { document: opened, schema: schema as Schema, count: 1 })
    return document
  }

  async #release(id: string, document: LiveDocument<FieldSpecs>): Promise<void> {
    const opened = this.#documents.get(id)
    if (opened?.document !== document) return
    opened.count -= 1
    if (opened.count === 0) await this.#end(id, document)
  }

  async #end(id: string, document: LiveDocument<FieldSpecs>): Promise<void> {
    this.#documents.delete(id)
    const ended = document.end()
    this.#ending.set(id, ended)
    await ended
    if (this.#ending.get(id) === ended) this.#ending.delete(id)
  }

  async delete(id: string): Promise<void> {
    const { url, tenant, nodeId, fetch = systemFetch } = this.#options
    const limits = { ...defaultClientLimits, requestTimeoutMs: this.#limits.deleteTimeoutMs }
    const apiKey = this.#key === '' ? undefined : this.#key
    const transport = createTransport({
      url: url.replace(/\/+$/, ''),
      tenant,
      nodeId,
      apiKey,
      fetch,
      host: this.#host,
      limits,
    })
    try {
      await transport.send({ method: 'DELETE', path: `/docs/${encodeURIComponent(id)}` })
    } catch (error) {
      if (error instanceof Unavailable) throw error.reason
      if (error instanceof Refusal) throw new ClientError('CLIENT_REFUSED', error.message, { problem: error.problem })
      throw error
    }
  }

  async forget(id: string, options?: ForgetOptions): Promise<void> {
    if (this.#isOpen(id)) refuse('CLIENT_DOCUMENT_OPEN', `"${id}" is open`)
    const place = await this.#home.place
    try {
      if (place !== undefined) await forgetDocument(place, this.#shared, id, options)
    } catch (error) {
      throw storageError(error)
    }
  }

  #isOpen(id: string): boolean {
    return this.#documents.has(id) || this.#ending.has(id)
  }

  get status(): ClientStatus {
    return this.#status.value
  }

  onStatus(listener: () => void): () => void {
    return this.#status.listen(listener)
  }

  connectNow(): void {
    this.#connection.now()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#endNetwork()
    const documents = [...this.#documents].map(([id, { document }]) => ({ id, document }))
    for (const { id, document } of documents) void this.#end(id, document)
    const ended = Promise.all(this.#ending.values())
    this.#connection.close()
    this.#status.clear()
    // A storage that fails is not waited for: it was told of in `status`.
    if (this.#home.error !== undefined) for (const { document } of documents) document.abandon()
    await ended
    await this.#home.close()
  }

  /** What goes wrong here is told of when it matters. */
  async #forgetIdle(): Promise<void> {
    const place = await this.#home.place.catch(() => undefined)
    if (place === undefined || this.#closed !== undefined) return
    await forgetIdle(place, this.#shared, (id) => this.#isOpen(id)).catch(() => {})
  }

  #touch(documents: boolean): void {
    // While the client is made its parts tell of themselves, and there is nobody to listen yet.
    this.#status?.touch()
    if (documents) for (const { document } of this.#documents.values()) document.touch()
  }

  #read(): ClientStatus {
    let pending = 0
    for (const { document } of this.#documents.values()) pending += document.status.pending
    return {
      online: this.#session.online,
      pending,
      lastError: this.#home.error ?? this.#connection.error,
      storage: this.#home.status,
    }
  }
}

function schedulerOf(host: Host): Scheduler {
  return {
    nowMs: () => host.nowMs(),
    after: (ms, task) => host.setTimer(ms, task),
    soon: (task) => void Promise.resolve().then(task),
  }
}
