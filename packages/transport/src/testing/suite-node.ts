/** Nodes of the suite: a transport each, and everything it told. */
import { deepStrictEqual } from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { NodeTransportLimits } from '../nodes/limits.ts'
import type { NodeTransport } from '../nodes/port.ts'

export interface SuiteTransportOptions {
  readonly node: string
  readonly region: string
  /** Where it is to be reached, as a transport before it was. */
  readonly at?: string
  readonly limits?: Partial<Pick<NodeTransportLimits, 'messageBytesMax' | 'waitingBytesMax'>>
}

/** Where the transports of one case find each other. All of its nodes may speak to each other. */
export interface SuiteNetwork {
  transport(options: SuiteTransportOptions): NodeTransport
  /** An address that looks like one, where nobody is. */
  readonly nowhere: string
}

/** One sentence of the contract. */
export interface TransportCase {
  readonly name: string
  readonly run: (bench: Bench) => Promise<void>
}

export interface Received {
  readonly from: string
  readonly bytes: Uint8Array
}

export class SuiteNode {
  readonly name: string
  readonly transport: NodeTransport
  address = ''
  readonly received: Received[] = []
  /** `+name` and `-name`, as they were told. */
  readonly told: string[] = []
  readonly refused: string[] = []

  constructor(name: string, transport: NodeTransport) {
    this.name = name
    this.transport = transport
  }

  async open(): Promise<this> {
    this.address = await this.transport.open({
      message: (from, bytes) => void this.received.push({ from, bytes }),
      connected: ({ node }) => void this.told.push(`+${node}`),
      disconnected: (node) => void this.told.push(`-${node}`),
      refused: (code) => void this.refused.push(code),
    })
    return this
  }

  knows(node: string): boolean {
    const isPeer = this.transport.peers().some((peer) => peer.node === node)
    deepStrictEqual(this.transport.reaches(node), isPeer, 'who is a peer is reached')
    return isPeer
  }

  /** What came, as text. */
  texts(): string[] {
    return this.received.map(({ from, bytes }) => `${from}: ${new TextDecoder().decode(bytes)}`)
  }

  say(to: string, text: string): boolean {
    return this.transport.send(to, new TextEncoder().encode(text))
  }
}

export class Bench {
  readonly network: SuiteNetwork
  readonly #nodes: SuiteNode[] = []

  constructor(network: SuiteNetwork) {
    this.network = network
  }

  /** A node that is open. */
  node(name: string, options: Partial<SuiteTransportOptions> = {}): Promise<SuiteNode> {
    const transport = this.network.transport({ node: name, region: `region of ${name}`, ...options })
    const node = new SuiteNode(name, transport)
    this.#nodes.push(node)
    return node.open()
  }

  /** Two nodes that are connected. */
  async pair(options: Partial<SuiteTransportOptions> = {}): Promise<[SuiteNode, SuiteNode]> {
    const [a, b] = [await this.node('a', options), await this.node('b', options)]
    a.transport.join(b.address)
    await until(() => a.knows('b') && b.knows('a'), 'both are connected')
    return [a, b]
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map(({ transport }) => transport.close()))
  }
}

const PATIENCE_MS = 30_000

/** Waits until something holds. How long is no part of the contract. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`it never came to this: ${what}`)
    await delay(5)
  }
}

export function equal<T>(found: T, expected: T, what: string): void {
  deepStrictEqual(found, expected, what)
}

/** The code that something throws. */
export function codeOf(attempt: () => unknown): unknown {
  try {
    attempt()
    return undefined
  } catch (error) {
    return (error as { readonly code?: unknown }).code
  }
}
