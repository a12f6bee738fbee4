/** What a session needs from its host: a connection, time, and documents. */
import type { Feed } from './feed.ts'
import type { From, Hello, Known, Subscribe } from './frames.ts'
import type { PresenceBoard } from './presence-board.ts'

/** One connection, whatever carries it. Frames arrive whole and in order, or the connection ends. */
export interface Link {
  send(frame: Uint8Array): void
  /** Bytes that were handed to `send` and have not left yet. */
  readonly waitingBytes: number
  /** Ends the connection when what was sent has left. */
  close(code: LinkClose): void
  /** Ends the connection at once: the other end does not take what it is sent. */
  drop(): void
}

/** Close codes of WebSocket, RFC 6455 section 7.4. */
export type LinkClose = 1000 | 1001 | 1002 | 1008 | 1009 | 1011 | 1013

export interface Scheduler {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Runs a task once, later; answers what takes it back. */
  after(ms: number, task: () => void): () => void
  /** Runs a task at the end of the turn, after what has arrived by then. */
  soon(task: () => void): void
}

/** Who is at the other end, as the host knows them. */
export interface Principal {
  readonly tenant: string
  readonly node: string
  /** Id of the key that vouches for them, where the host has keys. */
  readonly key?: string
}

/** What a replica lacks. */
export interface CatchUp {
  /** A bundle or a snapshot; empty when nothing is lacking. */
  readonly payload: Uint8Array
  /** Version of the log that it leads to. */
  readonly version: number
  /** Names exactly these bytes, so that a lost connection need not fetch them again from the start. */
  readonly transfer: string
}

export interface Submission {
  readonly principal: Principal
  /** Tells whose changes they are, so that they are not sent back. */
  readonly source: object
  readonly type: string
  /** A bundle of changes. */
  readonly payload: Uint8Array
}

/** What became of a submission: all of it is stored when there is no refusal. */
export interface Verdict {
  /** Changes stored, or known before. */
  readonly accepted: number
  /** Version of the log with them. */
  readonly version: number
  /** A `SessionRefusal` for what comes after the accepted ones. */
  readonly refusal?: unknown
}

/** A document that a host serves to many sessions. */
export interface HostedDocument {
  /** Names the document in frames, on every connection of this host alike, so that one frame serves all. */
  readonly handle: number
  readonly feed: Feed
  readonly presence: PresenceBoard
  /** Empty while the document does not exist. */
  readonly incarnation: string
  /**
   * What a replica lacks, or the first part of it: asked again with the version that it leads to, it answers what follows. Each
   * answer leads further. Throws `SessionRefusal`.
   */
  catchUp(from: From, resume: string | undefined): Promise<CatchUp>
  /** Resolves when what it accepts is durable. Never rejects but by a fault of the host. */
  submit(submission: Submission): Promise<Verdict>
  /** The session has gone. */
  release(): void
}

/** A document as one session found it. */
export interface Opened extends Known {
  readonly document: HostedDocument
}

export interface SessionHost {
  readonly storeId: string
  /** Who this is. Throws `SessionRefusal`. */
  admit(hello: Hello): Promise<Principal>
  /** Throws `SessionRefusal`. */
  open(principal: Principal, request: Subscribe): Promise<Opened>
}
