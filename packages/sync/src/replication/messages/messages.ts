/**
 * What nodes say to each other. Every message stands alone: any of them may be lost, repeated, or overtaken by a later one, and
 * the exchange goes on from what is said next.
 *
 *     version (1 byte)  kind (1 byte)  body
 */
import type { ActorId } from '@joinery/core'
import type { Hash64 } from '../hash64.ts'
import type { ForkProof } from '../signing/fork-proof.ts'

/** One life of a document, which is what nodes replicate: its id and its incarnation. */
export interface LifeKey {
  readonly document: string
  readonly incarnation: string
}

/** Changes of one life in causal order, a snapshot before them where they are not all; or how it ended. */
export interface LifeChanges extends LifeKey {
  /** The one part is a tombstone. */
  readonly ended: boolean
  readonly parts: readonly Uint8Array[]
}

/**
 * - `live`: changes that were just made, pushed on by who did not have them.
 * - `repair`: what somebody was found to lack.
 */
export type Cause = 'live' | 'repair'

export interface ChangesMessage {
  readonly kind: 'changes'
  /** Named by the confirmation; 0 where none is wanted. */
  readonly push: number
  /** How often it was pushed on. */
  readonly hops: number
  readonly cause: Cause
  /** Nodes that were told of it by the same push, or before: the first two bytes of a hash of their names. */
  readonly told: readonly number[]
  /** It comes from another region: whoever pushed it here has pushed it to all regions. */
  readonly foreign: boolean
  /** There is more to send: ask again when this is stored. */
  readonly more: boolean
  readonly lives: readonly LifeChanges[]
}

/** What came in these pushes is durable here. */
export interface AckMessage {
  readonly kind: 'ack'
  readonly pushes: readonly number[]
}

/** One cell of a rateless set sketch. */
export interface Cell {
  readonly count: number
  readonly sum: Hash64
  /** XOR of the check of each item. */
  readonly check: number
}

/** First leg: what all lives of the sender amount to, and as much of a sketch of them as was asked for. */
export interface DigestMessage {
  readonly kind: 'digest'
  readonly root: Hash64
  readonly count: number
  /** Index of the first cell. */
  readonly from: number
  readonly cells: readonly Cell[]
}

/** The digest named is that of the sender, too. */
export interface EqualMessage {
  readonly kind: 'equal'
  readonly root: Hash64
}

/** The digest named is not: send so many cells of its sketch, from an index on. */
export interface MoreMessage {
  readonly kind: 'more'
  readonly root: Hash64
  readonly from: number
  readonly count: number
}

/** What a node knows of one actor of a document. */
export interface FrontierEntry {
  readonly actor: ActorId
  readonly counter: number
  /** Chain check over the change that ends with this dot. */
  readonly check: number
}

/** What a node has of one life. */
export interface LifeFrontier extends LifeKey {
  readonly ended: boolean
  /** Ascending by actor. A page of a longer vector has those after `after` and, unless it is the last page, up to `through`. */
  readonly entries: readonly FrontierEntry[]
  readonly after: string
  /** Empty on the last page. */
  readonly through: string
}

/** Second leg: what the sender has of the lives in which it differs, so that the receiver sends what is missing there. */
export interface FrontiersMessage {
  readonly kind: 'frontiers'
  /** The sender has no other lives than these. */
  readonly complete: boolean
  /** This answers frontiers: send what is missing, and no frontiers back. */
  readonly answer: boolean
  /** Items of the receiver's sketch that the sender does not have. */
  readonly unknown: readonly Hash64[]
  readonly lives: readonly LifeFrontier[]
}

/** Counters of an actor, `from .. to`. */
export interface WantedRange {
  readonly actor: ActorId
  readonly from: number
  readonly to: number
}

/** Changes that others wait for: send these, and what they follow. */
export interface WantMessage {
  readonly kind: 'want'
  readonly life: LifeKey
  readonly ranges: readonly WantedRange[]
}

/** A piece of a payload that no message can carry whole, and what the rest of it can be asked for by. */
export interface PartMessage {
  readonly kind: 'part'
  readonly life: LifeKey
  readonly ended: boolean
  /** Hash of the whole. */
  readonly transfer: Hash64
  readonly total: number
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Send the piece of a transfer that begins here. */
export interface WantPartMessage {
  readonly kind: 'want-part'
  readonly life: LifeKey
  readonly transfer: Hash64
  readonly offset: number
}

/** A range of items, ascending, from where the one before ended: as a hash, or as the items themselves. */
export interface ItemRange {
  /** The first item that is not in it; absent for the last range. */
  readonly end?: Hash64
  readonly count: number
  readonly sum: Hash64
  /** The items, where they are few. */
  readonly items?: readonly Hash64[]
}

/** Ranges of the sender's items that the receiver is to compare with its own: where a sketch is of no use. */
export interface RangesMessage {
  readonly kind: 'ranges'
  readonly from: Hash64
  readonly ranges: readonly ItemRange[]
}

/** The whole state of a life as the sender computes it, to be compared where versions are equal. */
export interface ChecksumMessage {
  readonly kind: 'checksum'
  readonly life: LifeKey
  readonly item: Hash64
  readonly state: Hash64
  /** The receiver is to answer with its own. */
  readonly answer: boolean
}

/** Proofs that actors signed two histories, each with the life it is about. Everybody who gets one looks at it, and tells it on once. */
export interface ForksMessage {
  readonly kind: 'forks'
  readonly forks: readonly { readonly life: LifeKey; readonly proof: ForkProof }[]
}

export type MemberState = 'alive' | 'suspect' | 'dead' | 'left'

/** News of one member. */
export interface MemberNews {
  readonly node: string
  readonly region: string
  /** Where its transport is reached. */
  readonly address: string
  readonly incarnation: number
  readonly state: MemberState
}

/** Are you there? With `target`: is that one, whom the sender does not reach? */
export interface PingMessage {
  readonly kind: 'ping'
  readonly sequence: number
  readonly target: string
  readonly news: readonly MemberNews[]
}

/** I am; or, with `target`, that one is. */
export interface PongMessage {
  readonly kind: 'pong'
  readonly sequence: number
  readonly target: string
  readonly news: readonly MemberNews[]
}

/** What a node tells of itself for now: the one with the largest sequence counts. */
export interface PresenceNews {
  readonly node: string
  readonly sequence: number
  readonly state: Uint8Array
}

/** States that are never stored: what was lost is told anew with the next one. */
export interface PresenceMessage {
  readonly kind: 'presence'
  readonly news: readonly PresenceNews[]
}

export type Message =
  | ChangesMessage
  | AckMessage
  | DigestMessage
  | EqualMessage
  | MoreMessage
  | FrontiersMessage
  | WantMessage
  | RangesMessage
  | PartMessage
  | WantPartMessage
  | ChecksumMessage
  | PingMessage
  | PongMessage
  | ForksMessage
  | PresenceMessage

/** The second byte. */
export const kinds: Readonly<Record<Message['kind'], number>> = {
  changes: 1,
  ack: 2,
  digest: 3,
  equal: 4,
  more: 5,
  frontiers: 6,
  ranges: 7,
  part: 8,
  'want-part': 9,
  checksum: 10,
  ping: 11,
  pong: 12,
  want: 13,
  forks: 14,
  presence: 15,
}

/**
 * The first byte. Versions of the protocol of nodes, each with what it brought:
 *
 * 1. Everything on this page.
 */
export const MESSAGE_VERSION = 1 as const
