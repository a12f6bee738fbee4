/** One connection to one node: greeting, messages, signs of life, and the reasons to end it. */
import type { Duplex } from 'node:stream'
import type { SecureContext, TLSSocket } from 'node:tls'
import type { Scheduler } from '@joinery/sync'
import type { Authentication, Role } from './authentication.ts'
import { TransportError, type TransportRefusal } from './errors.ts'
import { encodeNodeFrame, frameKind, NodeFrameReader } from './frames.ts'
import { Greeting } from './greeting.ts'
import { type Bye, decodeBye, encodeBye, type Hello } from './hello.ts'
import { Intake } from './intake.ts'
import type { NodeTransportLimits } from './limits.ts'
import { Outflow } from './outflow.ts'
import { secureStream } from './secure-stream.ts'

/** What connections of a transport have in common. */
export interface ConnectionContext {
  readonly authentication: Authentication
  readonly secureContext: SecureContext
  readonly scheduler: Scheduler
  readonly limits: NodeTransportLimits
  hello(): Hello
  /** Makes it the connection to this node, or says why not. */
  admit(connection: NodeConnection, peer: Hello): TransportRefusal | undefined
  opened(connection: NodeConnection): void
  message(connection: NodeConnection, bytes: Uint8Array): void
  /** The other end sends more than it may; told now and then. */
  flooded(connection: NodeConnection): void
  /** The end. Told once. */
  closed(connection: NodeConnection, end: ConnectionEnd): void
}

export interface ConnectionEnd {
  /** Absent where nothing was wrong. */
  readonly code?: TransportRefusal
  readonly detail: string
  /** The other end said so, and this is who it is, where it says that too. */
  readonly saidBy?: string
}

/** After the last word was said the other end has this long to take it. */
const LAST_WORD_MS = 1_000

export class NodeConnection {
  readonly role: Role
  /** The address that was dialled, or that somebody came from. */
  readonly remote: string
  readonly openedAtMs: number
  readonly #context: ConnectionContext
  readonly #socket: TLSSocket
  readonly #greeting: Greeting
  readonly #reader: NodeFrameReader
  readonly #intake: Intake
  readonly #outflow: Outflow
  #peer: Hello | undefined
  #closed = false
  /** The other end may have more to say, though this one has said its last word. */
  #isListening = true
  #receivedAtMs: number
  #messageAtMs: number

  constructor(context: ConnectionContext, stream: Duplex, role: Role, remote: string) {
    const { authentication, scheduler, limits } = context
    this.#context = context
    this.role = role
    this.remote = remote
    this.openedAtMs = scheduler.nowMs()
    this.#receivedAtMs = this.openedAtMs
    this.#messageAtMs = this.openedAtMs
    this.#reader = new NodeFrameReader(limits.strangerFrameBytesMax)
    this.#socket = secureStream(stream, role, context.secureContext)
    this.#outflow = new Outflow(this.#socket, () => scheduler.nowMs())
    this.#intake = new Intake(this.#socket, scheduler, limits)
    this.#greeting = new Greeting({
      role,
      authentication,
      hello: context.hello(),
      send: (kind, body) => this.#outflow.write(encodeNodeFrame(kind, body)),
      admit: (peer) => context.admit(this, peer),
    })
    this.#listen(stream)
  }

  /** Who is there, once that is proved. */
  get peer(): Hello | undefined {
    return this.#peer
  }

  get waitingBytes(): number {
    return this.#outflow.waitingBytes
  }

  /** Answers false where there is no room. */
  send(bytes: Uint8Array): boolean {
    const { limits, scheduler } = this.#context
    if (this.#closed || this.#peer === undefined || bytes.length > this.#peer.messageBytesMax) return false
    if (this.waitingBytes + bytes.length > limits.waitingBytesMax) return false
    this.#messageAtMs = scheduler.nowMs()
    this.#outflow.write(encodeNodeFrame(frameKind.message, bytes))
    return true
  }

  /** Ends it, after what was sent before. */
  close(end: ConnectionEnd = { detail: '' }): void {
    if (this.#closed) return
    this.#isListening = false
    this.#leave(end)
  }

  /** Ends it in favour of another one to the same node: what is on its way here still counts. */
  retire(end: ConnectionEnd = { detail: '' }): void {
    if (!this.#closed) this.#leave(end)
  }

  #leave(end: ConnectionEnd): void {
    const isMember = this.#peer !== undefined
    const bye: Bye = { code: end.code ?? '', node: isMember ? this.#context.hello().node : '' }
    this.#outflow.write(encodeNodeFrame(frameKind.bye, encodeBye(bye)))
    this.#endSoon()
    this.#finish(end)
  }

  #endSoon(): void {
    this.#socket.end()
    this.#context.scheduler.after(LAST_WORD_MS, () => this.#socket.destroy())
  }

  /** Ends it at once. */
  cut(end: ConnectionEnd): void {
    this.#isListening = false
    this.#socket.destroy()
    this.#finish(end)
  }

  /** Looks after it, once a second or so. */
  tend(nowMs: number): void {
    const { limits } = this.#context
    if (this.#peer === undefined) {
      if (nowMs - this.openedAtMs >= limits.handshakeMsMax) {
        this.close({ code: 'TRANSPORT_HANDSHAKE_TIMEOUT', detail: 'it did not say who it is in time' })
      }
    } else if (nowMs - this.#receivedAtMs >= limits.silentMsMax) {
      this.cut({ code: 'TRANSPORT_SILENT', detail: 'nothing came from it' })
    } else if (this.#outflow.stalledMs(nowMs) >= limits.stalledMsMax) {
      this.cut({ code: 'TRANSPORT_STALLED', detail: 'it takes nothing' })
    } else if (nowMs - this.#messageAtMs >= limits.idleMsMax) {
      this.close()
    } else if (nowMs - this.#outflow.writtenAtMs >= limits.pingMs) {
      this.#outflow.write(encodeNodeFrame(frameKind.ping, new Uint8Array(0)))
    }
  }

  /** This process stood still: what came meanwhile was not read yet, so nobody was silent. */
  excuse(nowMs: number): void {
    this.#receivedAtMs = nowMs
  }

  #listen(stream: Duplex): void {
    const socket = this.#socket
    const failed = (error: Error): void => this.cut(this.#failure(error))
    socket.on('error', failed)
    // What lies below is closed with it; what it has to say has been said above.
    stream.on('error', (error) => socket.destroy(error))
    stream.on('close', () => socket.destroy())
    socket.on(this.role === 'dialled' ? 'secureConnect' : 'secure', () => this.#secured())
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk))
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      stream.destroy()
      this.#finish(this.#failure(undefined))
    })
  }

  #failure(error: Error | undefined): ConnectionEnd {
    const code = (error as { readonly code?: unknown } | undefined)?.code
    const isTls = typeof code === 'string' && /^ERR_(SSL|TLS)/.test(code)
    if (isTls) return { code: 'TRANSPORT_TLS', detail: code }
    // An open connection may end; one that never stood is a dial that failed, or a stranger who left.
    const detail = typeof code === 'string' ? code : 'the connection ended'
    return this.#peer === undefined ? { code: 'TRANSPORT_UNREACHABLE', detail } : { detail }
  }

  #secured(): void {
    const refusal = this.#greeting.begin(this.#socket)
    if (refusal !== undefined) this.close({ code: refusal, detail: 'the key of the other end is not accepted' })
  }

  #receive(chunk: Uint8Array): void {
    if (!this.#isListening) return
    this.#receivedAtMs = this.#context.scheduler.nowMs()
    // One kind of bytes everywhere: a `Buffer` copies nothing when it is sliced.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
    let frames = 0
    const readable = this.#reader.push(bytes, (kind, body) => {
      frames += 1
      this.#take(kind, body)
      return this.#isListening
    })
    if (!readable) this.close({ code: 'TRANSPORT_TOO_LARGE', detail: 'a frame is longer than it may be' })
    else if (this.#intake.count(frames, chunk.length)) this.#context.flooded(this)
  }

  #take(kind: number, body: Uint8Array): void {
    try {
      if (kind === frameKind.bye) this.#takeBye(body)
      else if (this.#peer === undefined) this.#greet(kind, body)
      else if (kind === frameKind.message) this.#message(body)
      else if (kind !== frameKind.ping || body.length > 0) {
        throw new TransportError('TRANSPORT_MALFORMED', `a frame of kind ${kind} has no place here`)
      }
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      this.close({ code: error.code as TransportRefusal, detail: error.message })
    }
  }

  #greet(kind: number, body: Uint8Array): void {
    const greeted = this.#greeting.take(kind, body)
    if (greeted === undefined) return
    const { peer, refusal } = greeted
    this.#peer = peer
    this.#reader.bytesMax = this.#context.limits.messageBytesMax
    if (refusal === undefined) this.#context.opened(this)
    else if (refusal === 'TRANSPORT_DUPLICATE' && this.role === 'dialled') this.retire({ code: refusal, detail: '' })
    else this.close({ code: refusal, detail: 'it has proved who it is' })
  }

  #message(body: Uint8Array): void {
    this.#messageAtMs = this.#receivedAtMs
    this.#context.message(this, body)
  }

  #takeBye(body: Uint8Array): void {
    const { code, node } = decodeBye(body)
    this.#isListening = false
    this.#endSoon()
    this.#finish({ detail: 'said by the other end', saidBy: node, ...(code !== '' && { code }) })
  }

  #finish(end: ConnectionEnd): void {
    if (this.#closed) return
    this.#closed = true
    this.#intake.stop()
    this.#context.closed(this, end)
  }
}
