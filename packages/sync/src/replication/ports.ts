/**
 * What a node's engine takes in and gives out. It does nothing itself: its host sends what it is told to send, writes what it is
 * told to write, and says when that was done, when time has passed, and what came in.
 *
 * The duties of a transport: it names the peer truthfully, hands over messages whole, at most `messageBytesMax` long, and drops
 * what it cannot send rather than queueing without bound. It may lose, repeat and reorder. A connection is its own affair.
 *
 * The duties of a store: a write is whole or not at all, and `stored` is said when it would survive the loss of power. At most
 * one write of a life is out at a time, so that a store may write many lives at once.
 */
import type { ActorId, ChangeHeader, SchemaDoc } from '@joinery/core'
import type { Compression } from '../session/compression.ts'
import type { ReplicationLimits } from './limits.ts'
import type { Roster } from './membership/roster.ts'
import type { Cause, LifeKey, MemberState } from './messages/messages.ts'
import type { Signing } from './signing/signing.ts'

/** Name of a node: 1 to 128 bytes, unique in the cluster, vouched for by the transport. */
export type NodeId = string

/** What a store says of a life when the node starts. */
export interface StoredLife extends LifeKey {
  readonly ended: boolean
  /** As the last write of the life had it. Absent: the life is loaded to compute it. */
  readonly summary?: string
}

/** One atomic step of one life. */
export interface LifeWrite extends LifeKey {
  /** Names the write in `stored`. Ascending. */
  readonly write: number
  /**
   * - `append`: add these parts behind what is there; a life that is not there begins with them.
   * - `replace`: these parts take the place of everything that is there.
   * - `end`: the one part is a tombstone, and takes the place of everything.
   */
  readonly kind: 'append' | 'replace' | 'end'
  /** Changes and snapshots, to be loaded in this order. */
  readonly parts: readonly Uint8Array[]
  /** To be kept with the life and handed back in `StoredLife`, so that a start need not load everything. */
  readonly summary: string
}

/** Makes one change of a document, and answers its bytes: `(document) => document.change(…)`. */
export type WriteChange = (document: SchemaDoc) => Uint8Array | undefined

export type Input =
  /** The first one: what the store has. */
  | { readonly type: 'start'; readonly lives: readonly StoredLife[] }
  /** A message came in. */
  | { readonly type: 'message'; readonly from: NodeId; readonly bytes: Uint8Array }
  /** The time asked for by `wake` has come. Too early or too often does no harm. */
  | { readonly type: 'wake' }
  /** Change a document, or begin one. `write` is called once, maybe later, and not at all where the edit is refused. */
  | { readonly type: 'edit'; readonly life: LifeKey; readonly ticket: number; readonly write: WriteChange }
  /** Changes of others that this node admits: of its clients. Limits and permissions were checked. */
  | {
      readonly type: 'submit'
      readonly life: LifeKey
      readonly ticket: number
      readonly changes: readonly Uint8Array[]
    }
  /** End a life, for ever. */
  | { readonly type: 'end'; readonly life: LifeKey; readonly ticket: number }
  /** A write is durable. */
  | { readonly type: 'stored'; readonly write: number }
  /** A write failed, and nothing of it is stored: it is given out again after a while. */
  | { readonly type: 'store-failed'; readonly write: number }
  /** What was to be loaded: its parts in order, none where the store has nothing of it. Parts that do not amount to the summary are damaged. */
  | {
      readonly type: 'loaded'
      readonly life: LifeKey
      readonly parts: readonly Uint8Array[]
      readonly summary?: string
    }
  /** What was to be loaded cannot be read. Its content is fetched from peers and replaced. */
  | { readonly type: 'damaged'; readonly life: LifeKey }
  /** Somebody to speak to, whom the transport or the configuration knows of. */
  | { readonly type: 'peer'; readonly node: NodeId; readonly region: string; readonly address: string }
  /** What this node tells of itself for now: at most `presenceBytesMax`, stored by nobody, forgotten unless it is told anew. */
  | { readonly type: 'presence'; readonly state: Uint8Array }
  /** This node is about to go for good: the others need not look for it. */
  | { readonly type: 'leave' }

export type Output =
  | { readonly type: 'send'; readonly to: NodeId; readonly bytes: Uint8Array; readonly cause: Cause | 'control' }
  | { readonly type: 'write'; readonly write: LifeWrite }
  /** Read everything of a life, and answer by `loaded` or `damaged`. */
  | { readonly type: 'load'; readonly life: LifeKey }
  /** Say `wake` at this time. Takes the place of what was asked before. */
  | { readonly type: 'wake'; readonly atMs: number }
  /** An edit, submission or end is durable here: acknowledgement `stored`. */
  | { readonly type: 'admitted'; readonly ticket: number; readonly headers: readonly ChangeHeader[] }
  /** Nothing of it was done: a `ReplicationError`, or what `write` threw. */
  | { readonly type: 'refused'; readonly ticket: number; readonly error: Error }
  /** A peer has a change of this node's on its store: acknowledgement `replicated`. Said once for each peer that confirmed. */
  | {
      readonly type: 'replicated'
      readonly life: LifeKey
      readonly actor: ActorId
      readonly counter: number
      readonly by: NodeId
    }
  /** A life is another than before, or has ended, by what a peer sent. */
  | { readonly type: 'changed'; readonly life: LifeKey; readonly headers: readonly ChangeHeader[] }
  /** Others know more of this node's actor than it does: an older copy was put back. The life was opened with a new actor. */
  | { readonly type: 'renewed'; readonly life: LifeKey }
  /**
   * Two histories of one actor were met. With a proof, nothing that the actor wrote from its fork on is in the document any more; told
   * again where a lower fork is found.
   */
  | {
      readonly type: 'forked'
      readonly life: LifeKey
      readonly actor: ActorId
      readonly from: NodeId
      /** Two claims with their signatures: docs/REPLICATION.md. Absent where changes are not signed. */
      readonly proof?: Uint8Array
    }
  /** A peer has the same version of a life and another state, and there is nobody to tell who is right. */
  | { readonly type: 'diverged'; readonly life: LifeKey }
  /** A peer sent what cannot be taken. */
  | { readonly type: 'peer-refused'; readonly from: NodeId; readonly code: string }
  /** A life that had to be repaired is whole again. */
  | { readonly type: 'repaired'; readonly life: LifeKey }
  /** What a node tells of itself is another than before; undefined: it has not done so for long. */
  | { readonly type: 'presence'; readonly node: NodeId; readonly state: Uint8Array | undefined }
  /** A member is in another state than before, or found at another address. */
  | { readonly type: 'member'; readonly node: NodeId; readonly state: MemberState; readonly address: string }

/**
 * Who writes a document that is opened.
 *
 * - `own`: this node's actor.
 * - `new`: an actor that was never used before, by this node or any other: what this node wrote as its own actor was lost, put
 *   back, or cloned. From now on it is this node's own one, for this life at least.
 */
export type ActorChoice = 'own' | 'new'

/** What an engine is made of besides its inputs. */
export interface NodeOptions {
  readonly node: NodeId
  readonly region: string
  /** Where this node's transport is reached, told to the others. */
  readonly address?: string
  /** Opens a document from what is stored of it, a new one from no parts, with the schema if it has one. */
  readonly open: (life: LifeKey, parts: readonly Uint8Array[], actor: ActorChoice) => SchemaDoc
  /** An integer from 0 to before `bound`. */
  readonly random: (bound: number) => number
  /** 16 bytes that all nodes of the cluster share and nobody else knows: digests are keyed by it. */
  readonly digestKey: Uint8Array
  readonly compression?: Compression
  /**
   * All changes are signed by the node that made them, and nothing is taken that is not. A property of the cluster: nodes that sign and
   * nodes that do not refuse each other's changes.
   */
  readonly signing?: Signing
  /** Members that never change, instead of those that this node meets and asks after: for simulations of many nodes. */
  readonly roster?: Roster
  readonly limits?: Partial<ReplicationLimits>
}
