/**
 * The batches of changes that come in on one connection: put together, handed to their documents, and acknowledged. What was
 * stored in one turn is acknowledged by one frame per document. What has arrived and is not stored counts against a budget that
 * all connections share.
 */
import type { Budget } from './budget.ts'
import type { Channel } from './channel.ts'
import { type Packer, unpackedLength } from './compression.ts'
import type { Changes, Frame, Upload } from './frames.ts'
import { IncomingBatch } from './incoming-batch.ts'
import type { SessionLimits } from './limits.ts'
import type { Principal, Scheduler, Verdict } from './ports.ts'
import { SessionRefusal } from './refusal.ts'

/** What batches ask of their session. */
export interface BatchOwner {
  readonly limits: SessionLimits
  readonly scheduler: Scheduler
  /** Bytes that all connections may have brought and not seen stored. */
  readonly pending: Budget
  /** Present where the client may send deflated payloads. */
  readonly packer: Packer | undefined
  /** So many bytes were inflated for the client. */
  inflated(bytes: number): void
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
  /** Parts of the last batch are passed over: it was refused before it was whole. */
  isPassedOver: boolean
  /** The last batch that was stored, and the version of the log with it. */
  stored: number
  version: number
}

/** A batch whose fate is open. */
interface SentBatch {
  readonly series: Series
  readonly batch: number
  /** How often the client had begun again when it came. */
  readonly restarts: number
  readonly tellReceived: boolean
  readonly principal: Principal
  /** Gives back what it takes of the budget. */
  readonly release: () => void
}

/** A batch that comes in parts. */
interface BatchInParts extends SentBatch {
  readonly parts: IncomingBatch
}

type BatchHead = Omit<Changes, 'kind' | 'payload'>

export class Batches {
  readonly #owner: BatchOwner
  readonly #series = new Map<number, Series>()
  readonly #unacked = new Set<Series>()
  #incoming: BatchInParts | undefined

  constructor(owner: BatchOwner) {
    this.#owner = owner
  }

  /** Takes batches of a document from now on. */
  begin(channel: Channel, type: string): void {
    const series = { channel, type, batch: 0, isPassedOver: false, stored: 0, version: 0 }
    this.#series.set(channel.handle, series)
  }

  end(handle: number): void {
    const series = this.#series.get(handle)
    if (series === undefined) return
    this.#series.delete(handle)
    this.#unacked.delete(series)
    this.#dropIncoming(series)
  }

  /** Takes a batch whose bytes belong to the transport. Throws `SessionRefusal`. */
  changes(frame: Changes, principal: Principal): void {
    const sent = this.#accept(frame, this.#lengthOf(frame.payload), principal)
    if (sent === undefined) return
    const payload = this.#unpacked(sent, frame.payload)
    this.#submit(sent, payload === frame.payload ? payload.slice() : payload)
  }

  /** How long a payload is, or will be. Throws `SessionRefusal`. */
  #lengthOf(payload: Uint8Array): number {
    if (this.#owner.packer === undefined) return payload.length
    const length = unpackedLength(payload)
    const { batchBytesMax } = this.#owner.limits
    if (length <= batchBytesMax) return length
    throw new SessionRefusal('payload_too_large', `at most ${batchBytesMax} bytes, not ${length}`)
  }

  /** The payload as it was; where it cannot be read nothing is held for it any more. Throws `SessionRefusal`. */
  #unpacked({ release }: SentBatch, payload: Uint8Array): Uint8Array {
    const { packer, limits } = this.#owner
    try {
      const bytes = packer?.unpack(payload, limits.batchBytesMax) ?? payload
      if (bytes !== payload) this.#owner.inflated(bytes.length)
      return bytes
    } catch (error) {
      release()
      throw error
    }
  }

  /** Takes a part of a batch. Throws `SessionRefusal`. */
  uploadPart(frame: Upload, principal: Principal): void {
    const series = this.#series.get(frame.handle)
    if (series === undefined || (series.isPassedOver && series.batch === frame.batch)) return
    this.#incoming ??= this.#beginParts(series, frame, principal)
    const incoming = this.#incoming
    if (incoming === undefined) return
    if (incoming.series !== series || incoming.batch !== frame.batch) {
      throw new SessionRefusal('malformed', 'one batch comes in parts at a time')
    }
    incoming.parts.add(frame)
    if (!incoming.parts.isWhole) return
    this.#incoming = undefined
    incoming.parts.stop()
    this.#submitWhole(incoming)
  }

  /** What came in parts may become more than was announced. */
  #submitWhole(sent: BatchInParts): void {
    const { bytes } = sent.parts
    sent.release()
    const release = this.#owner.pending.take(sent.principal.tenant, Math.max(bytes.length, this.#lengthOf(bytes)))
    if (release === undefined) this.#refuse(sent.series, 0, this.#tooMuch())
    else this.#submit({ ...sent, release }, this.#unpacked({ ...sent, release }, bytes))
  }

  #beginParts(series: Series, frame: Upload, principal: Principal): BatchInParts | undefined {
    const { limits, scheduler } = this.#owner
    if (frame.total > limits.batchBytesMax) {
      throw new SessionRefusal('payload_too_large', `at most ${limits.batchBytesMax} bytes, not ${frame.total}`)
    }
    const sent = this.#accept(frame, frame.total, principal)
    if (sent === undefined) {
      series.isPassedOver = true
      return undefined
    }
    const onLate = (error: SessionRefusal): void => this.#owner.fail(error)
    return { ...sent, parts: new IncomingBatch(frame, { limits, scheduler, onLate }) }
  }

  #dropIncoming(series: Series): void {
    if (this.#incoming?.series !== series) return
    this.#incoming.parts.stop()
    this.#incoming.release()
    this.#incoming = undefined
    series.isPassedOver = true
  }

  /** Begins a batch; undefined for one that is passed over, or refused because too much is under way. */
  #accept(head: BatchHead, bytes: number, principal: Principal): SentBatch | undefined {
    const series = this.#series.get(head.handle)
    if (series === undefined) return undefined
    const { channel } = series
    const { batch } = head
    if (batch !== series.batch + 1 || this.#incoming?.series === series) {
      throw new SessionRefusal('malformed', 'batches count from 1 without gap, and come one after the other')
    }
    series.batch = batch
    series.isPassedOver = false
    if (head.restart) {
      channel.broken = false
      channel.restarts += 1
    }
    if (channel.broken) return undefined
    const release = this.#owner.pending.take(principal.tenant, bytes)
    if (release === undefined) {
      this.#refuse(series, 0, this.#tooMuch())
      return undefined
    }
    return { series, batch, restarts: channel.restarts, tellReceived: head.tellReceived, principal, release }
  }

  #tooMuch(): SessionRefusal {
    const { retryAfterMs } = this.#owner.limits
    return new SessionRefusal('rate_limited', 'too many bytes wait to be stored', { retryAfterMs })
  }

  #submit(sent: SentBatch, payload: Uint8Array): void {
    const { series, batch, tellReceived, principal, release } = sent
    const { channel, type } = series
    const { handle } = channel
    if (tellReceived) this.#owner.send({ kind: 'ack', handle, batch, level: 'received', version: 0 })
    channel.document.submit({ principal, source: channel, type, payload }).then(
      (verdict) => {
        release()
        this.#settle(sent, verdict)
      },
      (error: unknown) => {
        release()
        this.#owner.fail(error)
      },
    )
  }

  #settle({ series, batch, restarts }: SentBatch, { accepted, version, refusal }: Verdict): void {
    const { channel } = series
    if (this.#series.get(channel.handle) !== series) return
    if (refusal === undefined) {
      series.stored = batch
      series.version = version
      this.#unacked.add(series)
      this.#owner.wake()
      return
    }
    // The client has voided what was under way behind a refusal, and may have begun again since.
    if (channel.broken || channel.restarts !== restarts) return
    // What comes in parts behind it is void, too.
    this.#dropIncoming(series)
    this.#refuse(series, accepted, refusal, batch)
  }

  #refuse(series: Series, accepted: number, refusal: unknown, batch: number = series.batch): void {
    const { channel } = series
    this.flush()
    channel.broken = true
    this.#owner.refuse({ handle: channel.handle, batch, accepted }, refusal)
  }

  /** Tells the client what is stored. */
  flush(): void {
    for (const { channel, stored, version } of this.#unacked) {
      this.#owner.send({ kind: 'ack', handle: channel.handle, batch: stored, level: 'stored', version })
    }
    this.#unacked.clear()
  }
}
