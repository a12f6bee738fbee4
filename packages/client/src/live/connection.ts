/** The connection of a client: asks for the key, connects, and begins again with another key when the server no longer takes it. */
import type { ClientSession, Scheduler } from '@joinery/sync'
import { connectWebSocket, type OpenWebSocket, type WebSocketConnection } from '@joinery/transport/websocket'
import { ClientError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { LiveLimits } from './limits.ts'
import type { AskKey } from './types.ts'

export interface ConnectionOptions {
  readonly url: string
  readonly session: ClientSession
  readonly scheduler: Scheduler
  readonly openSocket: OpenWebSocket | undefined
  readonly auth: string | AskKey | undefined
  readonly host: Host
  readonly limits: LiveLimits
  /** Takes the key that is to be shown. */
  readonly useKey: (key: string) => void
  readonly onChange: () => void
}

export class Connection {
  readonly #options: ConnectionOptions
  #socket: WebSocketConnection | undefined
  #cancelRetry: (() => void) | undefined
  #failed = false
  #attempts = 0
  #asking = false
  #closed = false
  #error: ClientError | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    void this.#connect()
  }

  get state(): 'connecting' | 'online' | 'offline' {
    if (this.#options.session.online) return 'online'
    return this.#failed ? 'offline' : 'connecting'
  }

  get error(): ClientError | undefined {
    return this.#error
  }

  /** The session tells that the connection is there, or has gone. */
  changed(): void {
    const { session, auth } = this.#options
    if (session.online) {
      this.#attempts = 0
      this.#error = undefined
    } else {
      this.#failed = true
      const { goodbye } = session
      const code = goodbye?.code === 'unauthenticated' ? 'CLIENT_UNAUTHENTICATED' : 'CLIENT_OFFLINE'
      this.#error = new ClientError(code, goodbye?.message ?? 'the server cannot be reached')
      if (code === 'CLIENT_UNAUTHENTICATED' && typeof auth === 'function') this.#askLater()
    }
    this.#options.onChange()
  }

  /** Tries at once instead of waiting. */
  now(): void {
    if (this.#closed || this.#options.session.online) return
    if (this.#socket === undefined || this.#cancelRetry !== undefined || this.#isFinal) this.#again()
    else this.#socket.retryNow()
  }

  get #isFinal(): boolean {
    return this.#options.session.goodbye !== undefined && this.#options.session.retryInMs === undefined
  }

  close(): void {
    this.#closed = true
    this.#cancelRetry?.()
    this.#socket?.close()
  }

  #again(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#socket?.close()
    this.#socket = undefined
    void this.#connect()
  }

  /** A server that takes no key at all is not asked in a tight loop. */
  #askLater(): void {
    const { host, limits } = this.#options
    const step = Math.min(limits.connectRetryMsMax, limits.connectRetryMsMin * 2 ** Math.min(this.#attempts, 20))
    const waitMs = this.#attempts === 0 ? 0 : step / 2 + (host.random() * step) / 2
    this.#attempts += 1
    this.#cancelRetry?.()
    this.#cancelRetry = host.setTimer(waitMs, () => this.#again())
  }

  async #connect(): Promise<void> {
    const { auth, url, session, scheduler, openSocket, useKey } = this.#options
    if (this.#asking || this.#closed) return
    this.#asking = true
    try {
      useKey(typeof auth === 'function' ? await auth() : (auth ?? ''))
      if (this.#closed) return
      this.#socket = connectWebSocket({ url, session, scheduler, ...(openSocket && { open: openSocket }) })
    } catch (cause) {
      this.#failed = true
      this.#error = new ClientError('CLIENT_UNAUTHENTICATED', 'no key was to be had', { cause })
      this.#askLater()
      this.#options.onChange()
    } finally {
      this.#asking = false
    }
  }
}
