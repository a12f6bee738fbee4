/**
 * Who is there to speak to, region by region, each region as a ring in the order of a hash of its names. Immutable: every
 * change of membership makes another, and nodes that see the same members may share one.
 */

import { Writer } from '@joinery/core'
import { type HashKey, hash64, hashText } from '../hash64.ts'
import type { NodeId } from '../ports.ts'

export interface Peer {
  readonly node: NodeId
  readonly region: string
}

interface Placed extends Peer {
  readonly place: string
}

/** Nodes of a region that push what is new to other regions: two, so that one may fail. */
const GATEWAYS = 2

export class Roster {
  readonly #peers = new Map<NodeId, Placed>()
  readonly #rings = new Map<string, readonly Placed[]>()
  readonly #everybody: readonly Placed[]
  readonly regions: readonly string[]
  readonly #gateways = new Map<string, readonly NodeId[]>()
  readonly #key: HashKey

  /** @param peers everybody who is there, the node itself included. */
  constructor(peers: Iterable<Peer>, key: HashKey) {
    this.#key = key
    this.#everybody = [...peers].map((peer) => ({ ...peer, place: this.#place(peer.node) })).sort(byPlace)
    for (const peer of this.#everybody) {
      this.#peers.set(peer.node, peer)
      const ring = this.#rings.get(peer.region) as Placed[] | undefined
      if (ring === undefined) this.#rings.set(peer.region, [peer])
      else ring.push(peer)
    }
    this.regions = [...this.#rings.keys()].sort()
  }

  get size(): number {
    return this.#everybody.length
  }

  has(node: NodeId): boolean {
    return this.#peers.has(node)
  }

  /** Two bytes by which messages mean a node: now and then they mean another one, too. */
  mark(node: NodeId): number {
    return Number.parseInt((this.#peers.get(node)?.place ?? this.#place(node)).slice(0, 4), 16)
  }

  regionOf(node: NodeId): string | undefined {
    return this.#peers.get(node)?.region
  }

  /** The one after a node in the ring of a region: between them, these links reach everybody. */
  successor(node: NodeId, region: string): NodeId | undefined {
    const ring = this.#rings.get(region) ?? []
    const place = this.#peers.get(node)?.place ?? this.#place(node)
    let low = 0
    for (let high = ring.length; low < high; ) {
      const middle = (low + high) >>> 1
      if ((ring[middle] as Placed).place <= place) low = middle + 1
      else high = middle
    }
    const next = ring[low] ?? ring[0]
    return next === undefined || next.node === node ? undefined : next.node
  }

  /** Somebody of a region, or of all, other than these; undefined where a few tries find nobody. */
  somebody(random: (bound: number) => number, except: ReadonlySet<NodeId>, region?: string): NodeId | undefined {
    const ring = region === undefined ? this.#everybody : (this.#rings.get(region) ?? [])
    if (ring.length === 0) return undefined
    const from = random(ring.length)
    for (let i = 0; i < Math.min(ring.length, TRIES); i += 1) {
      const { node } = ring[(from + i) % ring.length] as Placed
      if (!except.has(node)) return node
    }
    return undefined
  }

  /** Nodes of a region that keep links to another one: chosen by hash, so that everybody agrees without a word. */
  gateways(region: string, towards: string): readonly NodeId[] {
    const key = `${region.length}:${region}${towards}`
    const known = this.#gateways.get(key)
    if (known !== undefined) return known
    const ranked = (this.#rings.get(region) ?? []).map(({ node }) => ({
      node,
      place: this.#place(`${towards} ${node}`),
    }))
    const chosen = ranked.sort(byPlace).slice(0, GATEWAYS)
    const nodes = chosen.map(({ node }) => node)
    this.#gateways.set(key, nodes)
    return nodes
  }

  #place(text: string): string {
    const writer = Writer.take()
    writer.string(text)
    const place = hashText(hash64(this.#key, writer.bytes, writer.length))
    writer.release()
    return place
  }
}

/** Enough to pass over those that are not wanted: a push never has more targets. */
const TRIES = 16

function byPlace(a: { readonly place: string }, b: { readonly place: string }): number {
  return a.place < b.place ? -1 : 1
}
