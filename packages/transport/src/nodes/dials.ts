/** Whom a transport dials, and when it does so again. */
import type { Scheduler } from '@joinery/sync'
import type { NodeConnection } from './connection.ts'
import type { NodeTransportLimits } from './limits.ts'

/** One address. */
export interface Dial {
  readonly address: string
  /** To be connected as long as the transport is open. */
  permanent: boolean
  /** Who answered there last. */
  node: string | undefined
  connection: NodeConnection | undefined
  failures: number
  /** Takes back the next attempt. While it is there nobody dials. */
  cancel: (() => void) | undefined
}

export interface DialsOptions {
  readonly scheduler: Scheduler
  /** An integer from 0 to before `bound`. */
  readonly random: (bound: number) => number
  readonly limits: NodeTransportLimits
  /** Opens a connection; undefined where there may be none now. */
  readonly connect: (address: string) => NodeConnection | undefined
  /** True where a node is connected already. */
  readonly isLinked: (node: string) => boolean
}

export class Dials {
  readonly #options: DialsOptions
  readonly #byAddress = new Map<string, Dial>()

  constructor(options: DialsOptions) {
    this.#options = options
  }

  /** Keeps a connection to who is there. */
  keep(address: string): void {
    const dial = this.#of(address)
    if (dial.permanent) return
    dial.permanent = true
    this.#attempt(dial)
  }

  /** Dials once. Answers true while that is under way. */
  reach(address: string): boolean {
    const dial = this.#of(address)
    if (dial.connection === undefined && dial.cancel === undefined) this.#attempt(dial)
    return dial.connection !== undefined
  }

  /** A connection that was dialled stands. */
  reached(connection: NodeConnection, node: string): void {
    const dial = this.#dialOf(connection)
    if (dial === undefined) return
    dial.node = node
    dial.failures = 0
  }

  /** A connection has ended. `node` is who was there, as far as that is known. */
  ended(connection: NodeConnection, node: string | undefined): void {
    const dial = this.#dialOf(connection)
    if (dial === undefined) return
    dial.connection = undefined
    dial.node = node ?? dial.node
    this.#again(dial)
  }

  /** A node is not connected any more: whoever is to be connected always is dialled again. */
  lost(node: string): void {
    for (const dial of this.#byAddress.values()) {
      if (dial.permanent && dial.node === node && dial.connection === undefined && dial.cancel === undefined) {
        this.#again(dial)
      }
    }
  }

  close(): void {
    for (const { cancel } of this.#byAddress.values()) cancel?.()
    this.#byAddress.clear()
  }

  #of(address: string): Dial {
    const known = this.#byAddress.get(address)
    if (known !== undefined) return known
    if (this.#byAddress.size >= this.#options.limits.addressesMax) this.#forgetOne()
    const dial: Dial = {
      address,
      permanent: false,
      node: undefined,
      connection: undefined,
      failures: 0,
      cancel: undefined,
    }
    this.#byAddress.set(address, dial)
    return dial
  }

  #forgetOne(): void {
    for (const [address, dial] of this.#byAddress) {
      if (dial.permanent || dial.connection !== undefined) continue
      dial.cancel?.()
      this.#byAddress.delete(address)
      return
    }
  }

  #dialOf(connection: NodeConnection): Dial | undefined {
    const dial = this.#byAddress.get(connection.remote)
    return dial?.connection === connection ? dial : undefined
  }

  #attempt(dial: Dial): void {
    dial.cancel = undefined
    const { connect, isLinked } = this.#options
    // It is connected already, by a dial of its own or at another address; `lost` goes on from here.
    if (dial.node !== undefined && isLinked(dial.node)) return
    dial.connection = connect(dial.address)
    if (dial.connection === undefined) this.#again(dial)
  }

  /** Waits longer from time to time, and never as long as others who lost the same node at the same moment. */
  #again(dial: Dial): void {
    const { scheduler, random, limits } = this.#options
    const most = Math.min(limits.redialMsMax, limits.redialMsMin * 2 ** Math.min(dial.failures, 30))
    const waitMs = Math.ceil(most / 2) + random(Math.max(1, Math.floor(most / 2)))
    dial.failures += 1
    dial.cancel = scheduler.after(waitMs, () => {
      dial.cancel = undefined
      if (dial.permanent) this.#attempt(dial)
    })
  }
}
