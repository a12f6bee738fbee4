/**
 * A connection over plain HTTP requests, for networks that let no WebSocket through: what is sent goes out as the body of one POST
 * after the other, and what comes is waited for in one GET after the other. It looks like a WebSocket to whoever uses it. Latency is
 * that of a request more; what is lost ends the connection, and the session resumes on the next one.
 */
import type { Scheduler } from '@joinery/sync'
import { framedBytes, joinFrames, splitFrames } from './framing.ts'
import { bodyBytesMax, connectMsMax, receivedFrameBytesMax } from './limits.ts'
import { type OpenWebSocket, openPlatformSocket, type WebSocketLike } from './websocket.ts'

/** What is used of the platform's `fetch`. */
export type FetchFrames = (
  url: string,
  init: {
    readonly method: 'POST' | 'GET' | 'DELETE'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: Uint8Array<ArrayBuffer>
    readonly signal?: AbortSignal
    readonly keepalive?: boolean
  },
) => Promise<{ readonly ok: boolean; arrayBuffer(): Promise<ArrayBuffer>; text(): Promise<string> }>

/** The header that names a connection. Whoever knows the name is taken for its owner: it is never part of a URL. */
export const LINK_HEADER = 'X-Sync-Link'

const CONNECTING = 0
const OPEN = 1
const CLOSED = 3

type Listener = (event: { readonly data: unknown }) => void

/** Opens connections over HTTP. `url` of a connection is that of the WebSocket, with `ws:` or `wss:`. */
export function httpLinks(fetchFrames: FetchFrames = platformFetch): OpenWebSocket {
  return (url) => new HttpLink(`${url.replace(/^ws/, 'http')}/frames`, fetchFrames)
}

const platformFetch: FetchFrames = (url, init) => globalThis.fetch(url, init)

class HttpLink implements WebSocketLike {
  binaryType = 'arraybuffer'
  bufferedAmount = 0
  readyState = CONNECTING
  readonly #url: string
  readonly #fetch: FetchFrames
  readonly #leave = new AbortController()
  readonly #listeners: Record<string, Listener[]> = { open: [], close: [], error: [], message: [] }
  #queue: Uint8Array[] = []
  #sending = false
  /** Named by the answer to the first request. */
  #name: string | undefined

  constructor(url: string, fetchFrames: FetchFrames) {
    this.#url = url
    this.#fetch = fetchFrames
    // Whether there is a server turns out with the first frame, which is the client's.
    queueMicrotask(() => {
      if (this.readyState !== CONNECTING) return
      this.readyState = OPEN
      this.#tell('open')
    })
  }

  addEventListener(type: string, listener: Listener | (() => void)): void {
    this.#listeners[type]?.push(listener)
  }

  send(frame: Uint8Array): void {
    if (this.readyState !== OPEN) return
    // The caller may use its bytes again.
    this.#queue.push(frame.slice())
    this.bufferedAmount += frame.length
    if (!this.#sending) void this.#sendAll()
  }

  close(): void {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    this.#leave.abort()
    this.#queue = []
    if (this.#name !== undefined) {
      const headers = { [LINK_HEADER]: this.#name }
      // The server would find out by itself, later.
      this.#fetch(this.#url, { method: 'DELETE', headers, keepalive: true }).catch(() => {})
    }
    queueMicrotask(() => this.#tell('close'))
  }

  async #sendAll(): Promise<void> {
    this.#sending = true
    try {
      while (this.#queue.length > 0 && this.readyState === OPEN) await this.#sendSome()
    } catch {
      this.close()
    } finally {
      this.#sending = false
    }
  }

  async #sendSome(): Promise<void> {
    const frames = takeSome(this.#queue)
    const first = this.#name === undefined
    const answer = await this.#fetch(this.#url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream', ...this.#named() },
      body: joinFrames(frames),
      signal: this.#leave.signal,
    })
    if (!answer.ok) return this.close()
    for (const frame of frames) this.bufferedAmount -= frame.length
    if (!first) return
    this.#name = await answer.text()
    void this.#receiveAll()
  }

  async #receiveAll(): Promise<void> {
    try {
      while (this.readyState === OPEN) await this.#receiveSome()
    } catch {
      this.close()
    }
  }

  async #receiveSome(): Promise<void> {
    const answer = await this.#fetch(this.#url, { method: 'GET', headers: this.#named(), signal: this.#leave.signal })
    if (!answer.ok) return this.close()
    const framed = splitFrames(new Uint8Array(await answer.arrayBuffer()), receivedFrameBytesMax)
    for (const frame of framed?.frames ?? []) this.#tell('message', frame.slice().buffer)
    if (framed === undefined || framed.ended) this.close()
  }

  #named(): Readonly<Record<string, string>> {
    return this.#name === undefined ? {} : { [LINK_HEADER]: this.#name }
  }

  #tell(type: string, data?: ArrayBuffer): void {
    for (const listener of this.#listeners[type] ?? []) listener({ data })
  }
}

/** Takes as many of the first as one request carries, at least one. */
function takeSome(queue: Uint8Array[]): Uint8Array[] {
  let bytes = 0
  const end = queue.findIndex((frame) => {
    bytes += framedBytes(frame)
    return bytes > bodyBytesMax
  })
  return queue.splice(0, end < 0 ? queue.length : Math.max(1, end))
}

/** So many WebSockets fail to open, one after the other, before a connection over HTTP is tried. */
const FAILURES = 2

export interface FallbackOptions {
  readonly scheduler: Pick<Scheduler, 'after'>
  /** The platform's WebSocket by default. */
  readonly webSocket?: OpenWebSocket
  readonly http?: OpenWebSocket
}

/**
 * Opens WebSockets, and connections over HTTP where none gets through: when two in a row did not open, within ten seconds each. A
 * connection over HTTP that ends is followed by a WebSocket, so that a network that lets them through again is noticed.
 */
export function webSocketOrHttp(options: FallbackOptions): OpenWebSocket {
  const { scheduler, webSocket = openPlatformSocket, http = httpLinks() } = options
  let failures = 0
  return (url) => {
    if (failures >= FAILURES) {
      // One more failure, should this one not be the answer either, and it is the turn of HTTP again.
      failures = FAILURES - 1
      return http(url)
    }
    const socket = webSocket(url)
    let isOpen = false
    const cancel = scheduler.after(connectMsMax, () => socket.close())
    socket.addEventListener('open', () => {
      isOpen = true
      failures = 0
      cancel()
    })
    socket.addEventListener('close', () => {
      cancel()
      if (!isOpen) failures += 1
    })
    return socket
  }
}
