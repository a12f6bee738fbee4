/** What an application sees of the client: documents that are on the device, change at once, and follow the server's. */
import type { FieldSpecs, Fields, JsonValue, Patch, Path, Schema, TypeTable } from '@joinery/core'
import type { Packer, RefusalCode, Store } from '@joinery/sync'
import type { OpenWebSocket } from '@joinery/transport/websocket'
import type { ClientError } from '../errors.ts'
import type { Fetch, Host } from '../host.ts'
import type { LiveLimits } from './limits.ts'
import type { Tabs } from './tabs.ts'
import type { Shelf } from './undo-keeper.ts'

/** Answers a key, such as a token that expires. Asked again when the server no longer takes the one before. */
export type AskKey = () => string | Promise<string>

export interface ClientOptions {
  /** Where the server is: `http:` or `https:`, without `/v1`. */
  readonly url: string
  readonly tenant: string
  /** The name of this device among those of the tenant, 1 to 128 bytes of text. One per storage. */
  readonly nodeId: string
  readonly auth?: string | AskKey
  /**
   * Where documents and unsent edits are kept on this device; closed with the client. Without it they are gone when the process
   * or page ends, and `status.storage.warning` says so.
   */
  readonly storage?: Store | Promise<Store> | StorageProvider
  /** Opens a WebSocket: needed where the platform has none, such as Node 20 (`openSocket` of `@joinery/client/node`). */
  readonly openSocket?: OpenWebSocket
  /**
   * Deflate, so that documents travel at a fraction of their size: `compression` of `@joinery/client/node`, or in a page a `Packer` of
   * `@joinery/sync` over a library that works at once. Without it everything works, and is sent as it is.
   */
  readonly compression?: Packer
  readonly fetch?: Fetch
  /** Clock, timers and randomness. */
  readonly host?: Host
  readonly limits?: Partial<LiveLimits>
}

/** Opens the storage when it is needed, and again when it was taken away, as browsers do: `browserStorage` of `@joinery/client/browser`. */
export interface StorageProvider {
  /** Undefined where the platform does not let anything be kept; rejects where it does and that cannot be read. */
  open(): Promise<ProvidedStore | undefined>
  /** Where several tabs share it. */
  readonly tabs?: Tabs | undefined
  /** Where a tab keeps what is its own, such as steps of undo; the store where it is left out. */
  readonly shelf?: Shelf | undefined
}

export interface ProvidedStore extends Store {
  /** Resolves when the store is of no more use, because what it had was taken away. */
  readonly lost?: Promise<unknown>
}

/** Opened by `createClient`. */
export interface Client {
  /**
   * The document with this id, as a handle that is there at once; the same one until it was closed as often as it was opened.
   * It need not exist: its first change, online or not, begins it. Throws `CLIENT_ARGUMENT`, `CLIENT_CLOSED`.
   */
  open<S extends FieldSpecs>(id: string, schema: Schema<S>, options?: OpenOptions): LiveDoc<S>
  /**
   * Deletes a document at the server, for everybody, and here. Needs the server: rejects with `CLIENT_OFFLINE` where it cannot be
   * reached, `CLIENT_REFUSED` where it refuses.
   */
  delete(id: string): Promise<void>
  /**
   * Takes a document off this device; the server keeps it. Rejects with `CLIENT_DOCUMENT_OPEN` where it is open, in this client or another
   * tab, and with `CLIENT_UNSENT` where edits of it are not at the server.
   */
  forget(id: string, options?: ForgetOptions): Promise<void>
  /** The same object until something in it changes. */
  readonly status: ClientStatus
  /** Calls back when `status` is another; answers what ends it. */
  onStatus(listener: () => void): () => void
  /** Tries to connect at once instead of waiting for the next attempt. */
  connectNow(): void
  /** Writes what is not durable yet, ends the connection and closes the storage. What was not sent stays there. */
  close(): Promise<void>
}

export interface ForgetOptions {
  /** `drop`: edits that are not at the server are lost, and so is what was damaged. By default both are refused. */
  readonly unsent?: 'drop'
}

export interface OpenOptions {
  /** Type of the document at the server; `doc`, of any fields, by default. */
  readonly type?: string
  /**
   * Makes types that arrive and the schema does not name (`allTypes` of `@joinery/core`). Without it a document that holds others
   * is refused.
   */
  readonly types?: TypeTable
}

export interface ClientStatus {
  /** Whether the server greeted us over the present connection. */
  readonly online: boolean
  /** Changes that the server has not stored, over all open documents. */
  readonly pending: number
  /** What went wrong last with the connection or the storage; undefined once it is well again. */
  readonly lastError: ClientError | undefined
  readonly storage: StorageStatus
}

export interface StorageStatus {
  readonly durable: boolean
  /** To be shown to people: why edits may be lost with this page or process. */
  readonly warning: string | undefined
}

export type DocConnection =
  /** Online, and catching up. */
  | 'connecting'
  /** What others change arrives as it is stored. */
  | 'live'
  /** No connection: edits are kept and sent later. */
  | 'offline'
  /** The server does not take the document, or an edit of it: see `refused` and `status.lastError`. */
  | 'refused'

export interface DocStatus {
  readonly connection: DocConnection
  /** Changes made here that the server has not stored. */
  readonly pending: number
  /** When the server last stored something that was changed here, milliseconds since 1970; undefined before. */
  readonly storedAtMs: number | undefined
  /** Changes made here that are not durable on this device yet. */
  readonly durable: number
  /** Edits in `refused`. */
  readonly refused: number
  readonly lastError: ClientError | undefined
}

/** What listeners of a document are told. */
export interface LiveDocEvent {
  /**
   * Who changed it; `reset` when another state took the place of the one before, as after loading or discarding: `root` is
   * another then.
   */
  readonly origin: 'local' | 'remote' | 'reset'
  /** What changed, by path; empty for `reset`. */
  readonly patches: readonly Patch[]
}

export interface LiveDoc<S extends FieldSpecs = FieldSpecs> {
  readonly id: string
  /**
   * Resolves when what this device has of the document is loaded; needs no server. Rejects with a `CLIENT_STORAGE…` code.
   */
  readonly ready: Promise<void>
  readonly isReady: boolean
  /**
   * The fields, to read at any time and to change inside `change`. Empty before `ready`. Read it anew rather than keep it: after
   * a `reset` it is another.
   */
  readonly root: Fields<S>
  /**
   * Makes one atomic change here, at once; it is stored on the device and sent in the background. Answers whether anything
   * changed. When `mutate` throws nothing of it stays. Throws `CLIENT_NOT_READY`, `CLIENT_QUEUE_FULL`, `CLIENT_CLOSED`.
   */
  change(mutate: (root: Fields<S>) => void): boolean
  toJSON(): JsonValue
  /** The whole document, to be kept elsewhere: `Doc.load` reads it. Equal on all that know the same, byte for byte. */
  snapshot(): Uint8Array
  /** Calls back after each change, whoever made it; answers what ends it. */
  subscribe(listener: (event: LiveDocEvent) => void): () => void
  /** Calls back with the value at a path when it changed there or below; undefined where there is none. */
  select(path: Path, listener: (value: JsonValue | undefined) => void): () => void
  /** Calls back with what a function reads when that is another than before. */
  select<T>(selector: (root: Fields<S>) => T, listener: (value: T) => void): () => void
  /** The same object until something in it changes. */
  readonly status: DocStatus
  /** Calls back when `status` or `refused.list` is another; answers what ends it. */
  onStatus(listener: () => void): () => void
  /**
   * Resolves when everything changed here until now is stored at the server. Rejects with `CLIENT_REFUSED` when the server will
   * not take it, `CLIENT_CLOSED` when the document is closed first: it is then sent when it is opened again.
   */
  saved(): Promise<void>
  /** Resolves when everything changed here until now survives the end of this process. */
  durable(): Promise<void>
  readonly refused: RefusedEdits
  readonly presence: Presence
  /**
   * Takes back what was changed here since `undo` was first looked at, where its effect still shows. Steps are kept with the
   * storage, the youngest hundred in each direction; in a page with the tab.
   */
  readonly undo: Undo
  /** Lets go of the handle once it was closed as often as it was opened. Resolves when its edits are durable here. */
  close(): Promise<void>
}

/** Edits that the server will not take, each until the application decides. */
export interface RefusedEdits {
  /** The same array until it changes. */
  readonly list: readonly RefusedEdit[]
  /** Sends them again: permission may have been given meanwhile. */
  retry(): Promise<void>
  /** Drops them: the document goes back to what the server has. Resolves when that is durable here. */
  discard(): Promise<void>
  /** All of them, to be kept elsewhere. */
  export(): RefusedExport
}

export interface RefusedEdit {
  /** Names it, also after a restart. */
  readonly id: string
  /** Why; `behind` for an edit that was made on top of a refused one. */
  readonly code: RefusalCode | 'behind'
  readonly message: string
  /** When it was made by this device's clock, milliseconds since 1970. */
  readonly madeAtMs: number
  /** What it changed. */
  readonly patches: readonly Patch[]
}

export interface RefusedExport {
  readonly id: string
  readonly edits: readonly (RefusedEdit & { /** The change as it is encoded, base64. */ readonly change: string })[]
  /** The document as it is shown here, with them. */
  readonly value: JsonValue
}

/** Who else is in the document. Nobody stores it. */
export interface Presence<P extends JsonValue = JsonValue> {
  /**
   * Tells the others of oneself: cursor, name, colour. Sent at most every `presenceMsMin`, the latest state always; undefined:
   * gone. Throws `CLIENT_ARGUMENT` above `presenceBytesMax`.
   */
  set(state: P | undefined): void
  /** By session. The same object until it changes. Who is silent for `presenceMsMax` is no longer in it. */
  readonly others: ReadonlyMap<string, PresencePeer<P>>
  /** Calls back when `others` is another; answers what ends it. */
  subscribe(listener: () => void): () => void
}

export interface PresencePeer<P extends JsonValue = JsonValue> {
  readonly session: string
  readonly node: string
  readonly state: P
}

export interface Undo {
  readonly canUndo: boolean
  readonly canRedo: boolean
  /** Takes back the last step; answers whether anything changed. */
  undo(): boolean
  redo(): boolean
  /** The next change is a step of its own, however soon it comes. */
  stopGrouping(): void
}
