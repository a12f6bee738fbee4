/** Whom to push news to, and whom to compare with: mostly one's own region, a few links across. */
import type { Context } from '../context.ts'
import type { NodeId } from '../ports.ts'
import type { Roster } from './roster.ts'

/** One comparison in so many is with another region; of a gateway, one in two. */
const ACROSS_EVERY = 5

export class PeerChoice {
  readonly #context: Context
  readonly #roster: () => Roster

  constructor(context: Context, roster: () => Roster) {
    this.#context = context
    this.#roster = roster
  }

  /**
   * The successor in the ring of the own region, and others of it at random. The ring sees to it that everybody is reached, the
   * rest that it does not take long.
   */
  targets(except: ReadonlySet<NodeId>): NodeId[] {
    const roster = this.#roster()
    const { node, region, random } = this.#context.options
    const chosen = new Set<NodeId>([...except, node])
    const targets: NodeId[] = []
    const choose = (peer: NodeId | undefined): void => {
      if (peer === undefined || chosen.has(peer)) return
      chosen.add(peer)
      targets.push(peer)
    }
    choose(roster.successor(node, region))
    for (let i = targets.length; i < this.#context.limits.fanout; i += 1) {
      choose(roster.somebody(random, chosen, region))
    }
    // A region of few: what it cannot use goes across.
    if (targets.length === 0) choose(roster.somebody(random, chosen))
    return targets
  }

  /** One node of each other region to which this one is a gateway. */
  across(): NodeId[] {
    const roster = this.#roster()
    const { node, region, random } = this.#context.options
    const targets: NodeId[] = []
    for (const other of roster.regions) {
      if (other === region || !roster.gateways(region, other).includes(node)) continue
      const [first, second] = roster.gateways(other, region)
      const peer = random(2) === 0 ? first : (second ?? first)
      if (peer !== undefined) targets.push(peer)
    }
    return targets
  }

  /** So many others at random, if there are. */
  several(count: number, except: ReadonlySet<NodeId>): NodeId[] {
    const { node, random } = this.#context.options
    const chosen = new Set<NodeId>([...except, node])
    const peers: NodeId[] = []
    for (let i = 0; i < count; i += 1) {
      const peer = this.#roster().somebody(random, chosen)
      if (peer === undefined) break
      chosen.add(peer)
      peers.push(peer)
    }
    return peers
  }

  /** Steps that news may need to come to everybody, with detours. */
  diameter(): number {
    return 2 * Math.ceil(Math.log2(this.#roster().size + 1))
  }

  mark(node: NodeId): number {
    return this.#roster().mark(node)
  }

  isForeign(node: NodeId): boolean {
    return this.#roster().regionOf(node) !== this.#context.options.region
  }

  /** Somebody to compare with. */
  partner(): NodeId | undefined {
    const roster = this.#roster()
    const { node, region, random } = this.#context.options
    const except = new Set([node])
    const [other] = roster.regions.length < 2 ? [] : this.#across(roster)
    const own = roster.somebody(random, except, region)
    return (
      (other === undefined ? own : roster.somebody(random, except, other)) ?? own ?? roster.somebody(random, except)
    )
  }

  /** Another region, when it is its turn. */
  #across(roster: Roster): string[] {
    const { node, region, random } = this.#context.options
    const others = roster.regions.filter((other) => other !== region)
    const other = others[random(others.length)] as string
    const every = roster.gateways(region, other).includes(node) ? 2 : ACROSS_EVERY
    return random(every) === 0 ? [other] : []
  }
}
