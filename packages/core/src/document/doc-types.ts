/** What `Doc` takes and tells. */
import type { Actor } from '../causality/actor.ts'
import type { Dot } from '../causality/dot.ts'
import type { Container } from '../kernel/container.ts'
import type { Patch, Path } from '../kernel/patch.ts'
import type { TypeTable } from '../kernel/spec.ts'
import type { ChangeHeader, ChangeNote } from './change.ts'
import type { FieldSpecs, Schema } from './schema.ts'

export interface DocOptions<S extends FieldSpecs> {
  /** Root fields; left out for documents that only tools open. */
  readonly schema?: Schema<S>
  readonly actor: Actor
  /**
   * Makes the types that arrive from elsewhere. By default those that the schema names, of a `Doc` all. A document that is told
   * of others keeps their changes, but refuses to make snapshots, and to load those that hold them.
   */
  readonly types?: TypeTable
  /**
   * Whether what `change` answers, and what listeners are told of it, has a buffer of its own: for who transfers buffers, writes
   * into them, or keeps few of many changes. By default it is a view of the document's log, which costs less and is not to be
   * changed.
   */
  readonly copies?: boolean
  /**
   * Whether the past is kept for `at` and `diff`, up to `limits.logBytesMax`. Without it a log that has grown beyond
   * `limits.recentLogBytesMax`, and beyond eight times the document, is folded into a snapshot: replicas that are further behind are
   * brought up to date by that.
   */
  readonly history?: boolean
}

/** Tells one life of a document from the next under the same id: 96 random bits or more, as text. */
export interface NewDocOptions<S extends FieldSpecs> extends DocOptions<S> {
  readonly incarnation: string
}

/** What an author had seen of a document. */
export interface Observed {
  sees(dot: Dot): boolean
  /** The container at a path as it was then: counters have no dots that `sees` could be asked about. */
  find?(path: Path): Container | undefined
}

export interface ChangeOptions extends ChangeNote {
  /** Make a change, taking one dot, even if `mutate` changes nothing. */
  readonly evenIfEmpty?: boolean
  /** Time of the change in microseconds, if not now by the actor's clock. */
  readonly timeMicros?: number
  /**
   * What the author had seen, where that is less than what is here: removals and overwrites take away only dots for which
   * this holds. Used by hosts that write on behalf of others.
   */
  readonly observed?: Observed
}

export interface ApplyOptions {
  /**
   * The latest time, microseconds since 1970, that a write or move may carry: for whoever admits what others made, once, before it
   * is anybody else's. Without it all times are taken.
   */
  readonly timeMaxMicros?: number
}

export interface ApplyResult {
  /** Headers of the changes applied, in order; a snapshot counts as none. */
  readonly applied: readonly ChangeHeader[]
  /** Changes that waited and turned out to contradict the history they waited for: forks, dropped here. */
  readonly refused: readonly ChangeHeader[]
  /** Changes that were known already. */
  readonly duplicates: number
  /** Changes that wait for others now; see `missing`. */
  readonly waiting: number
  /** Whether the document is another than before. */
  readonly changed: boolean
}

/** What subscribers are told, once per change. */
export interface DocEvent {
  readonly origin: 'local' | 'remote'
  /** Absent for a snapshot. */
  readonly header: ChangeHeader | undefined
  /** Bytes of the change, to be stored or sent; absent for a snapshot. */
  readonly bytes: Uint8Array | undefined
  readonly patches: readonly Patch[]
}
