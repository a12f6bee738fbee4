/** What comes in over a connection, no faster than it may: what is too much stays with who sends it. */
import type { Duplex } from 'node:stream'
import { type Scheduler, TokenBucket } from '@joinery/sync'
import type { NodeTransportLimits } from './limits.ts'

/** Who sends too much is told of so often. */
const TOLD_MS = 10_000

export class Intake {
  readonly #stream: Duplex
  readonly #scheduler: Scheduler
  readonly #messages: TokenBucket
  readonly #bytes: TokenBucket
  #cancel: (() => void) | undefined
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(stream: Duplex, scheduler: Scheduler, limits: NodeTransportLimits) {
    const { receivedMessagesPerSecondMax: messages, receivedBytesPerSecondMax: bytes } = limits
    const nowMs = scheduler.nowMs()
    this.#stream = stream
    this.#scheduler = scheduler
    this.#messages = new TokenBucket(messages, messages, nowMs)
    this.#bytes = new TokenBucket(bytes, bytes, nowMs)
  }

  /** Counts what came, and reads nothing more for a while where it was too much. Answers true where that is to be told. */
  count(messages: number, bytes: number): boolean {
    this.#messages.spend(messages)
    this.#bytes.spend(bytes)
    const nowMs = this.#scheduler.nowMs()
    const waitMs = Math.max(this.#messages.take(nowMs), this.#bytes.take(nowMs))
    if (waitMs === 0 || this.#cancel !== undefined) return false
    this.#stream.pause()
    this.#cancel = this.#scheduler.after(waitMs, () => {
      this.#cancel = undefined
      this.#stream.resume()
    })
    if (nowMs - this.#toldAtMs < TOLD_MS) return false
    this.#toldAtMs = nowMs
    return true
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    // What still comes is thrown away, so that the end of the stream is seen.
    this.#stream.resume()
  }
}
