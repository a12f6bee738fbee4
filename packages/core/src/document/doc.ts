/**
 * A document: the unit of replication, storage, permission and versioning. Local changes are made in `change`, changes from
 * elsewhere come in by `apply`, and replicas that were given changes with the same causal closure are equal, whatever the
 * order and repetitions.
 *
 * Cost: a change costs what it touches; `apply` costs what the change touched; `snapshot` and `load` cost the document.
 */
import type { Actor, ActorId } from '../causality/actor.ts'
import { CausalContext } from '../causality/causal-context.ts'
import { type Dot, dotActor, dotCounter, packDot } from '../causality/dot.ts'
import { VersionVector } from '../causality/version-vector.ts'
import type { JsonValue } from '../codec/json.ts'
import { Reader } from '../codec/reader.ts'
import { refuse } from '../errors.ts'
import { Decoder, Encoder, reusedActor } from '../kernel/codec.ts'
import type { Container, Place } from '../kernel/container.ts'
import { Interval } from '../kernel/dots.ts'
import { KIND_BUNDLE, KIND_CHANGE, KIND_SNAPSHOT } from '../kernel/frame.ts'
import type { Patch, Path } from '../kernel/patch.ts'
import { SELF, Site } from '../kernel/site.ts'
import type { Spec } from '../kernel/spec.ts'
import { limits } from '../limits.ts'
import { Struct } from '../types/struct.ts'
import type { TypeName } from '../types/tags.ts'
import { encodeBundle, readBundle } from './bundle.ts'
import { CausalBuffer, type MissingRange } from './causal-buffer.ts'
import {
  type Beginning,
  type Change,
  type ChangeHeader,
  type ChangeNote,
  checkIncarnation,
  checkNote,
  encodeChange,
  type Head,
  lastOf,
  NO_DEPS,
  readChange,
  withNote,
} from './change.ts'
import { ChangeLog } from './change-log.ts'
import { checkChanges, forked, otherLife } from './check-changes.ts'
import type { ApplyResult, ChangeOptions, DocEvent, DocOptions, NewDocOptions, Reading } from './doc-types.ts'
import { findContainer } from './find.ts'
import { allTypes } from './registry.ts'
import { type FieldSpecs, type Fields, type Schema, struct } from './schema.ts'
import { encodeSnapshot, joinHeads, readSnapshot, type Snapshot } from './snapshot.ts'
import { versionHash } from './version-hash.ts'

export class Doc<S extends FieldSpecs = FieldSpecs> {
  readonly #context = new CausalContext()
  readonly #site: Site
  readonly #root: Struct
  readonly #schema: Schema<S> | undefined
  #fields: Fields<S> | undefined
  readonly #actor: Actor
  #incarnation: string
  #checks: number[] = []
  #heads = new Set<number>()
  #timeMicros = 0
  readonly #log = new ChangeLog()
  readonly #buffer = new CausalBuffer()
  /** State before the log, so that a change that fails half-way can be taken back. */
  #base: Uint8Array | undefined
  #baseVersion = new VersionVector()
  /** Holds containers of types this build does not know: its changes must be kept, a snapshot would lose them. */
  #opaque = false
  /** Actors up to here are referred to by what was applied. */
  #actorsKept = 0
  readonly #listeners = new Set<(event: DocEvent) => void>()
  /** What the next change from elsewhere probably begins with: what the last one did. */
  #likely: Beginning | undefined

  constructor(options: NewDocOptions<S>) {
    this.#actor = options.actor
    this.#schema = options.schema
    checkIncarnation(options.incarnation)
    this.#incarnation = options.incarnation
    this.#site = new Site(options.actor, false, this.#context)
    this.#site.types = allTypes
    const place: Place = { site: this.#site, parent: undefined, step: '', removable: false, depth: 0 }
    this.#root = new Struct(place)
  }

  /**
   * A document from what was stored: a snapshot, changes or bundles, in order. The actor continues where they have it.
   * Throws `CORE_DECODE_*`, and `CORE_PRECONDITION_FAILED` when nothing of it names the incarnation.
   */
  static load<S extends FieldSpecs = FieldSpecs>(
    parts: Uint8Array | readonly Uint8Array[],
    options: DocOptions<S>,
  ): Doc<S> {
    const doc = new Doc<S>({ ...options, incarnation: '' })
    doc.#site.resuming = true
    for (const part of parts instanceof Uint8Array ? [parts] : parts) doc.apply(part)
    doc.#site.resuming = false
    doc.#site.resumeAfter(doc.#context.prefix(SELF))
    if (doc.#incarnation === '') refuse('CORE_PRECONDITION_FAILED', 'nothing to load')
    return doc
  }

  get incarnation(): string {
    return this.#incarnation
  }

  get actor(): Actor {
    return this.#actor
  }

  /** The root fields, to read at any time and to change inside `change`. */
  get root(): Fields<S> {
    this.#fields ??= (this.#schema ?? (struct({}) as unknown as Schema<S>)).handle(this.#root)
    return this.#fields
  }

  /** A root field that the schema need not know. */
  field<H>(name: string, spec: Spec<H>): H {
    return spec.handle(this.#root.field(name, spec))
  }

  /** The container at a path of field names, map keys and list indices; undefined when there is none. */
  find(path: Path, type?: TypeName): Container | undefined {
    return findContainer(this.#root, path, type)
  }

  /**
   * Makes one atomic change and answers its bytes; undefined when `mutate` changed nothing. When `mutate` throws, nothing of
   * it stays. Throws `CORE_LIMIT_EXCEEDED` for a change above `limits.changeBytesMax`.
   */
  change(mutate: (root: Fields<S>) => void, options: ChangeOptions = NO_OPTIONS): Uint8Array | undefined {
    const site = this.#site
    if (site.open) refuse('CORE_PRECONDITION_FAILED', 'a change inside a change')
    checkNote(options)
    this.#observe(options)
    const patches = this.#listen()
    let change: Change | undefined
    try {
      if (options.timeMicros !== undefined) site.startAt(options.timeMicros)
      site.open = true
      mutate(this.root)
      if (options.evenIfEmpty) site.mark()
      if (site.last >= site.first) change = this.#encode(options)
    } catch (error) {
      this.#rollBack()
      throw error
    } finally {
      site.open = false
      site.observes = undefined
      site.twin = undefined
      site.patches = undefined
    }
    if (change === undefined) {
      // Containers that were touched to no effect are no longer pending.
      this.#root.writePending(new Encoder(site))
      site.next()
      return undefined
    }
    this.#append(change, SELF)
    site.next()
    this.#emit({ origin: 'local', header: change.header, bytes: change.bytes, patches })
    return change.bytes
  }

  #observe({ observed }: ChangeOptions): void {
    if (observed === undefined) return
    const { actors } = this.#site
    this.#site.observes = (dot) => observed.sees({ actor: actors.id(dotActor(dot)), counter: dotCounter(dot) })
    if (observed.find !== undefined) this.#site.twin = (path) => observed.find?.(path)
  }

  #encode(note: ChangeNote): Change {
    const site = this.#site
    const out = new Encoder(site)
    this.#root.writePending(out)
    const heads = this.#heads.size === 1 && this.#heads.has(SELF) ? [] : this.#otherHeads()
    for (const actor of heads) out.reference(actor)
    const header: ChangeHeader = {
      incarnation: this.#incarnation,
      actor: this.#actor.id,
      first: site.first,
      length: site.last - site.first + 1,
      previous: this.#checks[SELF] ?? 0,
      timeMicros: site.time(),
      deps: heads.length === 0 ? NO_DEPS : heads.map((actor) => this.#head(actor)),
    }
    const change = encodeChange(site, note === NO_OPTIONS ? header : withNote(header, note), out.table, out.writer)
    out.writer.release()
    if (change.bytes.length > limits.changeBytesMax)
      refuse('CORE_LIMIT_EXCEEDED', `a change above ${limits.changeBytesMax} bytes`)
    // What a caller gave is read back, so that nothing is sent that others refuse: names once, options each time.
    return note === NO_OPTIONS && this.#checks[SELF] !== undefined ? change : readChange(change.bytes)
  }

  #otherHeads(): number[] {
    return [...this.#heads].filter((actor) => actor !== SELF).sort(this.#site.actors.compare)
  }

  #head(actor: number): Head {
    return { actor: this.#site.actors.id(actor), counter: this.#context.prefix(actor) }
  }

  /** Rebuilds the state before a change that failed, inside the same containers. */
  #rollBack(): void {
    const twin = new Doc<S>({ actor: this.#actor, incarnation: this.#incarnation })
    twin.#site.resuming = true
    if (this.#base !== undefined) twin.apply(this.#base)
    for (const change of this.#log.changes) twin.#applyChange(change)
    this.#site.patches = undefined
    this.#root.clear()
    this.#site.abandon()
    const past = { context: twin.#context, checks: [], heads: new Set<number>(), timeMicros: 0 }
    const snapshot = readSnapshot(encodeSnapshot(twin.#root, this.#incarnation, past), this.#site)
    // The dots are announced but not here any more: what follows brings them back.
    this.#context.clear()
    this.#readRoot(snapshot)()
    for (const actor of snapshot.actors) this.#context.advance(actor, snapshot.context.prefix(actor))
  }

  /** Appends to the log and to the past, whose newest dots these are. */
  #append(change: Change, actor: number): void {
    const { header } = change
    for (const dep of header.deps) {
      const index = this.#site.actors.intern(dep.actor)
      if (this.#context.prefix(index) === dep.counter) this.#heads.delete(index)
    }
    this.#heads.add(actor)
    this.#actorsKept = this.#site.actors.ids.length
    this.#context.advance(actor, lastOf(header))
    this.#checks[actor] = change.check
    this.#timeMicros = Math.max(this.#timeMicros, header.timeMicros)
    this.#log.append(change)
    if (this.#log.byteLength > limits.logBytesMax && !this.#opaque) this.compact()
  }

  /**
   * Applies a change, a bundle of changes or a snapshot. Known changes are passed over, early ones wait. Bytes that do not
   * decode, belong to another incarnation or contradict known history throw and change nothing: `CORE_DECODE_*`,
   * `CORE_INCARNATION_MISMATCH`, `CORE_ACTOR_FORKED`, `CORE_ACTOR_REUSED`, `CORE_BUFFER_FULL`.
   */
  apply(bytes: Uint8Array): ApplyResult {
    if (this.#site.open) refuse('CORE_PRECONDITION_FAILED', 'apply inside a change')
    const { actors } = this.#site
    const known = actors.ids.length
    try {
      switch (bytes[0]) {
        case KIND_SNAPSHOT:
          return this.#applySnapshot(bytes)
        case KIND_BUNDLE:
          return this.#applyAll(readBundle(bytes))
        case KIND_CHANGE:
          return this.#applyOne(readChange(bytes, this.#likely))
        default:
          return this.#applyAll([readChange(bytes)])
      }
    } catch (error) {
      // Nothing refers to the actors of refused bytes, and whoever sends many must not fill the table.
      actors.truncate(Math.max(known, this.#actorsKept))
      throw error
    }
  }

  /** What `#applyAll` does, but a change that is simply the next one, as nearly all are, is read once and kept once. */
  #applyOne(change: Change): ApplyResult {
    if (!this.#isNext(change)) return this.#applyAll([{ ...change, bytes: change.bytes.slice() }])
    this.#applyChange(change)
    return { applied: [change.header], refused: [], duplicates: 0, waiting: 0, changed: true }
  }

  #isNext(change: Change): boolean {
    const { actor, first, previous, incarnation } = change.header
    if (this.#buffer.size > 0 || incarnation !== this.#incarnation) return false
    if (actor === this.#actor.id && !this.#site.resuming) return false
    return first === this.#known(actor) + 1 && previous === this.#checkOf(actor) && this.#need(change) === undefined
  }

  #applyAll(changes: readonly Change[]): ApplyResult {
    this.#checkAll(changes)
    this.#incarnation ||= changes[0]?.header.incarnation ?? ''
    const queue: Change[] = []
    const result = { applied: [] as ChangeHeader[], refused: [] as ChangeHeader[] }
    let duplicates = 0
    for (const change of changes) {
      const need = this.#need(change)
      if (this.#isKnown(change)) duplicates += 1
      else if (this.#isFork(change)) result.refused.push(change.header)
      else if (need !== undefined) duplicates += this.#buffer.add(change, need) ? 0 : 1
      else {
        queue.push(change)
        this.#drain(queue, result)
      }
    }
    return { ...result, duplicates, waiting: this.#buffer.size, changed: result.applied.length > 0 }
  }

  /** Applies a queue of ready changes, and what waited for them. */
  #drain(queue: Change[], { applied, refused }: { applied: ChangeHeader[]; refused: ChangeHeader[] }): void {
    for (const change of queue) {
      const { actor } = change.header
      this.#applyChange(change)
      applied.push(change.header)
      this.#admit(this.#buffer.release(actor, this.#known(actor)), queue, refused)
    }
    queue.length = 0
  }

  /** Sorts changes that no longer wait for what they waited for: ready, waiting for something else, or contradicted. */
  #admit(released: readonly Change[], queue: Change[], refused: ChangeHeader[]): void {
    for (const change of released) {
      if (this.#isKnown(change)) continue
      const need = this.#need(change)
      if (this.#isFork(change)) refused.push(change.header)
      else if (need !== undefined) this.#buffer.add(change, need)
      else queue.push(change)
    }
  }

  #known(actor: ActorId): number {
    const index = this.#site.actors.find(actor)
    return index === undefined ? 0 : this.#context.prefix(index)
  }

  #isKnown({ header }: Change): boolean {
    return lastOf(header) <= this.#known(header.actor)
  }

  /** Whether a change contradicts its actor's history as it is now: what waited may have been applied since it was checked. */
  #isFork({ header: { actor, first, previous } }: Change): boolean {
    const known = this.#known(actor)
    return first <= known || (first === known + 1 && previous !== this.#checkOf(actor))
  }

  /** A dot that must be known before a change can be applied; undefined when there is none. */
  #need({ header }: Change): Dot | undefined {
    if (header.first > this.#known(header.actor) + 1) return { actor: header.actor, counter: header.first - 1 }
    return header.deps.find((dep) => this.#known(dep.actor) < dep.counter)
  }

  /** Refuses what could not be applied, now or later. All changes are checked before the first is applied. */
  #checkAll(changes: readonly Change[]): void {
    checkChanges(changes, {
      incarnation: this.#incarnation || changes[0]?.header.incarnation,
      own: this.#site.resuming ? undefined : this.#actor.id,
      known: (actor) => this.#known(actor),
      checkOf: (actor) => this.#checkOf(actor),
      logged: (actor, first) => this.#log.find(actor, first),
      buffer: this.#buffer,
      read: (change) => void this.#readChange(change),
    })
  }

  #checkOf(actor: ActorId): number {
    const index = this.#site.actors.find(actor)
    return index === undefined ? 0 : (this.#checks[index] ?? 0)
  }

  #readChange(change: Change): Reading {
    const { header } = change
    const actors = change.actors.map((id) => this.#site.actors.intern(id))
    const actor = actors[0] as number
    const input = new Decoder(new Reader(change.bytes, change.payloadAt), this.#site, {
      actors,
      claim: new Interval(packDot(actor, header.first), packDot(actor, lastOf(header))),
      time: header.timeMicros,
      author: actor,
      ownLast: this.#site.resuming ? Number.POSITIVE_INFINITY : this.#site.last,
    })
    const apply = this.#root.read(input)
    input.reader.finish()
    return { apply, actor, opaque: input.opaque }
  }

  #applyChange(change: Change): void {
    const { apply, actor, opaque } = this.#readChange(change)
    const patches = this.#listen()
    apply()
    this.#site.patches = undefined
    this.#opaque ||= opaque
    this.#site.clock.observe(change.header.timeMicros)
    this.#likely = { incarnation: change.header.incarnation, actors: change.actors }
    this.#append({ ...change, bytes: this.#log.copy(change.bytes) }, actor)
    if (this.#listeners.size > 0) {
      this.#emit({ origin: 'remote', header: change.header, bytes: change.bytes.slice(), patches })
    }
  }

  #applySnapshot(bytes: Uint8Array): ApplyResult {
    const snapshot = readSnapshot(bytes, this.#site)
    if (snapshot.incarnation !== (this.#incarnation || snapshot.incarnation)) otherLife()
    const context = this.#context
    const news = snapshot.actors.filter((actor) => snapshot.context.prefix(actor) > context.prefix(actor))
    if (news.includes(SELF) && !this.#site.resuming) reusedActor()
    const twins = snapshot.actors.filter((actor) => snapshot.context.prefix(actor) === context.prefix(actor))
    if (twins.some((actor) => (this.#checks[actor] ?? 0) !== snapshot.checks[actor])) forked()
    const apply = this.#readRoot(snapshot)
    this.#incarnation = snapshot.incarnation
    const result = { applied: [] as ChangeHeader[], refused: [] as ChangeHeader[] }
    if (news.length === 0) return { ...result, duplicates: 0, waiting: this.#buffer.size, changed: false }
    if (this.#opaque) unknownTypes()
    const patches = this.#listen()
    apply()
    this.#site.patches = undefined
    this.#joinPast(snapshot, news)
    this.#log.clear()
    this.#base = this.snapshot()
    this.#baseVersion = this.version()
    this.#emit({ origin: 'remote', header: undefined, bytes: undefined, patches })
    const queue: Change[] = []
    for (const id of news.map((actor) => this.#site.actors.id(actor))) {
      this.#admit(this.#buffer.release(id, this.#known(id)), queue, result.refused)
    }
    this.#drain(queue, result)
    return { ...result, duplicates: 0, waiting: this.#buffer.size, changed: true }
  }

  /** Reads a snapshot's root; what it answers joins it. */
  #readRoot(snapshot: Snapshot): () => void {
    const { actors, context, reader } = snapshot
    const ownLast = this.#site.resuming ? context.prefix(SELF) : this.#site.last
    const input = new Decoder(reader, this.#site, { actors, context, claim: context, ownLast })
    const apply = this.#root.read(input)
    reader.finish()
    if (input.opaque) refuse('CORE_FORMAT_UNSUPPORTED', 'the snapshot holds types that this build does not know')
    return apply
  }

  #joinPast(snapshot: Snapshot, news: readonly number[]): void {
    const context = this.#context
    this.#heads = joinHeads({ heads: this.#heads, context }, snapshot)
    for (const actor of news) {
      context.advance(actor, snapshot.context.prefix(actor))
      this.#checks[actor] = snapshot.checks[actor] ?? 0
    }
    this.#actorsKept = this.#site.actors.ids.length
    this.#timeMicros = Math.max(this.#timeMicros, snapshot.timeMicros)
    this.#site.clock.observe(snapshot.timeMicros)
  }

  /** What this replica knows, exactly. */
  version(): VersionVector {
    return new VersionVector(this.#site.actors.ids.map((id, actor) => [id, this.#context.prefix(actor)]))
  }

  /** 16 hex digits over version and chain checks: equal on two replicas when their histories are. */
  versionHash(): string {
    return versionHash(this.#site.actors, this.#context, this.#checks)
  }

  /** The maximal dots: those that nothing known comes after. */
  heads(): readonly Head[] {
    return [...this.#heads].sort(this.#site.actors.compare).map((actor) => this.#head(actor))
  }

  /**
   * The dots of everything that an observed removal could take away: elements of sets, writes of registers, presence of keys.
   * A host that tells "what its author had seen" by arrival keeps the arrival of these for ever. O(document).
   */
  tags(): Dot[] {
    const { actors } = this.#site
    const tags: Dot[] = []
    this.#root.visitTags((dot) => tags.push({ actor: actors.id(dotActor(dot)), counter: dotCounter(dot) }))
    return tags
  }

  /** What the changes that wait here depend on: ask for it. */
  missing(): readonly MissingRange[] {
    return this.#buffer.missing((actor) => this.#known(actor))
  }

  /**
   * What a replica at a version lacks, as one bundle for `apply`; undefined when the log no longer reaches back so far and a
   * snapshot is needed.
   */
  changesSince(version: VersionVector): Uint8Array | undefined {
    for (const [actor, counter] of this.#baseVersion.entries()) if (version.get(actor) < counter) return undefined
    return encodeBundle(this.#log.since(version).map(({ bytes }) => bytes))
  }

  /**
   * The whole document, canonical: equal versions give equal bytes. Throws `CORE_FORMAT_UNSUPPORTED` while it holds types that
   * this build does not know, which only its changes can carry on.
   */
  snapshot(): Uint8Array {
    if (this.#opaque) unknownTypes()
    const past = { context: this.#context, checks: this.#checks, heads: this.#heads, timeMicros: this.#timeMicros }
    return encodeSnapshot(this.#root, this.#incarnation, past)
  }

  /** Drops the log: older versions are brought up to date by snapshot from here on. */
  compact(): void {
    this.#base = this.snapshot()
    this.#baseVersion = this.version()
    this.#log.clear()
  }

  /** Calls a listener after each change, local or remote; answers what ends it. Patches cost only while someone listens. */
  subscribe(listener: (event: DocEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #listen(): readonly Patch[] {
    if (this.#listeners.size === 0) return NO_PATCHES
    const patches: Patch[] = []
    this.#site.patches = patches
    return patches
  }

  #emit(event: DocEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  toJSON(): JsonValue {
    return this.#root.toJSON()
  }
}

const NO_OPTIONS: ChangeOptions = {}
const NO_PATCHES: readonly Patch[] = []

function unknownTypes(): never {
  return refuse('CORE_FORMAT_UNSUPPORTED', 'this build does not know all types of the document: keep its changes')
}
