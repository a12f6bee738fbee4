/** What the client asks of a storage that several tabs share, and how a document is kept in a tab of which another one leads. */
import type { ActorId, FieldSpecs, SchemaDoc } from '@joinery/core'
import type { SessionRefusal } from '@joinery/sync'
import type { OpenWebSocket } from '@joinery/transport/websocket'
import type { Place } from './place.ts'
import type { ParkedEdit } from './records.ts'
import type { ReplicaOptions } from './replica.ts'

export interface Tabs {
  /** Opens sockets that share one connection of all tabs. */
  shareSocket(open: OpenWebSocket): OpenWebSocket
  /** Keeps a document from being opened in any tab until what it answers is called; `taken` where one has it. */
  alone(tenant: string, id: string): Promise<(() => void) | 'taken'>
  /** A document that another tab may have, too. */
  replica<S extends FieldSpecs>(options: ReplicaOptions<S>): DocReplica<S>
}

/** A document as its handle has it. */
export interface DocReplica<S extends FieldSpecs> {
  /** Resolves when what the storage has is here. */
  readonly loaded: Promise<void>
  readonly isReady: boolean
  readonly isLive: boolean
  readonly doc: SchemaDoc<S>
  readonly pending: number
  readonly undurable: number
  readonly storedAtMs: number | undefined
  readonly refusal: SessionRefusal | undefined
  readonly refused: readonly ParkedEdit[]
  readonly refusedCount: number
  present(state: Uint8Array): void
  change(mutate: (root: SchemaDoc<S>['root']) => void): boolean
  requireWritable(): void
  saved(): Promise<void>
  durable(): Promise<void>
  retry(): Promise<void>
  discard(): Promise<void>
  move(place: Place): Promise<void>
  close(): Promise<void>
  abandon(): void
}

/** What goes from a tab to the one that leads a document. */
export type ToLeader =
  | { readonly is: 'hello' }
  /** From now on this tab writes under this actor, and has so much. */
  | {
      readonly is: 'follow'
      readonly actor: ActorId
      readonly incarnation: string
      readonly known: readonly (readonly [ActorId, number])[]
    }
  | { readonly is: 'changes'; readonly life: string; readonly changes: readonly Uint8Array[] }
  /** Changes of a life that has ended: nobody may lose them. */
  | { readonly is: 'park'; readonly changes: readonly Uint8Array[] }
  | { readonly is: 'present'; readonly state: Uint8Array }
  | { readonly is: 'retry' | 'discard' | 'leave' }

/** What goes from the tab that leads a document to the others. */
export type FromLeader =
  /** Actors that nobody writes under now, unless a lock says so. */
  | { readonly is: 'actors'; readonly actors: readonly ActorId[] }
  /** The actor cannot be had after all: another one. */
  | { readonly is: 'taken' }
  | {
      readonly is: 'state'
      readonly life: string
      readonly incarnation: string
      /** What leads to it without what the server has not stored; where it is not all of it, what the tab lacks. */
      readonly base: readonly Uint8Array[]
      readonly unstored: readonly Uint8Array[]
      /** Whether this takes the place of what the tab has. */
      readonly anew: boolean
      /** Whether the dots of the state before went into this one. */
      readonly goesOn?: boolean
    }
  | { readonly is: 'changes'; readonly life: string; readonly bytes: Uint8Array }
  /** By actor and last dot. */
  | { readonly is: 'durable' | 'stored'; readonly names: readonly string[] }
  | { readonly is: 'peers'; readonly peers: Parameters<ReplicaOptions<FieldSpecs>['onPeers']>[0] }
  | LeaderStatus

export interface LeaderStatus {
  readonly is: 'status'
  readonly live: boolean
  readonly pending: number
  readonly storedAtMs: number | undefined
  readonly refusal: { readonly code: SessionRefusal['code']; readonly message: string } | undefined
  readonly refused: readonly ParkedEdit[]
}
