/**
 * The client's end of a WebSocket connection, in browsers and Node: keeps a session connected, tries again when the connection is
 * lost, and waits between attempts as the session says.
 */
import type { ClientSession, Link, LinkClose, Scheduler } from '@joinery/sync'

/** What is used of the platform's `WebSocket`, or of the one of the package `ws`. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  send(data: Uint8Array): void
  close(code?: number): void
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

export type OpenWebSocket = (url: string) => WebSocketLike

export interface WebSocketConnectionOptions {
  /** `ws:` or `wss:`. */
  readonly url: string
  readonly session: ClientSession
  readonly scheduler: Scheduler
  /** The platform's WebSocket by default. */
  readonly open?: OpenWebSocket
}

export interface WebSocketConnection {
  /** Tries at once instead of waiting. */
  retryNow(): void
  /** Ends the connection, and does not try again. */
  close(): void
}

const OPEN = 1

/** Connects a session, and keeps it connected until `close`. */
export function connectWebSocket(options: WebSocketConnectionOptions): WebSocketConnection {
  const { url, session, scheduler, open = openPlatformSocket } = options
  let socket: WebSocketLike | undefined
  let cancelRetry: (() => void) | undefined
  let closed = false

  function attempt(): void {
    cancelRetry = undefined
    const current = open(url)
    socket = current
    let connected = false
    current.binaryType = 'arraybuffer'
    current.addEventListener('open', () => {
      connected = true
      session.connected(linkOver(current))
    })
    current.addEventListener('message', ({ data }) => {
      if (connected) session.receive(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0))
    })
    // A close follows, and says nothing less.
    current.addEventListener('error', () => {})
    current.addEventListener('close', () => {
      if (socket !== current) return
      socket = undefined
      connected = false
      session.disconnected()
      const waitMs = closed ? undefined : session.retryInMs
      if (waitMs !== undefined) cancelRetry = scheduler.after(waitMs, attempt)
    })
  }

  attempt()
  return {
    retryNow() {
      if (cancelRetry === undefined) return
      cancelRetry()
      attempt()
    },
    close() {
      closed = true
      cancelRetry?.()
      cancelRetry = undefined
      socket?.close(1000)
    },
  }
}

function linkOver(socket: WebSocketLike): Link {
  return {
    get waitingBytes() {
      return socket.bufferedAmount
    },
    send(frame) {
      if (socket.readyState === OPEN) socket.send(frame)
    },
    // A page may only say that all is well.
    close: (_code: LinkClose) => socket.close(1000),
    drop: () => socket.close(1000),
  }
}

/** The platform's own. Throws where there is none. */
export function openPlatformSocket(url: string): WebSocketLike {
  const { WebSocket } = globalThis as { WebSocket?: new (url: string) => WebSocketLike }
  if (WebSocket === undefined) throw new TypeError('this platform has no WebSocket: hand one in as `open`')
  return new WebSocket(url)
}
