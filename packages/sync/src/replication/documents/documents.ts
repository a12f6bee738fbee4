/**
 * The documents of a node, as they go through memory to the store: what comes in is applied, then written, and what is durable
 * is told of. At most one write of a life is out; what comes meanwhile goes into the next, so that a busy life shares flushes.
 */
import { type ChangeHeader, CoreError, type SchemaDoc } from '@joinery/core'
import type { Context } from '../context.ts'

import { sameHash } from '../hash64.ts'
import type { LifeKey } from '../messages/messages.ts'
import type { ActorChoice, StoredLife } from '../ports.ts'
import type { ForkProof } from '../signing/fork-proof.ts'
import { ForkCuts } from './fork-cuts.ts'
import { Intake, Taken } from './intake.ts'
import type { Life, Staged, Via } from './life.ts'
import { Lives } from './lives.ts'
import { openLife } from './open-life.ts'
import { isForkedSummary, isSignedSummary, readSummary, summaryOf } from './summary.ts'
import { isTombstone, joinTombstones } from './tombstone.ts'

/** From so many on those that are no longer recent are cleared away. */
const RECENT_MAX = 1_000

/** Whom the documents tell. */
export interface DocumentEvents {
  /** These parts of a life are durable now. */
  durable(life: Life, parts: readonly Staged[]): void
  /** Something came in for a life whose changes are signed. */
  taken(life: Life, taken: Taken, via: Via | undefined): void
  /** A life was loaded that has proofs of forks. */
  forked(life: Life, proofs: readonly ForkProof[]): void
}

export class Documents {
  readonly lives: Lives
  readonly forks: ForkCuts
  readonly #context: Context
  readonly #events: DocumentEvents
  readonly #loaded = new Set<Life>()
  readonly #failed = new Set<Life>()
  #stagedBytes = 0
  #lastWrite = 0
  readonly #writing = new Map<number, Life>()

  constructor(context: Context, events: DocumentEvents) {
    this.#context = context
    this.#events = events
    this.lives = new Lives(context.hashKey, context.limits.earlyBytesMax)
    this.forks = new ForkCuts(context, {
      open: (life, parts, choice) => this.#open(life, parts, choice),
      stage: (life, parts) => this.stage(life, parts),
      taken: (life, taken, via) => this.#events.taken(life, taken, via),
      damaged: (life) => this.damaged(life.key),
    })
  }

  /** Bytes that wait to be stored, over all lives. */
  get stagedBytes(): number {
    return this.#stagedBytes
  }

  /** When there is something to do again by itself. */
  get dueMs(): number {
    let due = Number.POSITIVE_INFINITY
    for (const life of this.#failed) due = Math.min(due, life.writeAgainAtMs ?? due)
    return Math.min(due, this.forks.dueMs)
  }

  start(stored: readonly StoredLife[]): void {
    for (const { document, incarnation, ended, summary } of stored) {
      const life = this.lives.find({ document, incarnation }) ?? this.lives.create({ document, incarnation })
      const isUnknown = this.#context.options.signing !== undefined && !isSignedSummary(summary)
      const known = ended || isUnknown ? undefined : readSummary(this.#context.hashKey, summary)
      if (known !== undefined) {
        life.restore(known)
        this.lives.update(life)
      }
      if (known === undefined || isForkedSummary(summary)) this.whenLoaded(life, () => {})
    }
  }

  #open(life: Life, parts: readonly Uint8Array[], choice: ActorChoice): SchemaDoc {
    return openLife(this.#context.options, life, { parts, choice })
  }

  /** The life under a name, begun now if there is none; undefined when the node holds as many as it may. */
  obtain(key: LifeKey): Life | undefined {
    const known = this.lives.find(key)
    if (known !== undefined || this.lives.held >= this.#context.limits.livesMax) return known
    const life = this.lives.create(key)
    life.document = this.#open(life, [], 'own')
    this.#keep(life)
    return life
  }

  /** Runs a task as soon as the life is in memory: now, if it is. */
  whenLoaded(life: Life, task: () => void): void {
    life.usedAtMs = this.#context.nowMs
    if ((life.document !== undefined && !life.isHeld) || life.tombstone !== undefined) {
      task()
      return
    }
    life.onceLoaded.push(task)
    if (life.document !== undefined || life.loading) return
    life.loading = true
    this.#context.emit({ type: 'load', life: life.key })
  }

  loaded(key: LifeKey, parts: readonly Uint8Array[], summary?: string): void {
    const life = this.lives.find(key)
    if (life === undefined || !life.loading) return
    const tombstone = parts.length === 1 && isTombstone(parts[0]) ? parts[0] : undefined
    try {
      if (tombstone !== undefined) life.tombstone = tombstone
      else life.settle(this.#open(life, parts, 'own'))
    } catch (error) {
      if (!(error instanceof CoreError)) throw error
      this.damaged(key)
      return
    }
    const sum = readSummary(this.#context.hashKey, summary)
    if (tombstone === undefined && parts.length > 0 && sum !== undefined && !sameHash(sum, life.sum)) {
      this.damaged(key)
      return
    }
    if (life.isDoubted && life.signed?.isSound() === false) {
      this.damaged(key)
      return
    }
    life.isDoubted = false
    life.loading = false
    life.logBytes = parts.reduce((sum, part) => sum + part.length, 0)
    life.snapshotBytes = parts[0]?.length ?? 0
    if (parts.length > 0) this.lives.update(life)
    this.#keep(life)
    const forks = life.signed?.forks
    if (forks !== undefined && forks.size > 0) this.#events.forked(life, [...forks.values()])
    this.forks.loaded(life)
    this.#runTasks(life)
  }

  /** Reads a life anew and looks at every signature in it: most others have another state of it. Not while there is something to store. */
  doubt(life: Life): void {
    if (life.signed === undefined || life.staged.length > 0 || life.writing !== undefined) return
    life.isDoubted = true
    this.#loaded.delete(life)
    life.unload()
    this.whenLoaded(life, () => {})
  }

  /** What is stored cannot be read: begin with nothing, so that peers send everything, which takes the place of it. */
  damaged(key: LifeKey): void {
    const life = this.lives.find(key)
    if (life === undefined) return
    life.loading = false
    life.damaged = true
    life.isDoubted = false
    this.lives.unlist(life)
    life.settle(this.#open(life, [], 'new'))
    this.#keep(life)
    this.#runTasks(life)
  }

  /**
   * This node's actor has written more than is here: an older copy was put back. The life goes on under an actor of its own, and
   * takes what it had written before from those who have it.
   */
  renew(life: Life, then: () => void): void {
    const lost = life.document?.actor.id
    this.whenDurable(life, () => {
      if (life.document?.actor.id === lost) {
        if (!this.#reopen(life)) return
        this.#context.emit({ type: 'renewed', life: life.key })
      }
      then()
    })
    // Of these nobody has said yet that more is known of that actor.
    for (const other of this.#loaded) {
      if (other === life || other.document?.actor.id !== lost) continue
      this.whenDurable(other, () => {
        if (other.document?.actor.id === lost) this.#reopen(other)
      })
    }
  }

  /** Goes on with what a life has under an actor that was never used. Answers false where that cannot be. */
  #reopen(life: Life): boolean {
    const snapshot = life.signed === undefined ? life.snapshot() : undefined
    const parts = life.signed?.parts() ?? (snapshot && [snapshot])
    if (parts === undefined) return false
    life.early.clear()
    life.settle(this.#open(life, parts, 'new'))
    return true
  }

  #runTasks(life: Life): void {
    const tasks = life.onceLoaded
    life.onceLoaded = []
    for (const [at, task] of tasks.entries()) {
      task()
      if (!life.isHeld) continue
      // It waits for the write that is out, and comes before what would give cause for another one.
      life.onceLoaded.push(...tasks.slice(at + 1))
      return
    }
  }

  /** Remembers what is in memory, and lets go of what was not used for longest when there is too much. */
  #keep(life: Life): void {
    this.#loaded.delete(life)
    this.#loaded.add(life)
    if (this.#loaded.size <= this.#context.limits.documentsLoadedMax) return
    for (const old of this.#loaded) {
      if (
        old === life ||
        old.staged.length > 0 ||
        old.writing !== undefined ||
        old.early.size > 0 ||
        old.damaged ||
        old.isPrivate
      )
        continue
      this.#loaded.delete(old)
      old.unload()
      if (old.listed === undefined) this.lives.forget(old)
      return
    }
  }

  /** Runs a task as soon as everything that a life has taken in is durable: now, if it is. */
  whenDurable(life: Life, task: () => void): void {
    if (life.staged.length === 0) task()
    else life.onceDurable.push({ count: life.stagedCount, task })
  }

  /** Forgets a life of which there is nothing. */
  forgetIfEmpty(life: Life): void {
    const isEmpty = life.listed === undefined && life.staged.length === 0 && life.early.size === 0
    if (!isEmpty || life.loading || life.damaged || life.writing !== undefined) return
    this.#loaded.delete(life)
    this.lives.forget(life)
  }

  /**
   * Drops what waits for changes that nobody has: it comes again when they do. Answers false where something of the life is on its way
   * to the store.
   */
  dropEarly(life: Life): boolean {
    if (life.staged.length > 0 || life.writing !== undefined || life.damaged || life.loading) return false
    this.#loaded.delete(life)
    life.unload()
    this.forgetIfEmpty(life)
    return true
  }

  /** Takes what others made, sent by a peer or admitted here. The life must be in memory. */
  take(life: Life, parts: readonly Uint8Array[], via: Via | undefined): Taken {
    const { document } = life
    if (document === undefined || life.tombstone !== undefined) return new Taken()
    if (this.#stagedBytes > this.#context.limits.unstoredBytesMax) {
      const busy = new Taken()
      busy.refused.push('REPLICATION_BUSY')
      return busy
    }
    const taken = new Intake(life, document, via).take(parts)
    this.stage(life, taken.news)
    if (via !== undefined && taken.news.length > 0) {
      this.#context.emit({ type: 'changed', life: life.key, headers: taken.headers })
    }
    if (life.signed !== undefined) this.#events.taken(life, taken, via)
    return taken
  }

  /** Ends a life here, by this node or because a peer did. */
  end(life: Life, tombstone: Uint8Array, how: { readonly ticket: number } | { readonly via: Via }): void {
    const joined = joinTombstones(life.tombstone, tombstone)
    if (joined === life.tombstone) return
    life.tombstone = joined
    life.document = undefined
    life.early.clear()
    const headers: readonly ChangeHeader[] = []
    this.stage(life, [{ bytes: joined, knows: [], headers, ...how }])
    if ('via' in how) this.#context.emit({ type: 'changed', life: life.key, headers })
    this.#runTasks(life)
  }

  /** What is to be stored of a life, and told when it is. */
  stage(life: Life, parts: readonly Staged[]): void {
    for (const part of parts) {
      life.stage(part)
      for (const { actor, first } of part.headers) life.recent.push({ actor, first, atMs: this.#context.nowMs })
      this.#stagedBytes += part.bytes.length
    }
    if (life.recent.length > RECENT_MAX) life.youngerThan(this.#context.nowMs - this.#context.limits.repairAgeMs)
    this.write(life)
  }

  /** Gives out the next write of a life, if there is something to write and none is out. */
  write(life: Life): void {
    const isAnew = life.rewritten < life.rewrites
    if (life.writing !== undefined || (life.staged.length === 0 && !isAnew)) return
    const count = life.staged.length
    const ends = life.tombstone !== undefined
    const staged = life.staged.map(({ bytes }) => bytes)
    const parts = ends ? [life.tombstone as Uint8Array] : isAnew ? (life.signed?.parts() ?? staged) : staged
    const kind = ends ? 'end' : life.damaged || isAnew ? 'replace' : 'append'
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    this.#write(life, kind, parts, count, kind === 'append' ? life.logBytes + bytes : bytes)
  }

  #write(life: Life, kind: 'append' | 'replace' | 'end', parts: Uint8Array[], count: number, logBytes: number): void {
    this.#lastWrite += 1
    life.writing = { write: this.#lastWrite, count, kind, logBytes, rewrites: life.rewrites }
    life.writeAgainAtMs = undefined
    this.#failed.delete(life)
    this.#writing.set(this.#lastWrite, life)
    const summary = summaryOf(this.#context.hashKey, life, life.staged.slice(0, count))
    this.#context.emit({ type: 'write', write: { ...life.key, write: this.#lastWrite, kind, parts, summary } })
  }

  stored(write: number): void {
    const life = this.#writing.get(write)
    const writing = life?.writing
    if (life === undefined || writing?.write !== write) return
    this.#writing.delete(write)
    life.writing = undefined
    const parts = life.staged.splice(0, writing.count)
    for (const { bytes, knows } of parts) {
      life.stagedBytes -= bytes.length
      this.#stagedBytes -= bytes.length
      if (life.tombstone === undefined) life.learn(knows)
    }
    life.storedCount += parts.length
    life.logBytes = writing.logBytes
    if (writing.kind === 'replace') life.snapshotBytes = writing.logBytes
    if (writing.kind !== 'append') life.rewritten = writing.rewrites
    this.lives.update(life)
    for (const { ticket, headers } of parts) {
      if (ticket !== undefined) this.#context.emit({ type: 'admitted', ticket, headers })
    }
    if (life.damaged && writing.kind === 'replace') {
      life.damaged = false
      this.#context.emit({ type: 'repaired', life: life.key })
    }
    this.#events.durable(life, parts)
    while ((life.onceDurable[0]?.count ?? Number.POSITIVE_INFINITY) <= life.storedCount)
      life.onceDurable.shift()?.task()
    if (life.isHeld) {
      life.isHeld = false
      this.#runTasks(life)
    }
    this.#fold(life)
    this.write(life)
  }

  storeFailed(write: number): void {
    const life = this.#writing.get(write)
    if (life === undefined) return
    this.#writing.delete(write)
    life.writing = undefined
    life.writeAgainAtMs = this.#context.nowMs + this.#context.limits.writeAgainMs
    this.#failed.add(life)
  }

  wake(): void {
    for (const life of this.#failed) {
      if ((life.writeAgainAtMs ?? 0) > this.#context.nowMs) continue
      // A fold that failed leaves nothing to be written, and maybe nothing to be folded any more.
      this.#failed.delete(life)
      this.write(life)
      if (life.writing === undefined) this.#fold(life)
    }
    this.forks.wake()
  }

  /** Folds what has become long in the store into a snapshot. */
  #fold(life: Life): void {
    const { foldBytesMin } = this.#context.limits
    if (life.signed !== undefined) return
    if (life.document === undefined || life.staged.length > 0 || life.tombstone !== undefined) return
    if (life.logBytes < Math.max(foldBytesMin, 4 * life.snapshotBytes)) return
    const snapshot = life.snapshot()
    if (snapshot !== undefined) this.#write(life, 'replace', [snapshot], 0, snapshot.length)
  }
}
