/** What leaves over a connection: frames of one turn go together, and what is not taken shows. */
import type { Duplex } from 'node:stream'

export class Outflow {
  readonly #stream: Duplex
  readonly #nowMs: () => number
  #corked = false
  /** When something was last taken, or began to wait. */
  #movedAtMs: number
  #writtenAtMs: number

  constructor(stream: Duplex, nowMs: () => number) {
    this.#stream = stream
    this.#nowMs = nowMs
    this.#movedAtMs = nowMs()
    this.#writtenAtMs = this.#movedAtMs
  }

  get waitingBytes(): number {
    return this.#stream.writableLength
  }

  get writtenAtMs(): number {
    return this.#writtenAtMs
  }

  /** How long nothing was taken of what waits. */
  stalledMs(nowMs: number): number {
    return this.waitingBytes === 0 ? 0 : nowMs - this.#movedAtMs
  }

  write(frame: Uint8Array): void {
    const stream = this.#stream
    if (stream.writableEnded || stream.destroyed) return
    this.#writtenAtMs = this.#nowMs()
    if (stream.writableLength === 0) this.#movedAtMs = this.#writtenAtMs
    if (!this.#corked) {
      this.#corked = true
      stream.cork()
      process.nextTick(() => {
        this.#corked = false
        stream.uncork()
      })
    }
    stream.write(frame, () => {
      this.#movedAtMs = this.#nowMs()
    })
  }
}
