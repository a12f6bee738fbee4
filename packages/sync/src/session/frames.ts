/**
 * The frames of live sync; `docs/PROTOCOL.md` describes them byte by byte. A frame is one message of the transport: a kind, then
 * its members in order. What a document is made of (changes, bundles, snapshots) travels as it is, see `docs/FORMAT.md`.
 */

/**
 * Versions of the protocol, the oldest that is still spoken and what each brought:
 * 1: the first.
 * 2: payloads of `update`, `chunk`, `changes` and `upload` may be deflated.
 */
export const protocolVersions = { oldest: 1, deflating: 2 } as const

/** Required features: a bit that one side sets and the other does not know ends the connection. None so far. */
export const knownFeatures = 0

export const kinds = {
  hello: 0x01,
  subscribe: 0x02,
  changes: 0x03,
  presence: 0x04,
  unsubscribe: 0x05,
  credit: 0x06,
  ping: 0x07,
  pong: 0x08,
  upload: 0x09,
  welcome: 0x41,
  subscribed: 0x42,
  update: 0x43,
  chunk: 0x44,
  synced: 0x45,
  ack: 0x46,
  refused: 0x47,
  peers: 0x48,
  closed: 0x49,
  goodbye: 0x4a,
} as const

/** Who connects. The first frame of a client, due within `helloMsMax`. */
export interface Hello {
  readonly kind: 'hello'
  /** Versions of the protocol that the client speaks. */
  readonly versions: readonly [min: number, max: number]
  readonly features: number
  readonly tenant: string
  /** The replica that writes through this connection. */
  readonly node: string
  /** API key or token; empty where none is needed. */
  readonly credential: string
  /** Name and version of the software, for the log. */
  readonly agent: string
}

export interface Welcome {
  readonly kind: 'welcome'
  readonly version: number
  readonly features: number
  /** Scope of every log position. */
  readonly storeId: string
  /** Names this connection in logs and in presence. */
  readonly session: string
  /** The server's clock, microseconds since 1970. */
  readonly serverMicros: number
  readonly frameBytesMax: number
  /** The client sends something at least this often. */
  readonly heartbeatMs: number
}

/** What a client has of a document already. */
export type From =
  | { readonly by: 'nothing' }
  /** Everything up to a position of the log. */
  | { readonly by: 'position'; readonly storeId: string; readonly incarnation: string; readonly version: number }
  | { readonly by: 'vector'; readonly incarnation: string; readonly entries: readonly (readonly [string, number])[] }

/** Part of a transfer that arrived before the connection was lost. */
export interface Resume {
  readonly transfer: string
  readonly offset: number
}

export interface Subscribe {
  readonly kind: 'subscribe'
  /** Number of the request, chosen by the client. */
  readonly request: number
  readonly id: string
  /** Type of the document, which is created as such by the first change if there is none. */
  readonly type: string
  /** The actor that writes here; its changes are not sent back. Empty for a reader. */
  readonly actor: string
  /** Bytes the server may send ahead of `credit`. */
  readonly window: number
  readonly from: From
  readonly resume: Resume | undefined
}

/** What a server has stored of the subscriber's actor. */
export interface Known {
  /** The last dot: later changes are to be sent. */
  readonly known: number
  /** The check over the change that ends with it, 0 without one: a copy of the subscriber may have made another. */
  readonly knownCheck: number
}

export interface Subscribed extends Known {
  readonly kind: 'subscribed'
  readonly request: number
  /** Names the document on this connection from now on. */
  readonly handle: number
  /** Empty while the document does not exist. */
  readonly incarnation: string
  readonly version: number
  /** Bytes that the server sends ahead of `credit`: at most what was asked for, unless that is less than a frame. */
  readonly window: number
}

export interface Changes {
  readonly kind: 'changes'
  readonly handle: number
  /** Grows by one per batch of a connection and document. */
  readonly batch: number
  /** Tell also that the batch was received, before it is stored. */
  readonly tellReceived: boolean
  /** Begins again after a refusal: batches between the refused one and this one are passed over. */
  readonly restart: boolean
  /** A bundle of changes. */
  readonly payload: Uint8Array
}

/** Part of a batch that is too large for a frame. Parts come in order, and one batch of a connection at a time. */
export interface Upload extends Omit<Changes, 'kind'> {
  readonly kind: 'upload'
  readonly total: number
  readonly offset: number
}

/** State of the sender that nobody stores: cursor, name, colour. Empty: gone. */
export interface Presence {
  readonly kind: 'presence'
  readonly handle: number
  readonly state: Uint8Array
}

export interface Unsubscribe {
  readonly kind: 'unsubscribe'
  readonly handle: number
}

/** The client took so many bytes of a document since it subscribed. */
export interface Credit {
  readonly kind: 'credit'
  readonly handle: number
  readonly bytes: number
}

export interface Ping {
  readonly kind: 'ping' | 'pong'
  readonly nonce: number
}

/** Everything between the version before and this one, as a bundle or snapshot. */
export interface Update {
  readonly kind: 'update'
  readonly handle: number
  readonly version: number
  readonly payload: Uint8Array
}

/** Part of an update that is too large for a frame. */
export interface Chunk {
  readonly kind: 'chunk'
  readonly handle: number
  readonly version: number
  /** Names the transfer, so that it can be resumed. */
  readonly transfer: string
  readonly total: number
  readonly offset: number
  readonly payload: Uint8Array
}

/** The client has everything that was there when it subscribed. */
export interface Synced {
  readonly kind: 'synced'
  readonly handle: number
  readonly version: number
}

export type AckLevel = 'received' | 'stored'

/** All batches up to this one have reached the level, but those refused. */
export interface Ack {
  readonly kind: 'ack'
  readonly handle: number
  readonly batch: number
  readonly level: AckLevel
  readonly version: number
}

/** A batch was not taken, or only its first changes were; or, with batch 0, a subscription was not. */
export interface Refused {
  readonly kind: 'refused'
  /** Handle of the document; number of the request for a subscription. */
  readonly handle: number
  readonly batch: number
  /** So many changes of the batch were stored. */
  readonly accepted: number
  readonly code: string
  readonly message: string
  readonly retryAfterMs: number
  readonly serverMicros: number
}

/** Presence of others that is new; an empty state: gone. */
export interface Peers {
  readonly kind: 'peers'
  readonly handle: number
  readonly peers: readonly { readonly session: string; readonly node: string; readonly state: Uint8Array }[]
}

/** The subscription ended. */
export interface Closed {
  readonly kind: 'closed'
  readonly handle: number
  readonly code: string
  readonly message: string
}

/** The connection ends. Connect again after `retryAfterMs`, spread at random over `windowMs`. */
export interface Goodbye {
  readonly kind: 'goodbye'
  readonly code: string
  readonly message: string
  readonly retryAfterMs: number
  readonly windowMs: number
}

export type ClientFrame = Hello | Subscribe | Changes | Upload | Presence | Unsubscribe | Credit | Ping
export type ServerFrame =
  | Welcome
  | Subscribed
  | Update
  | Chunk
  | Synced
  | Ack
  | Refused
  | Peers
  | Closed
  | Goodbye
  | Ping
export type Frame = ClientFrame | ServerFrame
