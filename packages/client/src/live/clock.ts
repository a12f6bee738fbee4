/**
 * The server's time, as far as it is known: the clock of the device, corrected where the server's differs by more than a slow network
 * explains. Kept in the storage, so that what is written before the next connection has a believable time.
 */
import type { Store } from '@joinery/sync'
import type { Host } from '../host.ts'
import type { LiveLimits } from './limits.ts'
import { CLOCK_NAME } from './records.ts'

export class ServerClock {
  readonly #host: Host
  readonly #toleranceMs: number
  #offsetMs = 0
  #store: Store | undefined
  #known = false

  constructor(host: Host, { clockToleranceMs }: LiveLimits) {
    this.#host = host
    this.#toleranceMs = clockToleranceMs
  }

  readonly nowMs = (): number => this.#host.nowMs() + this.#offsetMs

  /** Goes on with what the storage has, unless the server said so first. */
  async resume(store: Store): Promise<void> {
    this.#store = store
    const kept = Number((await store.value(CLOCK_NAME)) ?? 0)
    if (!this.#known && Number.isSafeInteger(kept)) this.#offsetMs = kept
    else this.#keep()
  }

  /** Takes note of what time it is at the server, microseconds since 1970. */
  observe(serverMicros: number): void {
    this.#known = true
    const apart = Math.round(serverMicros / 1000 - this.#host.nowMs())
    const offsetMs = Math.abs(apart) <= this.#toleranceMs ? 0 : apart
    // What differs by the time that frames take is the same.
    if (Math.abs(offsetMs - this.#offsetMs) <= this.#toleranceMs && (offsetMs === 0) === (this.#offsetMs === 0)) return
    this.#offsetMs = offsetMs
    this.#keep()
  }

  /** A correction that is lost is made again at the next connection. */
  #keep(): void {
    this.#store?.setValue(CLOCK_NAME, String(this.#offsetMs)).catch(() => {})
  }
}
