/** A few nodes under virtual time, with stores that a test can look into, fail and damage. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type Actor, actorId, Doc, defineSchema, HybridClock, lww, orSet, replicaId } from '@joinery/core'
import {
  type Input,
  type LifeKey,
  type LifeWrite,
  NodeEngine,
  type NodeOptions,
  type Output,
} from '@joinery/sync/replication'
import { Network, Schedule, seededRandom } from '@joinery/testing'

export const schema = defineSchema({ tags: orSet<string>(), body: lww<string>() })
export const life: LifeKey = { document: 'd', incarnation: 'life' }

export const compression: NonNullable<NodeOptions['compression']> = {
  deflate: (bytes) => new Uint8Array(deflateRawSync(bytes)),
  inflate: (bytes, length) => new Uint8Array(inflateRawSync(bytes, { maxOutputLength: Math.max(1, length) })),
}

let epochs = 0

export class Nodes {
  readonly schedule = new Schedule()
  readonly network: Network
  readonly engines = new Map<string, NodeEngine>()
  /** What each node put out, but for messages and timers. */
  readonly told: { readonly node: string; readonly output: Output }[] = []
  /** Stored writes by node, oldest first. */
  readonly stores = new Map<string, LifeWrite[]>()
  /** Writes of these nodes fail. */
  readonly failing = new Set<string>()
  /** Bytes sent, by kind of message. */
  readonly sent = new Map<number, number>()
  readonly #lastSent = new Map<number, Uint8Array>()
  readonly #wakes = new Map<string, number>()
  readonly #actors = new Map<string, Actor>()
  readonly #copies = new Map<string, readonly Uint8Array[]>()
  #tickets = 0
  readonly #options: (name: string) => Partial<NodeOptions>

  constructor(names: readonly string[], options: Partial<NodeOptions> | ((name: string) => Partial<NodeOptions>) = {}) {
    this.#options = typeof options === 'function' ? options : () => options
    this.network = new Network(this.schedule, seededRandom(1), {
      faults: { loss: 0, bursts: 0, duplication: 0, lateness: 0, delayMs: { min: 10, max: 40 } },
      deliver: (from, to, bytes) => this.handle(to, { type: 'message', from, bytes }),
    })
    for (const name of names) this.open(name)
    for (const node of names) {
      for (const other of names)
        if (other !== node) this.handle(node, { type: 'peer', node: other, region: 'r', address: other })
    }
  }

  /** Starts a node again, as the actor that it was, with these parts on its store. */
  restart(name: string, parts: readonly Uint8Array[]): void {
    this.#copies.set(name, parts)
    this.open(name)
    for (const node of this.engines.keys()) {
      if (node !== name) this.handle(name, { type: 'peer', node, region: 'r', address: node })
    }
  }

  open(name: string, options: Partial<NodeOptions> = this.#options(name)): void {
    const random = seededRandom(name.charCodeAt(0))
    const own = this.#actors.get(name) ?? newActor(name)
    this.#actors.set(name, own)
    const open: NodeOptions['open'] = ({ incarnation }, parts, choice) => {
      const actor = choice === 'own' ? own : newActor(name)
      return parts.length === 0 ? new Doc({ schema, actor, incarnation }) : Doc.load(parts, { schema, actor })
    }
    const digestKey = new Uint8Array(16)
    const base = { node: name, region: 'r', open, digestKey, random: (bound: number) => random.below(bound) }
    this.engines.set(name, new NodeEngine({ ...base, ...options }))
    this.stores.set(name, this.stores.get(name) ?? [])
    const copy = this.#copies.get(name)
    this.handle(name, { type: 'start', lives: copy === undefined ? [] : [{ ...life, ended: false }] })
    if (copy !== undefined) this.handle(name, { type: 'loaded', life, parts: copy })
  }

  edit(node: string, tag: string, key: LifeKey = life): number {
    return this.write(node, (document) => document.change((root) => addTo(root, tag)), key)
  }

  write(node: string, write: Extract<Input, { type: 'edit' }>['write'], key: LifeKey = life): number {
    this.#tickets += 1
    this.handle(node, { type: 'edit', life: key, ticket: this.#tickets, write })
    return this.#tickets
  }

  end(node: string, key: LifeKey = life): number {
    this.#tickets += 1
    this.handle(node, { type: 'end', life: key, ticket: this.#tickets })
    return this.#tickets
  }

  run(ms: number): void {
    this.schedule.runUntil(this.schedule.nowMs + ms)
  }

  /** The message of a kind that was sent last. */
  lastSent(kind: number): Uint8Array {
    return this.#lastSent.get(kind) ?? new Uint8Array()
  }

  /** Elements of the document in memory. */
  tags(node: string, key: LifeKey = life): unknown {
    return (this.engines.get(node)?.document(key)?.toJSON() as { tags?: string[] } | undefined)?.tags?.toSorted()
  }

  /** What became of a ticket: `admitted`, a code, or nothing yet. */
  outcome(ticket: number): string | undefined {
    for (const { output } of this.told) {
      if (output.type === 'admitted' && output.ticket === ticket) return 'admitted'
      if (output.type === 'refused' && output.ticket === ticket) return (output.error as { code?: string }).code
    }
    return undefined
  }

  outputs<T extends Output['type']>(type: T, node?: string): Extract<Output, { type: T }>[] {
    return this.told.flatMap((each) =>
      each.output.type === type && (node === undefined || each.node === node)
        ? [each.output as Extract<Output, { type: T }>]
        : [],
    )
  }

  handle(node: string, input: Input): void {
    const engine = this.engines.get(node)
    if (engine === undefined) return
    for (const output of engine.handle(input, this.schedule.nowMs)) this.#perform(node, output)
  }

  #perform(node: string, output: Output): void {
    if (output.type === 'send') {
      const kind = (output.bytes[1] as number) & 0x7f
      this.sent.set(kind, (this.sent.get(kind) ?? 0) + output.bytes.length)
      this.#lastSent.set(kind, output.bytes)
      this.network.send(node, output.to, output.bytes)
    } else if (output.type === 'wake') {
      const wake = (this.#wakes.get(node) ?? 0) + 1
      this.#wakes.set(node, wake)
      this.schedule.at(output.atMs, () => {
        if (this.#wakes.get(node) === wake) this.handle(node, { type: 'wake' })
      })
    } else this.#tell(node, output)
  }

  #tell(node: string, output: Output): void {
    this.told.push({ node, output })
    if (output.type !== 'write') return
    const { write } = output
    this.schedule.after(5, () => {
      const fails = this.failing.has(node)
      if (!fails) this.stores.get(node)?.push(write)
      this.handle(node, { type: fails ? 'store-failed' : 'stored', write: write.write })
    })
  }
}

function addTo(root: unknown, tag: string): void {
  ;(root as { tags: { add(tag: string): void } }).tags.add(tag)
}

export function newActor(name: string): Actor {
  epochs += 1
  const epoch = new Uint8Array(12)
  new DataView(epoch.buffer).setUint32(0, epochs)
  return { id: actorId(replicaId(name), epoch), clock: new HybridClock(() => 1_767_225_600_000) }
}
