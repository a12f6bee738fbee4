/** What a document still has of its past: the state before the log, and the log. */
import type { ActorId, ActorTable } from '../causality/actor.ts'
import { VersionVector } from '../causality/version-vector.ts'
import { refuse } from '../errors.ts'
import type { Patch } from '../kernel/patch.ts'
import * as limits from '../limits.ts'
import { encodeBundle } from './bundle.ts'
import { ChangeLog } from './change-log.ts'
import type { DocEvent } from './doc-types.ts'
import type { Past } from './past.ts'

/** Who reads the past: nobody writes under it. */
export const PAST_ACTOR: ActorId = 'past~----------------' as ActorId

/** Joined snapshots that are kept as they came, because writing the whole document anew costs as much as joining them. */
const BASE_PARTS_MAX = 4
/** A log that is not kept for its own sake may be so many times as long as the state before it. */
const LOG_PER_BASE = 8

/** A document of which changes are played again. */
interface Replayed {
  subscribe(listener: (event: DocEvent) => void): unknown
  apply(bytes: Uint8Array): unknown
}

export class History {
  readonly log: ChangeLog = new ChangeLog()
  /** What leads to the state before the log, to be applied in order: snapshots and bundles. Empty where nothing comes before. */
  base: readonly Uint8Array[] = []
  baseVersion: VersionVector = new VersionVector()
  readonly #actors: ActorTable
  readonly #past: Past
  readonly #whole: boolean
  /** The log may have as many bytes. */
  #logBytesMax: number

  /** @param whole whether the past is kept as far as possible, or what is needed only. */
  constructor(actors: ActorTable, past: Past, whole: boolean) {
    this.#actors = actors
    this.#past = past
    this.#whole = whole
    this.#logBytesMax = whole ? limits.logBytesMax : limits.recentLogBytesMax
  }

  /** Whether the log has grown so long that it is to begin anew. */
  get isLong(): boolean {
    return this.log.byteLength > this.#logBytesMax
  }

  /** The log begins anew, behind this snapshot of everything. */
  restart(base: Uint8Array): void {
    this.#begin([base])
  }

  /** The log begins anew behind a snapshot that was joined. Answers false when there are too many of these to be kept apart. */
  join(snapshot: Uint8Array): boolean {
    const log = this.log.count === 0 ? [] : [encodeBundle(this.log.select(() => true))]
    if (this.base.length + log.length >= BASE_PARTS_MAX) return false
    this.#begin([...this.base, ...log, snapshot])
    return true
  }

  #begin(base: readonly Uint8Array[]): void {
    this.base = base
    this.baseVersion = this.#past.version()
    this.log.clear()
    if (this.#whole) return
    // Writing a snapshot of a large document costs more, so it is written after more changes.
    const size = base.reduce((sum, part) => sum + part.length, 0)
    this.#logBytesMax = Math.min(Math.max(limits.recentLogBytesMax, LOG_PER_BASE * size), limits.logBytesMax)
  }

  /** What a replica at a version lacks, as one bundle; undefined where the log does not reach back so far. */
  changesSince(version: VersionVector): Uint8Array | undefined {
    for (const [actor, counter] of this.baseVersion.entries()) if (version.get(actor) < counter) return undefined
    return encodeBundle(this.log.select((actor, last) => version.get(this.#actors.id(actor)) < last))
  }

  /** The changes of the log that a version includes. Throws `CORE_PRECONDITION_FAILED` for one too old, or unknown here. */
  changesUpTo(version: VersionVector): Uint8Array[] {
    for (const [actor, counter] of this.baseVersion.entries()) {
      if (version.get(actor) < counter) refuse('CORE_PRECONDITION_FAILED', 'that version is not kept here')
    }
    for (const [actor, counter] of version.entries()) {
      if (this.#past.known(actor) < counter) refuse('CORE_PRECONDITION_FAILED', 'that version is not known here')
    }
    return this.log.select((actor, last) => last <= version.get(this.#actors.id(actor)))
  }

  /** The same, for a version that another one comes before. */
  changesBetween(from: VersionVector, to: VersionVector): Uint8Array[] {
    if (!['before', 'equal'].includes(from.compare(to))) {
      refuse('CORE_PRECONDITION_FAILED', 'the versions are not in order')
    }
    return this.changesUpTo(to)
  }
}

/** What changes do to a document that they follow. */
export function patchesOf(past: Replayed, changes: readonly Uint8Array[]): Patch[] {
  const patches: Patch[] = []
  past.subscribe((event) => {
    for (const patch of event.patches) patches.push(patch)
  })
  for (const bytes of changes) past.apply(bytes)
  return patches
}
