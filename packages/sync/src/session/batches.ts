/**
 * The batches of changes that come in on one connection: put together, handed to their documents, and acknowledged. What was
 * stored in one turn is acknowledged by one frame per document.
 */
import { Assembly } from './assembly.ts'
import type { Channel } from './channel.ts'
import type { Changes, Frame, Upload } from './frames.ts'
import type { SessionLimits } from './limits.ts'
import type { Principal, Verdict } from './ports.ts'
import { SessionRefusal } from './refusal.ts'

/** What batches ask of their session. */
export interface BatchOwner {
  readonly limits: SessionLimits
  send(frame: Frame): void
  refuse(refused: RefusedBatch, error: unknown): void
  /** Something waits for `flush`. */
  wake(): void
  /** The connection cannot go on. */
  fail(error: unknown): void
}

export interface RefusedBatch {
  /** The document; for batch 0 the number of the request to subscribe. */
  readonly handle: number
  readonly batch: number
  /** Changes of the batch, from its start, that are stored. */
  readonly accepted: number
}

/** The batches of one document on one connection. */
interface Series {
  readonly channel: Channel
  readonly type: string
  /** The last batch that came in. */
  batch: number
  /** The last batch that was stored, and the version of the log with it. */
  stored: number
  version: number
}

/** A batch whose fate is open. */
interface SentBatch {
  readonly batch: number
  /** How often the client had begun again when it came. */
  readonly restarts: number
}

export class Batches {
  readonly #owner: BatchOwner
  readonly #series = new Map<number, Series>()
  readonly #unacked = new Set<Series>()
  #upload: Assembly | undefined

  constructor(owner: BatchOwner) {
    this.#owner = owner
  }

  /** Takes batches of a document from now on. */
  begin(channel: Channel, type: string): void {
    this.#series.set(channel.handle, { channel, type, batch: 0, stored: 0, version: 0 })
  }

  end(handle: number): void {
    const series = this.#series.get(handle)
    if (series === undefined) return
    this.#series.delete(handle)
    this.#unacked.delete(series)
  }

  /** Takes a part of a batch. Throws `SessionRefusal`. */
  uploadPart(frame: Upload, principal: Principal): void {
    const name = `${frame.handle}/${frame.batch}`
    this.#upload ??= new Assembly(name, frame.total, this.#owner.limits.batchBytesMax)
    if (this.#upload.name !== name) throw new SessionRefusal('malformed', 'one batch comes in parts at a time')
    this.#upload.add(frame)
    if (!this.#upload.isWhole) return
    const { bytes } = this.#upload
    this.#upload = undefined
    this.changes(frame, bytes, principal)
  }

  /** Takes a batch. Its payload is kept. Throws `SessionRefusal`. */
  changes(frame: Omit<Changes, 'kind'>, payload: Uint8Array, principal: Principal): void {
    const series = this.#series.get(frame.handle)
    if (series === undefined) return
    const { channel, type } = series
    const { handle, batch } = frame
    if (batch !== series.batch + 1) throw new SessionRefusal('malformed', 'batches count from 1 without gap')
    series.batch = batch
    if (frame.restart) {
      channel.broken = false
      channel.restarts += 1
    }
    if (channel.broken) return
    if (frame.tellReceived) this.#owner.send({ kind: 'ack', handle, batch, level: 'received', version: 0 })
    const { restarts } = channel
    channel.document.submit({ principal, source: channel, type, payload }).then(
      (verdict) => this.#settle(series, { batch, restarts }, verdict),
      (error: unknown) => this.#owner.fail(error),
    )
  }

  #settle(series: Series, { batch, restarts }: SentBatch, { accepted, version, refusal }: Verdict): void {
    const { channel } = series
    const { handle } = channel
    if (this.#series.get(handle) !== series) return
    if (refusal === undefined) {
      series.stored = batch
      series.version = version
      this.#unacked.add(series)
      this.#owner.wake()
      return
    }
    // The client has voided what was under way behind a refusal, and may have begun again since.
    if (channel.broken || channel.restarts !== restarts) return
    this.flush()
    channel.broken = true
    this.#owner.refuse({ handle, batch, accepted }, refusal)
  }

  /** Tells the client what is stored. */
  flush(): void {
    for (const { channel, stored, version } of this.#unacked) {
      this.#owner.send({ kind: 'ack', handle: channel.handle, batch: stored, level: 'stored', version })
    }
    this.#unacked.clear()
  }
}
