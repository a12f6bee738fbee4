/** Who is a member, as the engine asks for it. Membership chooses whom to speak to; it never decides what is true. */
import type { Context } from '../context.ts'
import type { PingMessage, PongMessage } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import { Roster } from './roster.ts'

export interface Membership {
  /** Everybody who is there, the node itself included. */
  readonly roster: Roster
  readonly dueMs: number
  start(): void
  /** The host knows of somebody. */
  meet(peer: { readonly node: NodeId; readonly region: string; readonly address: string }): void
  /** Somebody spoke. */
  heard(node: NodeId): void
  receive(from: NodeId, message: PingMessage | PongMessage): void
  wake(): void
  /** This node goes for good. */
  leave(): void
}

/** The one given by the host, which others may share, or one that asks around. */
export function membershipOf(context: Context): Membership {
  const { roster } = context.options
  return roster === undefined ? new MetPeers(context) : fixed(roster)
}

function fixed(roster: Roster): Membership {
  const nothing = (): void => {}
  return {
    roster,
    dueMs: Number.POSITIVE_INFINITY,
    start: nothing,
    meet: nothing,
    heard: nothing,
    receive: nothing,
    wake: nothing,
    leave: nothing,
  }
}

class MetPeers implements Membership {
  readonly dueMs = Number.POSITIVE_INFINITY
  readonly #context: Context
  readonly #regions = new Map<NodeId, string>()
  #roster: Roster | undefined

  constructor(context: Context) {
    this.#context = context
    this.#regions.set(context.options.node, context.options.region)
  }
  get roster(): Roster {
    const peers = [...this.#regions].map(([node, region]) => ({ node, region }))
    this.#roster ??= new Roster(peers, this.#context.hashKey)
    return this.#roster
  }
  start(): void {}
  meet({ node, region }: { node: NodeId; region: string }): void {
    this.#regions.set(node, region)
    this.#roster = undefined
  }
  heard(): void {}
  receive(): void {}
  wake(): void {}
  leave(): void {}
}
