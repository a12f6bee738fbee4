/**
 * A document: the unit of replication, storage, permission and versioning. Local changes are made in `change`, changes from
 * elsewhere come in by `apply`, and replicas that were given changes with the same causal closure are equal, whatever the
 * order and repetitions.
 *
 * Cost: a change costs what it touches; `apply` costs what the change touched; `snapshot` and `load` cost the document.
 */
import type { Actor } from '../causality/actor.ts'
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
import { Past } from './past.ts'
import { allTypes } from './registry.ts'
import { type FieldSpecs, type Fields, type Schema, struct } from './schema.ts'
import { encodeSnapshot, readSnapshot, type Snapshot } from './snapshot.ts'

export class Doc<S extends FieldSpecs = FieldSpecs> {
  readonly #site: Site
  readonly #past: Past
  readonly #root: Struct
  readonly #schema: Schema<S> | undefined
  #fields: Fields<S> | undefined
  readonly #actor: Actor
  #incarnation: string
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
    this.#site = new Site(options.actor, false)
    this.#site.types = allTypes
    this.#past = new Past(this.#site)
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
    doc.#site.resumeAfter(doc.#past.context.prefix(SELF))
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
    const past = this.#past
    const out = new Encoder(site)
    this.#root.writePending(out)
    const heads = past.heads.size === 1 && past.heads.has(SELF) ? [] : past.headsBut(SELF)
    for (const actor of heads) out.reference(actor)
    const header: ChangeHeader = {
      incarnation: this.#incarnation,
      actor: this.#actor.id,
      first: site.first,
      length: site.last - site.first + 1,
      previous: past.checks[SELF] ?? 0,
      timeMicros: site.time(),
      deps: heads.length === 0 ? NO_DEPS : heads.map((actor) => past.head(actor)),
    }
    const change = encodeChange(site, note === NO_OPTIONS ? header : withNote(header, note), out.table, out.writer)
    out.writer.release()
    if (change.bytes.length > limits.changeBytesMax)
      refuse('CORE_LIMIT_EXCEEDED', `a change above ${limits.changeBytesMax} bytes`)
    // What a caller gave is read back, so that nothing is sent that others refuse: names once, options each time.
    return note === NO_OPTIONS && past.checks[SELF] !== undefined ? change : readChange(change.bytes)
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
    const snapshot = readSnapshot(encodeSnapshot(twin.#root, this.#incarnation, twin.#past), this.#site)
    // The dots are announced but not here any more: what follows brings them back.
    const { context } = this.#past
    context.clear()
    this.#readRoot(snapshot)()
    for (const actor of snapshot.actors) context.advance(actor, snapshot.context.prefix(actor))
  }

  /** Appends to the log and to the past, whose newest dots these are. */
  #append(change: Change, actor: number): void {
    this.#past.append(change, actor)
    this.#actorsKept = this.#site.actors.ids.length
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
    const past = this.#past
    return first === past.known(actor) + 1 && previous === past.checkOf(actor) && past.need(change.header) === undefined
  }

  #applyAll(changes: readonly Change[]): ApplyResult {
    this.#checkAll(changes)
    this.#incarnation ||= changes[0]?.header.incarnation ?? ''
    const queue: Change[] = []
    const result = { applied: [] as ChangeHeader[], refused: [] as ChangeHeader[] }
    let duplicates = 0
    for (const change of changes) {
      const need = this.#past.need(change.header)
      if (this.#past.isKnown(change.header)) duplicates += 1
      // What waited may have been applied since the change was checked.
      else if (this.#past.isFork(change.header)) result.refused.push(change.header)
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
      this.#admit(this.#buffer.release(actor, this.#past.known(actor)), queue, refused)
    }
    queue.length = 0
  }

  /** Sorts changes that no longer wait for what they waited for: ready, waiting for something else, or contradicted. */
  #admit(released: readonly Change[], queue: Change[], refused: ChangeHeader[]): void {
    for (const change of released) {
      if (this.#past.isKnown(change.header)) continue
      const need = this.#past.need(change.header)
      if (this.#past.isFork(change.header)) refused.push(change.header)
      else if (need !== undefined) this.#buffer.add(change, need)
      else queue.push(change)
    }
  }

  /** Refuses what could not be applied, now or later. All changes are checked before the first is applied. */
  #checkAll(changes: readonly Change[]): void {
    checkChanges(changes, {
      incarnation: this.#incarnation || changes[0]?.header.incarnation,
      own: this.#site.resuming ? undefined : this.#actor.id,
      past: this.#past,
      logged: (actor, first) => this.#log.find(actor, first),
      buffer: this.#buffer,
      read: (change) => void this.#readChange(change),
    })
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
    const { context, checks } = this.#past
    const news = snapshot.actors.filter((actor) => snapshot.context.prefix(actor) > context.prefix(actor))
    if (news.includes(SELF) && !this.#site.resuming) reusedActor()
    const twins = snapshot.actors.filter((actor) => snapshot.context.prefix(actor) === context.prefix(actor))
    if (twins.some((actor) => (checks[actor] ?? 0) !== snapshot.checks[actor])) forked()
    const apply = this.#readRoot(snapshot)
    this.#incarnation = snapshot.incarnation
    const result = { applied: [] as ChangeHeader[], refused: [] as ChangeHeader[] }
    if (news.length === 0) return { ...result, duplicates: 0, waiting: this.#buffer.size, changed: false }
    if (this.#opaque) unknownTypes()
    const patches = this.#listen()
    apply()
    this.#site.patches = undefined
    this.#past.join(snapshot, news)
    this.#actorsKept = this.#site.actors.ids.length
    this.#site.clock.observe(snapshot.timeMicros)
    this.#log.clear()
    this.#base = this.snapshot()
    this.#baseVersion = this.version()
    this.#emit({ origin: 'remote', header: undefined, bytes: undefined, patches })
    const queue: Change[] = []
    for (const id of news.map((actor) => this.#site.actors.id(actor))) {
      this.#admit(this.#buffer.release(id, this.#past.known(id)), queue, result.refused)
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

  /** What this replica knows, exactly. */
  version(): VersionVector {
    return this.#past.version()
  }

  /** 16 hex digits over version and chain checks: equal on two replicas when their histories are. */
  versionHash(): string {
    return this.#past.versionHash()
  }

  /** The maximal dots: those that nothing known comes after. */
  heads(): readonly Head[] {
    return this.#past.headsBut(NO_ACTOR).map((actor) => this.#past.head(actor))
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
    return this.#buffer.missing((actor) => this.#past.known(actor))
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
    return encodeSnapshot(this.#root, this.#incarnation, this.#past)
  }

  /** Drops the log: older versions are brought up to date by snapshot from here on. */
  compact(): void {
    this.#base = this.snapshot()
    this.#baseVersion = this.version()
    this.#log.clear()
  }

  /**
   * Calls a listener after each change, local or remote; answers what ends it. Patches cost only while someone listens. What a
   * listener throws changes nothing for the document, its caller or other listeners: it is an unhandled rejection.
   */
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
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        void Promise.reject(error)
      }
    }
  }

  toJSON(): JsonValue {
    return this.#root.toJSON()
  }
}

const NO_OPTIONS: ChangeOptions = {}
/** No index of an actor. */
const NO_ACTOR = -1
const NO_PATCHES: readonly Patch[] = []

function unknownTypes(): never {
  return refuse('CORE_FORMAT_UNSUPPORTED', 'this build does not know all types of the document: keep its changes')
}
