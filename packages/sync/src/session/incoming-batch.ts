/** A batch that comes in parts, not slower than it may: what it holds is held back from others. */
import { Assembly } from './assembly.ts'
import type { Upload } from './frames.ts'
import type { SessionLimits } from './limits.ts'
import type { Scheduler } from './ports.ts'
import { SessionRefusal } from './refusal.ts'

export interface IncomingBatchOptions {
  readonly limits: SessionLimits
  readonly scheduler: Scheduler
  /** It comes too slowly. */
  readonly onLate: (error: SessionRefusal) => void
}

export class IncomingBatch {
  readonly #assembly: Assembly
  readonly #options: IncomingBatchOptions
  readonly #startedMs: number
  #cancel: () => void = () => {}

  constructor({ handle, batch, total }: Upload, options: IncomingBatchOptions) {
    this.#assembly = new Assembly(`${handle}/${batch}`, total, options.limits.batchBytesMax)
    this.#options = options
    this.#startedMs = options.scheduler.nowMs()
    this.#watch()
  }

  get isWhole(): boolean {
    return this.#assembly.isWhole
  }

  get bytes(): Uint8Array {
    return this.#assembly.bytes
  }

  /** Throws `SessionRefusal` (`malformed`) for a part that is not the next one. */
  add(part: Upload): void {
    this.#assembly.add(part)
  }

  /** It is whole, or nobody waits for it any more. */
  stop(): void {
    this.#cancel()
  }

  /** The more has come, the later the rest is due. */
  #watch(): void {
    const { limits, scheduler, onLate } = this.#options
    const { uploadStartMsMax, uploadBytesPerSecondMin } = limits
    const dueMs = this.#startedMs + uploadStartMsMax + (this.#assembly.offset * 1000) / uploadBytesPerSecondMin
    const left = Math.ceil(dueMs - scheduler.nowMs())
    if (left > 0) this.#cancel = scheduler.after(left, () => this.#watch())
    else onLate(new SessionRefusal('timeout', 'a batch in parts comes too slowly'))
  }
}
