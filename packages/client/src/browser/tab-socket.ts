/** A tab's end of the connection that all tabs share: to the tab that has it, or to itself. */
import type { OpenWebSocket, WebSocketLike } from '@joinery/transport/websocket'
import type { Bus } from './bus.ts'
import { type Port, SharedSocket } from './shared-socket.ts'

type Said =
  | { readonly socket: number; readonly op: 'open'; readonly url: string }
  | { readonly socket: number; readonly op: 'frame'; readonly bytes: Uint8Array }
  | { readonly socket: number; readonly op: 'opened' | 'close' }

const TOPIC = 'socket'
const [CONNECTING, OPEN, CLOSED] = [0, 1, 3]

export class TabSockets {
  readonly #bus: Bus
  /** The connection itself, in the tab that leads. */
  #shared: SharedSocket | undefined
  /** Where it is: undefined, nobody has said; '', here. */
  #leader: string | undefined
  readonly #sockets = new Map<number, TabSocket>()
  /** Of other tabs, where it is here. */
  readonly #ports = new Map<string, Port>()
  #watched = new Set<string>()
  #opened = 0

  constructor(bus: Bus) {
    this.#bus = bus
    bus.on<Said>(TOPIC, (said, from) => this.#take(said, from))
  }

  /** Opens sockets that share a connection, which is made by `open` where it is here. */
  share(open: OpenWebSocket): OpenWebSocket {
    this.#shared = new SharedSocket(open)
    return (url) => {
      this.#opened += 1
      const socket = new TabSocket(this.#opened, url, (one) => this.#sockets.delete(one))
      this.#sockets.set(socket.number, socket)
      this.#connect(socket)
      return socket
    }
  }

  /** Another tab has the connection, or, undefined, this one. */
  moved(leader: string | undefined): void {
    const to = leader ?? ''
    if (to === this.#leader) return
    const first = this.#leader === undefined
    this.#leader = to
    const sockets = [...this.#sockets.values()]
    for (const socket of sockets) {
      if (first) this.#connect(socket)
      else socket.closed()
    }
  }

  #connect(socket: TabSocket): void {
    if (this.#leader === undefined) return
    const { number, url } = socket
    const shared = this.#shared
    if (this.#leader === '' && shared !== undefined) {
      socket.use({
        send: (bytes) => shared.send(socket, bytes),
        close: () => shared.detach(socket),
        waitingBytes: () => shared.waitingBytes,
      })
      shared.attach(socket, url)
      return
    }
    const leader = this.#leader
    const post = (said: Said): void => this.#bus.post(TOPIC, said, leader)
    socket.use({
      send: (bytes) => post({ socket: number, op: 'frame', bytes }),
      close: () => post({ socket: number, op: 'close' }),
      waitingBytes: () => 0,
    })
    post({ socket: number, op: 'open', url })
  }

  #take(said: Said, from: string): void {
    if (from === this.#leader) this.#sockets.get(said.socket)?.take(said)
    else if (this.#leader === '' && this.#shared !== undefined) this.#serve(this.#shared, said, from)
  }

  #serve(shared: SharedSocket, said: Said, from: string): void {
    const name = `${from}/${said.socket}`
    const port = this.#ports.get(name)
    if (said.op === 'open') {
      const reply = (back: Said): void => this.#bus.post(TOPIC, back, from)
      const { socket, url } = said
      const opened: Port = {
        opened: () => reply({ socket, op: 'opened' }),
        frame: (bytes) => reply({ socket, op: 'frame', bytes }),
        closed: () => {
          this.#ports.delete(name)
          reply({ socket, op: 'close' })
        },
      }
      this.#ports.set(name, opened)
      this.#watch(shared, from)
      shared.attach(opened, url)
    } else if (port === undefined) return
    else if (said.op === 'frame') shared.send(port, said.bytes)
    else this.#detach(shared, name, port)
  }

  #detach(shared: SharedSocket, name: string, port: Port): void {
    this.#ports.delete(name)
    shared.detach(port)
  }

  /** A tab that ends says nothing. */
  #watch(shared: SharedSocket, tab: string): void {
    if (this.#watched.has(tab)) return
    this.#watched.add(tab)
    this.#bus.whenGone(tab, () => {
      this.#watched.delete(tab)
      for (const [name, port] of this.#ports) if (name.startsWith(`${tab}/`)) this.#detach(shared, name, port)
    })
  }
}

interface Route {
  send(bytes: Uint8Array): void
  close(): void
  waitingBytes(): number
}

class TabSocket implements WebSocketLike, Port {
  readonly number: number
  readonly url: string
  binaryType = 'arraybuffer'
  readyState: number = CONNECTING
  readonly #forget: (number: number) => void
  readonly #listeners: { readonly type: string; readonly run: (event: { readonly data: unknown }) => void }[] = []
  #route: Route | undefined

  constructor(number: number, url: string, forget: (number: number) => void) {
    this.number = number
    this.url = url
    this.#forget = forget
  }

  use(route: Route): void {
    this.#route = route
  }

  get bufferedAmount(): number {
    return this.#route?.waitingBytes() ?? 0
  }

  addEventListener(type: string, run: (event: { readonly data: unknown }) => void): void {
    this.#listeners.push({ type, run })
  }

  send(bytes: Uint8Array): void {
    if (this.readyState === OPEN) this.#route?.send(bytes)
  }

  close(): void {
    if (this.readyState === CLOSED) return
    this.#route?.close()
    queueMicrotask(() => this.closed())
  }

  take(said: Said): void {
    if (said.op === 'opened') this.opened()
    else if (said.op === 'frame') this.frame(said.bytes)
    else this.closed()
  }

  opened(): void {
    if (this.readyState !== CONNECTING) return
    this.readyState = OPEN
    this.#tell('open', undefined)
  }

  frame(bytes: Uint8Array): void {
    // As a socket of the platform hands it over: a buffer of its own.
    if (this.readyState === OPEN) this.#tell('message', bytes.slice().buffer)
  }

  closed(): void {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    this.#forget(this.number)
    this.#tell('close', undefined)
  }

  #tell(event: string, data: unknown): void {
    for (const { type, run } of this.#listeners) if (type === event) run({ data })
  }
}
