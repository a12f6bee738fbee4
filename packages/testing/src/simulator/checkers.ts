/** One checker per promise, asked at every step or at the end. Each knows what was promised, none knows how it is kept. */

import { type ActorId, type ChangeHeader, openChange, replicaOf } from '@joinery/core'
import {
  changeRefusal,
  decodeProof,
  type Fork,
  type LifeKey,
  type Message,
  type MessageCodec,
  type Output,
  replicationLimits,
  type Signing,
} from '@joinery/sync/replication'
import type { SimNode } from './sim-node.ts'
import { brokenPromises, type SimOperation, type Workload } from './workload.ts'

/** First byte of a change: docs/FORMAT.md. */
const KIND_CHANGE = 0x13

/** Of one node, on average over a history: several times what the busiest one was seen to send. */
const MESSAGES_PER_SECOND_MAX = 60

export class Checkers {
  readonly failures: string[] = []
  /** Nodes of which nothing is promised any more: their disks were put back or copied. */
  readonly excused: Set<string> = new Set()
  readonly #codec: MessageCodec
  /** Who was told of which fork: nodes by life and actor. */
  readonly #told = new Map<string, { readonly life: LifeKey; readonly actor: ActorId; readonly nodes: Set<string> }>()

  constructor(codec: MessageCodec) {
    this.#codec = codec
  }

  #fail(what: string): void {
    if (this.failures.length < 20) this.failures.push(what)
  }

  /** Nothing is acknowledged, and nothing of one's own is told to others, before it is durable. */
  observe(node: SimNode, output: Output, nodes: ReadonlyMap<string, SimNode>): void {
    switch (output.type) {
      case 'forked': {
        const { life, actor } = output
        const name = `${actor} ${life.document}`
        const told = this.#told.get(name) ?? { life, actor, nodes: new Set() }
        this.#told.set(name, told)
        told.nodes.add(node.name)
        break
      }
      case 'replicated': {
        const { by, life, actor, counter } = output
        const peer = nodes.get(by)
        if (peer !== undefined && !this.excused.has(by) && !hasStored(peer, life, actor, counter))
          this.#fail(`${by} confirmed ${actor}:${counter} of ${life.document} and does not have it on its disk`)
        break
      }
      case 'send':
        if (!this.excused.has(node.name)) this.#checkSent(node, this.#codec.decode(output.bytes))
        break
      default:
    }
  }

  #checkSent(node: SimNode, message: Message): void {
    if (message.kind !== 'changes') return
    for (const life of message.lives) {
      for (const part of life.parts) {
        if (part[0] !== KIND_CHANGE) continue
        const { actor, first, length } = openChange(part).header
        if (!node.writesAs(actor)) continue
        if (!hasStored(node, life, actor, first + length - 1))
          this.#fail(`${node.name} sent ${actor}:${first} of ${life.document} before it was durable`)
      }
    }
  }

  /** What was admitted is on the disk. */
  admitted(node: SimNode, life: LifeKey, headers: readonly Pick<ChangeHeader, 'actor' | 'first' | 'length'>[]): void {
    for (const { actor, first, length } of headers) {
      if (!hasStored(node, life, actor, first + length - 1))
        this.#fail(`${node.name} acknowledged ${actor}:${first} of ${life.document} before it was durable`)
    }
  }

  /** Nothing that input can grow is above its bound. */
  bounds(node: SimNode): void {
    const status = node.engine?.status()
    if (status === undefined) return
    if (status.pushes > replicationLimits.pushesMax) this.#fail(`${node.name} waits for ${status.pushes} confirmations`)
    if (status.unstoredBytes > 2 * replicationLimits.unstoredBytesMax) this.#fail(`${node.name} has too much unstored`)
  }

  /** Nobody answers answers: what everybody sends is bounded by time, whatever happened. */
  traffic(messages: number, nodes: number, ms: number): void {
    const perSecond = messages / nodes / (ms / 1000)
    if (perSecond > MESSAGES_PER_SECOND_MAX)
      this.#fail(`a storm: ${Math.round(perSecond)} messages a second from each node`)
  }

  /** What has ended has ended everywhere, and in the same way. */
  #ends(nodes: readonly SimNode[], { shortLife, operations }: Workload): void {
    const names = new Set(nodes.map(({ name }) => name))
    const isPromised = operations.some(({ kind, state, node }) => {
      return kind === 'end' && state === 'acknowledged' && names.has(node) && !this.excused.has(node)
    })
    for (const node of nodes) {
      if (isPromised && !node.hasEnded(shortLife)) this.#fail(`resurrected: ${shortLife.document} at ${node.name}`)
      if (!sameBytes(nodes[0]?.disk.parts(shortLife)[0], node.disk.parts(shortLife)[0]) && isPromised)
        this.#fail(`${node.name} and ${nodes[0]?.name} do not agree how ${shortLife.document} ended`)
    }
  }

  /**
   * At the end: everybody has the same bytes, and every promise is kept. What a node acknowledged that is not among these counts
   * as sent: only it may have it.
   */
  final(nodes: readonly SimNode[], workload: Workload): void {
    const names = new Set(nodes.map(({ name }) => name))
    const isHere = ({ node }: SimOperation): boolean => names.has(node) && !this.excused.has(node)
    const promised = workload.operations.map((operation): SimOperation => {
      return operation.state !== 'acknowledged' || isHere(operation) ? operation : { ...operation, state: 'sent' }
    })
    this.#ends(nodes, workload)
    for (const life of workload.lives) {
      const states = nodes.map((node) => ({ node, document: node.stored(life) }))
      const some = states.find(({ document }) => document !== undefined)
      const snapshot = some?.document?.snapshot()
      for (const { node, document } of states) {
        const inMemory = node.engine?.document(life)
        if (!sameBytes(snapshot, document?.snapshot()) || (inMemory && !sameBytes(snapshot, inMemory.snapshot())))
          this.#fail(`${node.name} and ${some?.node.name} differ in ${life.document} at the end`)
      }
      for (const problem of brokenPromises(life, some?.document, promised)) this.#fail(problem)
    }
  }

  /** Nothing is on any disk that its author did not sign, and all know of the same forks: of those who are malicious, or were copied. */
  signed(nodes: readonly SimNode[], signing: Signing): void {
    for (const node of nodes) {
      for (const { ended, ...life } of node.disk.lives()) {
        if (!ended) this.#signedLife(node, { document: life.document, incarnation: life.incarnation }, signing)
      }
    }
    // Of a life that has ended nothing is kept but its end.
    const known = nodes.map((node) => {
      const forks = (node.engine?.forks() ?? []).filter(({ life }) => !node.hasEnded(life))
      return new Set(forks.map(forkName))
    })
    const all = new Set(known.flatMap((names) => [...names]))
    for (const [i, names] of known.entries()) {
      for (const name of all) if (!names.has(name)) this.#fail(`${nodes[i]?.name} does not know of the fork ${name}`)
    }
    for (const { actor } of nodes[0]?.engine?.forks() ?? []) {
      if (!this.excused.has(replicaOf(actor))) this.#fail(`${actor} is said to have forked, and did nothing wrong`)
    }
  }

  #signedLife(node: SimNode, life: LifeKey, signing: Signing): void {
    const parts = node.disk.parts(life)
    const forked = new Set(parts.map((part) => decodeProof(part)?.actor))
    for (const part of parts) {
      if (decodeProof(part) !== undefined) continue
      const change = part[0] === KIND_CHANGE ? openChange(part) : undefined
      if (change?.header.signature === undefined && forked.has(change?.header.actor)) continue
      const code = change === undefined ? 'no change' : changeRefusal(signing, life, change)
      if (code !== undefined) this.#fail(`${node.name} took what nobody signed in ${life.document}: ${code}`)
    }
  }

  /**
   * Where an actor wrote two histories, each node has one of them, whoever has the same one has the same document, and everybody was
   * told.
   */
  branches(nodes: readonly SimNode[], { lives }: Workload): void {
    for (const life of lives) {
      const forks = [...this.#told.values()].filter((told) => told.life.document === life.document)
      const branches = new Map<string, SimNode[]>()
      for (const node of nodes) {
        const branch = forks.map(({ actor }) => branchOf(node.stored(life), actor)).join(' ')
        branches.set(branch, [...(branches.get(branch) ?? []), node])
      }
      if (branches.size > 2 ** forks.length) this.#fail(`${branches.size} branches of ${life.document}`)
      for (const [first, ...others] of branches.values()) {
        for (const other of others) {
          if (!sameBytes(first?.stored(life)?.snapshot(), other.stored(life)?.snapshot()))
            this.#fail(`${first?.name} and ${other.name} have one branch of ${life.document}, and differ`)
        }
      }
      if (branches.size < 2) continue
      for (const { actor, nodes: told } of forks) {
        const branch = new Set(nodes.map((node) => branchOf(node.stored(life), actor)))
        for (const { name } of branch.size > 1 ? nodes : [])
          if (!told.has(name)) this.#fail(`${name} was not told that ${actor} forked in ${life.document}`)
      }
    }
  }
}

function branchOf(document: ReturnType<SimNode['stored']>, actor: ActorId): string {
  return `${document?.known(actor) ?? 0}:${document?.checkOf(actor) ?? 0}`
}

function forkName({ life, actor, from }: Fork): string {
  return `${actor} ${life.document} ${life.incarnation} ${from}`
}

/** Snapshots hold changes, too, so where no change says so the whole is asked. */
function hasStored(node: SimNode, life: LifeKey, actor: ActorId, counter: number): boolean {
  if (node.hasEnded(life) || node.disk.reached(life, actor) >= counter) return true
  return (node.stored(life)?.known(actor) ?? 0) >= counter
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
