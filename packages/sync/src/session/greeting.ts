/** How a connection begins: the first frame says who is there, and what comes before the answer waits. */
import { type Hello, knownFeatures, protocolVersions } from './frames.ts'
import type { SessionLimits } from './limits.ts'
import type { Principal } from './ports.ts'
import { SessionRefusal } from './refusal.ts'

export class Greeting {
  readonly #limits: SessionLimits
  /** The newest version of the protocol that is spoken here. */
  readonly #newest: number
  #version: number = protocolVersions.oldest
  #hello: Hello | undefined
  #principal: Principal | undefined
  #early: Uint8Array[] = []
  #earlyBytes = 0

  constructor(limits: SessionLimits, newest: number) {
    this.#limits = limits
    this.#newest = newest
  }

  /** The version that both sides speak. */
  get version(): number {
    return this.#version
  }

  /** Who is there, once the host has said so. */
  get principal(): Principal | undefined {
    return this.#principal
  }

  /** Whether the client has said who it is, and the host has not answered yet. */
  get isPending(): boolean {
    return this.#hello !== undefined && this.#principal === undefined
  }

  /** Throws `SessionRefusal`. */
  begin(hello: Hello): void {
    if (this.#hello !== undefined) throw new SessionRefusal('malformed', 'hello comes once')
    this.#hello = hello
    const [min, max] = hello.versions
    const { oldest } = protocolVersions
    if (min > this.#newest || max < oldest || (hello.features & ~knownFeatures) !== 0) {
      throw new SessionRefusal('unsupported_version', `this server speaks versions ${oldest} to ${this.#newest}`)
    }
    this.#version = Math.min(max, this.#newest)
  }

  /** A client need not wait to be welcomed; until it is, what it sends waits. Throws `SessionRefusal`. */
  keep(bytes: Uint8Array): void {
    this.#earlyBytes += bytes.length
    if (this.#earlyBytes > this.#limits.frameBytesMax) {
      throw new SessionRefusal('payload_too_large', 'more than a frame before the welcome')
    }
    this.#early.push(bytes.slice())
  }

  admitted(principal: Principal): void {
    this.#principal = principal
  }

  /** What waited, in order. */
  takeEarly(): readonly Uint8Array[] {
    return this.#early.splice(0)
  }
}
