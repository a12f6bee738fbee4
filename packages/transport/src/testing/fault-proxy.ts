/** A way between two ends that can be bad: TCP passed on with delay, held back in one direction, or reset. For tests of what lies above. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Towards the target, or back from it. */
export type Direction = 'there' | 'back'

export interface FaultProxy {
  readonly port: number
  /** Bytes that come from now on take so long, each way. */
  delay(ms: number): void
  /**
   * What goes in this direction is held back, on connections that stand and on new ones, until it is let through again: as where
   * packets are lost and sent again.
   */
  hold(direction: Direction): void
  release(): void
  /** Ends all connections as when one end has lost them. Answers how many there were. */
  reset(): number
  close(): Promise<void>
}

/** Listens on a free port of this machine and passes on to another one. */
export async function openFaultProxy(target: number): Promise<FaultProxy> {
  const ways = new Set<Way>()
  const held = new Set<Direction>()
  let delayMs = 0
  const server: Server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    const both = [new Way(near, far, 'there', () => delayMs), new Way(far, near, 'back', () => delayMs)]
    for (const way of both) {
      ways.add(way)
      if (held.has(way.direction)) way.hold()
    }
    const end = (): void => {
      for (const way of both) ways.delete(way)
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    delay(ms) {
      delayMs = ms
    },
    hold(direction) {
      held.add(direction)
      for (const way of ways) if (way.direction === direction) way.hold()
    },
    release() {
      held.clear()
      for (const way of ways) way.release()
    },
    reset() {
      const all = [...ways]
      for (const { from } of all) from.resetAndDestroy()
      return all.length / 2
    },
    close() {
      for (const { from } of ways) from.destroy()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}

/** What can be wrong with a way. */
export type Trouble = 'reset' | 'delayed' | 'held'

export interface TroubleOptions {
  /** Below a bound. */
  readonly random: { below(bound: number): number }
  readonly delayMsMax: number
  readonly heldMsMax: number
}

/** Does harm to a way: a delay stays, what is held back is let through again. Answers how often it was done. */
export async function makeTrouble(
  proxy: FaultProxy,
  trouble: Trouble,
  { random, delayMsMax, heldMsMax }: TroubleOptions,
): Promise<number> {
  switch (trouble) {
    case 'reset':
      return proxy.reset()
    case 'delayed':
      proxy.delay(random.below(delayMsMax))
      return 1
    case 'held':
      proxy.hold(random.below(2) === 0 ? 'there' : 'back')
      await new Promise((resolve) => void setTimeout(resolve, heldMsMax / 5 + random.below(0.8 * heldMsMax)))
      proxy.release()
      return 1
  }
}

/** One direction of one connection. */
class Way {
  readonly from: Socket
  readonly direction: Direction
  readonly #to: Socket
  readonly #delayMs: () => number
  /** What is on its way, in order. */
  #last: Promise<void> = Promise.resolve()

  constructor(from: Socket, to: Socket, direction: Direction, delayMs: () => number) {
    this.from = from
    this.direction = direction
    this.#to = to
    this.#delayMs = delayMs
    from.on('data', (chunk) => this.#pass(() => to.write(chunk)))
    from.on('end', () => this.#pass(() => to.end()))
  }

  hold(): void {
    this.from.pause()
  }

  release(): void {
    this.from.resume()
  }

  #pass(deliver: () => void): void {
    const ms = this.#delayMs()
    const due = new Promise<void>((resolve) => (ms === 0 ? resolve() : void setTimeout(resolve, ms)))
    this.#last = this.#last.then(() => due).then(() => void (this.#to.destroyed || deliver()))
  }
}
