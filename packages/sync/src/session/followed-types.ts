/** What `FollowedDocument` takes and tells. */
import type { Actor, FieldSpecs, Schema, SchemaDoc, TypeTable } from '@joinery/core'
import type { Packer } from './compression.ts'
import type { Changes, Frame, From, Peers } from './frames.ts'
import type { Outgoing } from './outbox.ts'

/** What a document needs of the session it belongs to. */
export interface DocumentSession {
  readonly storeId: string
  readonly frameBytesMax: number
  /** Present where the server takes deflated payloads. */
  readonly packer: Packer | undefined
  send(frame: Frame): void
  /** Sends a batch in parts, between which other frames may go. */
  upload(batch: Omit<Changes, 'kind' | 'payload'>, payload: Uint8Array): void
  soon(task: () => void): void
  after(ms: number, task: () => void): () => void
}

export type FollowState =
  /** Without a connection, or catching up. */
  | 'connecting'
  /** Everything that the server has is here. */
  | 'live'
  /** The server does not take it: see `refusal`. */
  | 'refused'

export interface FollowedOptions<S extends FieldSpecs> {
  readonly id: string
  /** Type of the document as the server knows it. */
  readonly type: string
  readonly actor: Actor
  readonly schema?: Schema<S>
  /** Makes types that arrive and the schema does not name; by default such a document is refused. */
  readonly types?: TypeTable
  /** What is here already. */
  readonly doc?: SchemaDoc<S>
  /** Names the life of the document if it begins here. */
  readonly newIncarnation?: () => string
  /**
   * Makes the document of somebody who keeps it, from all that the server has, in its order; from nothing where the server has none.
   * By default it is made here, with a new incarnation.
   */
  readonly make?: (parts: readonly Uint8Array[]) => SchemaDoc<S>
  /** What is here already, in terms of the server's log, as an earlier session told `onUpdate`. */
  readonly position?: Position
  /** Changes are sent only when they are handed to `offer`: for who makes them durable first. */
  readonly offered?: boolean
  /** The last own dot of `doc` that may be sent; all by default. */
  readonly through?: number
  /** Bytes the server may send ahead. */
  readonly windowBytes?: number
}

export interface FollowedEvents {
  /** The state, or the count of pending changes, is another. */
  onStatus?: () => void
  onPeers?: (peers: Peers['peers']) => void
  /** These are stored at the server now. */
  onStored?: (changes: readonly Outgoing[]) => void
  /** The server has stored everything of the own actor up to this dot, as it says over a new connection. */
  onKnown?: (last: number) => void
  /** The server refused something at this time of its clock, microseconds since 1970. */
  onServerTime?: (micros: number) => void
  /** This was applied, and leads to a position of the server's log. */
  onUpdate?: (payload: Uint8Array, position: Position) => void
}

/** Everything up to here is known. */
export type Position = Extract<From, { by: 'position' }>
