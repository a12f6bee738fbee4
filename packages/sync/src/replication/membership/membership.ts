/** Who is a member, as the engine asks for it. Membership chooses whom to speak to; it never decides what is true. */
import type { MemberNews, PingMessage, PongMessage } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import type { Roster } from './roster.ts'

export interface Membership {
  /** Everybody who is there, the node itself included. */
  readonly roster: Roster
  readonly dueMs: number
  /** All that is known of members, those that are gone among them. */
  readonly members: readonly MemberNews[]
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
