/** A stream of events that is no faster than its reader: what does not fit is dropped, and made up for when there is room. */
import type { Scheduler } from '@joinery/sync'

/** Takes a frame; `last` ends the stream. */
type Take = (frame: string, last: boolean) => void
/** Begins to tell of events; answers what ends it. */
type Begin = (take: Take) => Promise<() => void>

export interface EventStreamOptions {
  /** Begins again from the whole. */
  readonly catchUp: Begin
  readonly scheduler: Scheduler
  readonly heartbeatMs: number
  /** Counts the stream until what it answers is called. */
  readonly stay: () => () => void
  /** Any of them ends the stream: the reader has gone, the server goes. */
  readonly ends: readonly AbortSignal[]
  /** Tells, with the last frame to send, when the reader has no right to it any more; answers what ends that. */
  readonly hold: (onEnd: (frame: string) => void) => () => void
}

/** Bytes that wait for a reader, at most, beside the event that is larger alone. */
const WAITING_BYTES_MAX = 262_144

class EventSource {
  readonly #options: EventStreamOptions
  readonly #encoder = new TextEncoder()
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #stop: (() => void) | undefined
  #behind = false
  #restarting = false
  #ended = false
  #cancelHeartbeat: (() => void) | undefined
  readonly finished: Promise<void>
  #finish: () => void = () => {}

  constructor(options: EventStreamOptions) {
    this.#options = options
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller
    const { stay, ends, hold } = this.#options
    const end = (): void => this.end()
    const leave = stay()
    for (const signal of ends) signal.addEventListener('abort', end)
    const letGo = hold((frame) => this.#endWith(frame))
    void this.finished.then(() => {
      leave()
      letGo()
      for (const signal of ends) signal.removeEventListener('abort', end)
    })
    if (ends.some(({ aborted }) => aborted)) this.end()
    else this.#beat()
  }

  /** There is room. */
  pull(): void {
    if (!this.#behind || this.#restarting) return
    this.#restarting = true
    this.#stop?.()
    this.#behind = false
    this.begin(this.#options.catchUp).then(
      () => {
        this.#restarting = false
      },
      () => this.end(),
    )
  }

  cancel(): void {
    this.end()
  }

  async begin(begin: Begin): Promise<void> {
    this.#stop = await begin(this.take)
    if (this.#ended) this.#stop()
  }

  readonly take: Take = (frame, last) => {
    if (this.#ended || this.#behind) return
    // Only who has missed something is told the whole again.
    if (!last && !this.#hasRoom) {
      this.#behind = true
      return
    }
    this.#controller?.enqueue(this.#encoder.encode(frame))
    if (last) this.end()
  }

  get #hasRoom(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0
  }

  /** Sent however much waits already: nothing comes after it. */
  #endWith(frame: string): void {
    if (this.#ended) return
    this.#controller?.enqueue(this.#encoder.encode(frame))
    this.end()
  }

  #beat(): void {
    const { scheduler, heartbeatMs } = this.#options
    this.#cancelHeartbeat = scheduler.after(heartbeatMs, () => {
      if (this.#hasRoom) this.take(': still here\n\n', false)
      this.#beat()
    })
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelHeartbeat?.()
    this.#stop?.()
    this.#finish()
    try {
      this.#controller?.close()
    } catch {
      // The reader has closed it already.
    }
  }
}

/** Rejects with what `begin` refuses, before anything is sent. */
export async function eventStream(begin: Begin, options: EventStreamOptions): Promise<ReadableStream<Uint8Array>> {
  const source = new EventSource(options)
  const stream = new ReadableStream(source, new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES_MAX }))
  try {
    await source.begin(begin)
  } catch (error) {
    source.end()
    throw error
  }
  return stream
}
