/**
 * One connection for the sessions of several tabs. It reads no more of a frame than whose it is: the first session's greeting goes to
 * the server, and its answer to all; requests are numbered anew; documents go to whoever asked for them.
 */
import { encodeFrame, kinds } from '@joinery/sync'
import type { OpenWebSocket, WebSocketLike } from '@joinery/transport/websocket'

/** A session's end of it. */
export interface Port {
  opened(): void
  frame(bytes: Uint8Array): void
  closed(): void
}

interface Request {
  readonly port: Port
  /** As its session numbered it. */
  readonly number: number
}

const OPEN = 1

export class SharedSocket {
  readonly #open: OpenWebSocket
  readonly #ports = new Set<Port>()
  #socket: WebSocketLike | undefined
  #hello: Uint8Array | undefined
  #welcome: Uint8Array | undefined
  /** Have said who they are and wait to be greeted. */
  readonly #greeting = new Set<Port>()
  readonly #requests = new Map<number, Request>()
  readonly #handles = new Map<number, Port>()
  #lastRequest = 0
  /** Whose batch comes in parts: the server takes one at a time. */
  #uploading: Port | undefined
  #uploads: { readonly port: Port; readonly bytes: Uint8Array }[] = []

  constructor(open: OpenWebSocket) {
    this.#open = open
  }

  get waitingBytes(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  attach(port: Port, url: string): void {
    this.#ports.add(port)
    if (this.#socket === undefined) this.#connect(url)
    else if (this.#socket.readyState === OPEN) queueMicrotask(() => this.#ports.has(port) && port.opened())
  }

  /** A session has ended, or its tab. */
  detach(port: Port): void {
    if (!this.#ports.delete(port)) return
    this.#greeting.delete(port)
    for (const [handle, owner] of this.#handles) if (owner === port) this.#unsubscribe(handle)
    this.#uploads = this.#uploads.filter((upload) => upload.port !== port)
    if (this.#uploading === port) this.#uploaded()
    if (this.#ports.size === 0) this.#socket?.close(1000)
  }

  close(): void {
    for (const port of this.#ports) this.detach(port)
  }

  #connect(url: string): void {
    const socket = this.#open(url)
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => {
      for (const port of [...this.#ports]) port.opened()
    })
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer && this.#socket === socket) this.#received(new Uint8Array(data))
    })
    socket.addEventListener('error', () => {})
    socket.addEventListener('close', () => this.#closed(socket))
  }

  #closed(socket: WebSocketLike): void {
    if (this.#socket !== socket) return
    const ports = [...this.#ports]
    this.#socket = undefined
    this.#hello = undefined
    this.#welcome = undefined
    this.#uploading = undefined
    this.#uploads = []
    for (const all of [this.#ports, this.#greeting, this.#requests, this.#handles]) all.clear()
    for (const port of ports) port.closed()
  }

  /** Takes a frame of a session. */
  send(port: Port, bytes: Uint8Array): void {
    if (!this.#ports.has(port)) return
    const [number, at] = varint(bytes, 1)
    switch (bytes[0]) {
      case kinds.hello:
        this.#greet(port, bytes)
        break
      case kinds.subscribe:
        this.#lastRequest += 1
        this.#requests.set(this.#lastRequest, { port, number })
        this.#send(renumbered(bytes, this.#lastRequest, at))
        break
      case kinds.ping:
        this.#send(bytes)
        break
      case kinds.pong:
        break
      default:
        // What a session says of a document that is not its own any more is late.
        if (this.#handles.get(number) !== port) break
        if (bytes[0] === kinds.upload) this.#upload(port, bytes)
        else this.#send(bytes)
        if (bytes[0] === kinds.unsubscribe) this.#handles.delete(number)
    }
  }

  #greet(port: Port, hello: Uint8Array): void {
    if (this.#hello === undefined) {
      this.#hello = hello
      this.#send(hello)
    } else if (!isSameReplica(hello, this.#hello)) {
      const message = 'tabs that share a storage are one replica: the same url, tenant and node'
      const retry = { retryAfterMs: 0, windowMs: 0 }
      port.frame(encodeFrame({ kind: 'goodbye', code: 'permission_denied', message, ...retry }))
      this.detach(port)
      port.closed()
      return
    }
    if (this.#welcome === undefined) this.#greeting.add(port)
    else port.frame(this.#welcome)
  }

  #received(bytes: Uint8Array): void {
    const [number, at] = varint(bytes, 1)
    switch (bytes[0]) {
      case kinds.welcome:
        this.#welcome = bytes
        for (const port of this.#greeting) port.frame(bytes)
        this.#greeting.clear()
        break
      case kinds.goodbye:
        for (const port of this.#ports) port.frame(bytes)
        break
      case kinds.ping: {
        const pong = bytes.slice()
        pong[0] = kinds.pong
        this.#send(pong)
        break
      }
      case kinds.pong:
        break
      case kinds.subscribed:
        this.#subscribed(bytes, number, at)
        break
      case kinds.refused:
        // Batch 0: a request.
        if (bytes[at] === 0) this.#answer(bytes, number, at)
        else this.#handles.get(number)?.frame(bytes)
        break
      default: {
        const port = this.#handles.get(number)
        if (bytes[0] === kinds.closed) this.#handles.delete(number)
        port?.frame(bytes)
      }
    }
  }

  #subscribed(bytes: Uint8Array, request: number, at: number): void {
    const [handle] = varint(bytes, at)
    const port = this.#requests.get(request)?.port
    if (port !== undefined && this.#ports.has(port)) {
      this.#handles.set(handle, port)
      this.#answer(bytes, request, at)
    } else {
      this.#requests.delete(request)
      this.#unsubscribe(handle)
    }
  }

  #answer(bytes: Uint8Array, request: number, at: number): void {
    const asked = this.#requests.get(request)
    this.#requests.delete(request)
    if (asked !== undefined && this.#ports.has(asked.port)) asked.port.frame(renumbered(bytes, asked.number, at))
  }

  #unsubscribe(handle: number): void {
    this.#handles.delete(handle)
    this.#send(encodeFrame({ kind: 'unsubscribe', handle }))
  }

  #upload(port: Port, bytes: Uint8Array): void {
    if (this.#uploading !== undefined && this.#uploading !== port) {
      this.#uploads.push({ port, bytes })
      return
    }
    this.#uploading = port
    this.#send(bytes)
    if (isLastPart(bytes)) this.#uploaded()
  }

  #uploaded(): void {
    this.#uploading = undefined
    const next = this.#uploads
    this.#uploads = []
    for (const { port, bytes } of next) this.#upload(port, bytes)
  }

  #send(bytes: Uint8Array): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(bytes)
  }
}

function varint(bytes: Uint8Array, from: number): readonly [value: number, at: number] {
  let value = 0
  let factor = 1
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return [value, at + 1]
    factor *= 0x80
  }
  return [value, bytes.length]
}

/** The frame with another number in front of what begins at `at`. */
function renumbered(bytes: Uint8Array, number: number, at: number): Uint8Array {
  const head = [bytes[0] as number]
  let rest = number
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest % 0x80) | 0x80)
  head.push(rest)
  const out = new Uint8Array(head.length + bytes.length - at)
  out.set(head)
  out.set(bytes.subarray(at), head.length)
  return out
}

/** Handle, batch, flags, total, offset, and what is left is the part. */
function isLastPart(bytes: Uint8Array): boolean {
  const numbers: number[] = []
  let at = 1
  while (numbers.length < 5) {
    const [value, next] = varint(bytes, at)
    numbers.push(value)
    at = next
  }
  const [total = 0, offset = 0] = numbers.slice(3)
  return offset + bytes.length - at >= total
}

/** Whether two greetings are alike up to the credential: magic, versions, features, tenant and node. */
function isSameReplica(a: Uint8Array, b: Uint8Array): boolean {
  const end = beforeCredential(a)
  return end === beforeCredential(b) && a.subarray(0, end).every((byte, i) => byte === b[i])
}

function beforeCredential(hello: Uint8Array): number {
  let at = 5
  for (let i = 0; i < 3; i += 1) at = varint(hello, at)[1]
  for (let i = 0; i < 2; i += 1) {
    const [length, from] = varint(hello, at)
    at = from + length
  }
  return at
}
