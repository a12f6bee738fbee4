/**
 * The server's end of connections over plain HTTP requests; see `http-link.ts`. Frames that were handed over wait here until they are
 * asked for, and count as waiting until then, so that a client that does not ask is treated like one that does not read.
 */
import type { Link, LinkClose, Scheduler } from '@joinery/sync'
import { framedBytes, joinFrames, splitFrames } from './framing.ts'
import { bodyBytesMax, closeMsMax, linkIdleMsMax } from './limits.ts'
import type { LinkEvents } from './websocket-server.ts'

/** @typeParam E what is told of a connection, and whatever else the host knows of it. */
export interface HttpLinksOptions<E extends LinkEvents = LinkEvents> {
  /** A name that nobody can guess. */
  readonly newName: () => string
  readonly scheduler: Scheduler
  readonly frameBytesMax: number
  /** Connections at a time: no socket of their own bounds them. */
  readonly linksMax: number
  readonly onConnection: (link: Link) => E
}

/** All connections of this kind. */
export class HttpLinks<E extends LinkEvents = LinkEvents> {
  readonly #options: HttpLinksOptions<E>
  readonly #links = new Map<string, HttpLinkEnd<E>>()

  constructor(options: HttpLinksOptions<E>) {
    this.#options = options
  }

  get size(): number {
    return this.#links.size
  }

  /** Begins a connection; undefined while there are as many as there may be. */
  open(): HttpLinkEnd<E> | undefined {
    if (this.#links.size >= this.#options.linksMax) return undefined
    const name = this.#options.newName()
    const link = new HttpLinkEnd(name, this.#options, () => this.#links.delete(name))
    this.#links.set(name, link)
    return link
  }

  /** Undefined when there is none, or none any more. */
  find(name: string): HttpLinkEnd<E> | undefined {
    return this.#links.get(name)
  }

  /** Ends all at once. */
  terminate(): void {
    for (const link of [...this.#links.values()]) link.drop()
  }
}

export class HttpLinkEnd<E extends LinkEvents = LinkEvents> implements Link {
  readonly name: string
  readonly events: E
  waitingBytes = 0
  readonly #options: HttpLinksOptions<E>
  readonly #forget: () => void
  #queue: Uint8Array[] = []
  #cancelIdle: () => void = () => {}
  /** Answers the request that waits. */
  #wake: (() => void) | undefined
  #closing = false
  #gone = false

  constructor(name: string, options: HttpLinksOptions<E>, forget: () => void) {
    this.name = name
    this.#options = options
    this.#forget = forget
    this.events = options.onConnection(this)
    this.#watchIdle()
  }

  send(frame: Uint8Array): void {
    if (this.#closing || this.#gone) return
    this.#queue.push(frame)
    this.waitingBytes += frame.length
    this.#wake?.()
  }

  close(_code: LinkClose): void {
    if (this.#closing || this.#gone) return
    this.#closing = true
    this.#wake?.()
    this.#cancelIdle()
    this.#cancelIdle = this.#options.scheduler.after(closeMsMax, () => this.drop())
  }

  drop(): void {
    if (this.#gone) return
    this.#gone = true
    this.#cancelIdle()
    this.#forget()
    this.#queue = []
    this.waitingBytes = 0
    this.#wake?.()
    // Whoever drops a connection need not be told in the middle of it.
    this.#options.scheduler.soon(() => this.events.closed())
  }

  /** Takes the body of a request. False when it is malformed: the connection has ended then. */
  receive(body: Uint8Array): boolean {
    const framed = splitFrames(body, this.#options.frameBytesMax)
    if (framed === undefined) {
      this.drop()
      return false
    }
    this.#watchIdle()
    for (const frame of framed.frames) {
      if (this.#closing || this.#gone) break
      this.events.receive(frame)
    }
    return true
  }

  /**
   * What is to be sent, as a body: as soon as there is something, or empty after `waitMs`, or once the caller has gone. Of two that wait
   * the earlier is answered with nothing: its client has given it up.
   */
  async take(waitMs: number, gone: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    this.#wake?.()
    if (this.#queue.length === 0 && !this.#closing && !this.#gone) await this.#news(waitMs, gone)
    this.#watchIdle()
    if (gone.aborted) return joinFrames([])
    const frames = this.#takeSome()
    const ended = this.#gone || (this.#closing && this.#queue.length === 0)
    if (ended) this.drop()
    else if (frames.length > 0 && this.#queue.length === 0) this.#options.scheduler.soon(() => this.events.drained())
    return joinFrames(frames, ended)
  }

  #takeSome(): Uint8Array[] {
    let bytes = 0
    let count = 0
    for (const frame of this.#queue) {
      bytes += framedBytes(frame)
      if (count > 0 && bytes > bodyBytesMax) break
      count += 1
      this.waitingBytes -= frame.length
    }
    return this.#queue.splice(0, count)
  }

  #news(waitMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      // A client whose request waits is there.
      this.#cancelIdle()
      const wake = (): void => {
        cancel()
        gone.removeEventListener('abort', wake)
        if (this.#wake === wake) this.#wake = undefined
        resolve()
      }
      const cancel = this.#options.scheduler.after(waitMs, wake)
      gone.addEventListener('abort', wake)
      this.#wake = wake
    })
  }

  /** Ends the connection of a client that asks for nothing any more; one whose request waits does. */
  #watchIdle(): void {
    if (this.#closing || this.#gone || this.#wake !== undefined) return
    this.#cancelIdle()
    this.#cancelIdle = this.#options.scheduler.after(linkIdleMsMax, () => this.drop())
  }
}
