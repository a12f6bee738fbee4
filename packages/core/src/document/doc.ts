/**
 * A document: the unit of replication, storage, permission and versioning. Local changes are made in `change`, changes from
 * elsewhere come in by `apply`, and replicas that were given changes with the same causal closure are equal, whatever the
 * order and repetitions.
 *
 * A `SchemaDoc` knows the types that its schema names, so that a bundle holds no others; `Doc` knows all.
 *
 * Cost: a change costs what it touches; `apply` costs what the change touched; `snapshot` and `load` cost the document.
 */

import type { Actor, ActorId } from '../causality/actor.ts'
import type { Dot } from '../causality/dot.ts'
import type { VersionVector } from '../causality/version-vector.ts'
import { checksum32 } from '../codec/checksum.ts'
import type { JsonValue } from '../codec/json.ts'
import { plainBytes } from '../codec/reader.ts'
import { refuse } from '../errors.ts'
import { FAST_PATHS } from '../fast-paths.ts'
import { reusedActor, unknownTypes } from '../kernel/codec.ts'
import type { Container, Effect, Place } from '../kernel/container.ts'
import { KIND_BUNDLE, KIND_SNAPSHOT } from '../kernel/frame.ts'
import type { Patch, Path } from '../kernel/patch.ts'
import { SELF, Site } from '../kernel/site.ts'
import type { Spec, TypeTable } from '../kernel/spec.ts'
import { Struct } from '../types/struct.ts'
import type { TypeName } from '../types/tags.ts'
import { type AddressedEffect, revert } from './address.ts'
import { Arrivals } from './arrivals.ts'
import { boundsIn, bundleResult, changesIn } from './bundle.ts'
import { CausalBuffer, type MissingRange } from './causal-buffer.ts'
import {
  type Change,
  type ChangeHeader,
  checkIncarnation,
  checkNote,
  type Extent,
  type Head,
  lastOf,
  NO_HEADERS,
  openChange,
} from './change.ts'
import { type ChangeSeal, ChangeWriter, NO_NOTE } from './change-writer.ts'
import { checkChanges, forked, otherLife } from './check-changes.ts'
import type { ApplyOptions, ApplyResult, ChangeOptions, DocEvent, DocOptions, NewDocOptions } from './doc-types.ts'
import { Events } from './events.ts'
import { findContainer, tagsOf } from './find.ts'
import { History, PAST_ACTOR, patchesOf } from './history.ts'
import { NextReader } from './next-change.ts'
import { observe } from './observed.ts'
import { type ChainEntry, NO_ACTOR, Past } from './past.ts'
import { type FieldSpecs, type Fields, type Schema, struct, typesIn } from './schema.ts'
import { encodeSnapshot, readRoot, readSnapshot } from './snapshot.ts'
import { UndoManager, type UndoOptions } from './undo-manager.ts'

export class SchemaDoc<S extends FieldSpecs = FieldSpecs> {
  readonly #site: Site
  readonly #past: Past
  readonly #root: Struct
  readonly #schema: Schema<S> | undefined
  readonly #types: TypeTable
  #fields: Fields<S> | undefined
  readonly #actor: Actor
  #incarnation: string
  readonly #buffer = new CausalBuffer()
  /** So that a change that fails half-way can be taken back, and the past be looked at. */
  readonly #history: History
  #undo: UndoManager | undefined
  readonly #copies: boolean
  /** Holds containers of types this build does not know: its changes must be kept, a snapshot would lose them. */
  #opaque = false
  /** Actors up to here are referred to by what was applied. */
  #actorsKept = 0
  readonly #events = new Events()
  readonly #arrivals: Arrivals
  readonly #writer: ChangeWriter
  readonly #next: NextReader

  constructor(options: NewDocOptions<S>) {
    this.#actor = options.actor
    this.#schema = options.schema
    this.#copies = options.copies ?? false
    checkIncarnation(options.incarnation)
    this.#incarnation = options.incarnation
    this.#site = new Site(options.actor, false)
    this.#types = options.types ?? typesIn(options.schema)
    this.#site.types = this.#types
    this.#past = new Past(this.#site)
    this.#history = new History(this.#site.actors, this.#past, options.history ?? false)
    this.#arrivals = new Arrivals(this.#past, this.#buffer, (change) => this.#applyChange(change))
    const place: Place = { site: this.#site, parent: undefined, step: '', removable: false, depth: 0 }
    this.#root = new Struct(place)
    this.#writer = new ChangeWriter({ site: this.#site, past: this.#past, root: this.#root, log: this.#history.log })
    this.#next = new NextReader(this.#site, this.#past, this.#root)
  }

  /**
   * A document from what was stored: a snapshot, changes or bundles, in order. The actor continues where they have it.
   * Throws `CORE_DECODE_*`, and `CORE_PRECONDITION_FAILED` when nothing of it names the incarnation.
   */
  static load<S extends FieldSpecs = FieldSpecs>(
    parts: Uint8Array | readonly Uint8Array[],
    options: DocOptions<S>,
  ): SchemaDoc<S> {
    return new SchemaDoc<S>({ ...options, incarnation: '' }).resume(parts)
  }

  /** Makes a new document what was stored. @internal */
  resume(parts: Uint8Array | readonly Uint8Array[]): this {
    this.#site.resuming = true
    for (const part of parts instanceof Uint8Array ? [parts] : parts) this.apply(part)
    this.#site.resuming = false
    this.#site.resumeAfter(this.#past.context.prefix(SELF))
    if (this.#incarnation === '') refuse('CORE_PRECONDITION_FAILED', 'nothing to load')
    return this
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
  change(mutate: (root: Fields<S>) => void, options: ChangeOptions = NO_NOTE): Uint8Array | undefined {
    const site = this.#site
    if (site.open) refuse('CORE_PRECONDITION_FAILED', 'a change inside a change')
    if (options !== NO_NOTE) {
      checkNote(options)
      observe(site, options)
    }
    const patches = this.#events.record(this.#site)
    let header: Extent | undefined
    const effects: Effect[] | undefined = this.#undo && []
    site.inverses = effects
    try {
      if (options.timeMicros !== undefined) site.startAt(options.timeMicros)
      site.open = true
      mutate(this.root)
      if (options.evenIfEmpty) site.mark()
      if (site.last >= site.first) header = this.#writer.write(this.#incarnation, options)
    } catch (error) {
      this.#history.log.abandon()
      this.#rollBack(this.#history.log.count)
      throw error
    } finally {
      site.open = false
      site.inverses = undefined
      site.observes = undefined
      site.twin = undefined
      site.patches = undefined
    }
    if (header !== undefined) {
      if (effects !== undefined) this.#undo?.note(effects, header.timeMicros)
      return this.#commit(header, patches)
    }
    this.#writer.drop()
    site.next()
    return undefined
  }

  /** Has local changes signed from now on. */
  sealWith(seal: ChangeSeal): void {
    this.#writer.seal = seal
  }

  /** Takes a written change into the log and the past, and answers its bytes. */
  #commit(extent: Extent, patches: readonly Patch[]): Uint8Array {
    const site = this.#site
    const past = this.#past
    if (extent.heads.length > 0) past.heads.clear()
    this.#actorsKept = site.actors.ids.length
    this.#history.log.append(this.#writer.from, SELF, site.last)
    const view = this.#history.log.bytes(this.#history.log.count - 1)
    const bytes = this.#copies ? view.slice() : view
    past.append(SELF, site.last, checksum32(bytes), extent.timeMicros)
    site.next()
    if (this.#events.heard) {
      this.#events.emit({ origin: 'local', header: openChange(bytes).header, bytes, patches })
    }
    this.#boundLog()
    return bytes
  }

  /**
   * Rebuilds what the first changes of the log led to, inside the same containers, and drops the others.
   * @param made containers that there were then; the others are dropped.
   */
  #rollBack(count: number, made = Number.POSITIVE_INFINITY): void {
    // What is here is kept, whatever it is that is not believed.
    this.#site.timeMax = Number.POSITIVE_INFINITY
    const twin = new SchemaDoc<S>({ actor: this.#actor, incarnation: this.#incarnation, types: this.#types })
    twin.#site.resuming = true
    for (const part of this.#history.base) twin.apply(part)
    for (let i = 0; i < count; i += 1) twin.#applyChange(openChange(this.#history.log.bytes(i)))
    // First, as it throws where what was loaded turns out to be damaged, and then what is here stays as it is.
    const snapshot = readSnapshot(encodeSnapshot(twin.#root, this.#incarnation, twin.#past), this.#site)
    this.#site.patches = undefined
    this.#site.madeMax = made
    this.#root.clear()
    this.#site.madeMax = Number.POSITIVE_INFINITY
    this.#site.abandon()
    // The dots are announced but not here any more: what follows brings them back.
    this.#past.context.clear()
    readRoot(this.#root, snapshot)()
    this.#past.restore(snapshot)
    this.#history.log.truncate(count)
  }

  /** Folds a log that has grown too long into a snapshot. Not while what was applied last may have to be taken back. */
  #boundLog(): void {
    if (this.#history.isLong && !this.#opaque && !this.#events.holding) this.compact()
  }

  /**
   * Applies a change, a bundle of changes or a snapshot. Known changes are passed over, early ones wait. Bytes that do not
   * decode, belong to another incarnation or contradict known history throw and change nothing: `CORE_DECODE_*`,
   * `CORE_INCARNATION_MISMATCH`, `CORE_ACTOR_FORKED`, `CORE_ACTOR_REUSED`, `CORE_BUFFER_FULL`, `CORE_TIME_AHEAD`.
   */
  apply(given: Uint8Array, options?: ApplyOptions): ApplyResult {
    const bytes = plainBytes(given)
    const site = this.#site
    if (site.open) refuse('CORE_PRECONDITION_FAILED', 'apply inside a change')
    const { actors } = site
    if (options?.timeMaxMicros !== undefined) site.timeMax = options.timeMaxMicros
    const known = actors.ids.length
    try {
      if (bytes[0] === KIND_SNAPSHOT) return this.#applySnapshot(bytes.slice())
      if (bytes[0] === KIND_BUNDLE) return this.#applyBundle(bytes.slice())
      const header = FAST_PATHS ? (this.#applyNext(bytes, 0, bytes.length) ?? this.#applyFirst(bytes)) : undefined
      if (header === undefined) return this.#applyAll([openChange(bytes.slice())])
      return { applied: [header], refused: NO_HEADERS, duplicates: 0, waiting: 0, changed: true }
    } catch (error) {
      // Nothing refers to the actors of refused bytes, and whoever sends many must not fill the table.
      actors.truncate(Math.max(known, this.#actorsKept))
      throw error
    } finally {
      site.timeMax = Number.POSITIVE_INFINITY
      this.#boundLog()
    }
  }

  /**
   * Applies the change in `from..to` if it is simply the next one of an author whose last change was applied too, as nearly all are.
   * Answers its header; undefined, with nothing done, for any other change.
   * @param slab the bytes, or what they are a view of, where nobody else can change them.
   */
  #applyNext(bytes: Uint8Array, from: number, to: number, slab?: Uint8Array): ChangeHeader | undefined {
    const header = this.#buffer.size === 0 ? this.#next.read(bytes, from, to, this.#incarnation) : undefined
    if (header !== undefined) this.#perform(header, bytes, from, to, slab)
    return header
  }

  /** The same for an author whose changes begin otherwise than before. */
  #applyFirst(bytes: Uint8Array, slab?: Uint8Array): ChangeHeader | undefined {
    const change = openChange(bytes, this.#site.actors)
    const { header } = change
    const past = this.#past
    if (this.#buffer.size > 0 || header.incarnation !== this.#incarnation || header.actor === this.#actor.id)
      return undefined
    if (past.isFork(header) || past.need(header) !== undefined) return undefined
    this.#applyChange(change, slab)
    return header
  }

  /** Applies the change that was read last, and takes it into the log and the past, whose newest dots these are. */
  #perform(header: ChangeHeader, bytes: Uint8Array, from: number, to: number, slab?: Uint8Array): void {
    const past = this.#past
    const log = this.#history.log
    const patches = this.#events.record(this.#site)
    const actor = this.#next.perform()
    this.#site.patches = undefined
    if (this.#next.opaque) this.#opaque = true
    this.#site.clock.observe(header.timeMicros)
    for (const dep of header.deps) past.follow(this.#site.actors.intern(dep.actor), dep.counter)
    past.append(actor, lastOf(header), checksum32(bytes, 0, from, to), header.timeMicros)
    this.#actorsKept = this.#site.actors.ids.length
    if (slab === undefined) {
      const writer = log.begin()
      const start = writer.length
      writer.append(from === 0 ? bytes : bytes.subarray(from), to - from)
      log.append(start, actor, lastOf(header))
    } else log.adopt(slab, bytes.byteOffset + from, bytes.byteOffset + to, actor, lastOf(header))
    if (this.#events.heard) this.#events.emit({ origin: 'remote', header, bytes: bytes.slice(from, to), patches })
  }

  /**
   * Applies changes one by one as long as each is the next one, and the rest as one. When the rest is refused, what was applied
   * is taken back: a bundle is applied whole or not at all.
   */
  #applyBundle(bundle: Uint8Array): ApplyResult {
    const bounds = boundsIn(bundle)
    const from = this.#history.log.count
    const kept = this.#actorsKept
    const opaque = this.#opaque
    const { made } = this.#site
    let at = 0
    this.#events.hold()
    try {
      for (; FAST_PATHS && at < bounds.length; at += 2) {
        const [start, end] = [bounds[at] as number, bounds[at + 1] as number]
        const header =
          this.#applyNext(bundle, start, end, bundle) ?? this.#applyFirst(bundle.subarray(start, end), bundle)
        if (header === undefined) break
      }
      if (at > 0 && at < bounds.length) this.#history.log.cutLast(bundle, bounds[at - 1] as number)
      const rest = at < bounds.length ? this.#applyAll(changesIn(bundle, bounds, at)) : this.#arrivals.nothing()
      this.#events.release()
      return at === 0 ? rest : bundleResult(bundle, bounds.subarray(0, at), rest)
    } catch (error) {
      this.#events.drop()
      if (at > 0) {
        this.#next.forget()
        this.#rollBack(from, made)
        this.#actorsKept = kept
        this.#opaque = opaque
      }
      throw error
    }
  }

  /** Applies changes in any order. All are checked before the first is applied. */
  #applyAll(changes: readonly Change[]): ApplyResult {
    checkChanges(changes, {
      incarnation: this.#incarnation || changes[0]?.header.incarnation,
      own: this.#site.resuming ? undefined : this.#actor.id,
      past: this.#past,
      logged: (actor, last) => this.#history.log.find(this.#site.actors.find(actor) ?? NO_ACTOR, last),
      buffer: this.#buffer,
      read: (change) => this.#next.readAny(change),
    })
    this.#incarnation ||= changes[0]?.header.incarnation ?? ''
    return this.#arrivals.take(changes)
  }

  #applyChange(change: Change, slab?: Uint8Array): void {
    const indices = this.#next.readAny(change)
    this.#perform(change.header, change.bytes, 0, change.bytes.length, slab)
    this.#next.learn(change, indices)
  }

  #applySnapshot(bytes: Uint8Array): ApplyResult {
    const snapshot = readSnapshot(bytes, this.#site)
    if (snapshot.incarnation !== (this.#incarnation || snapshot.incarnation)) otherLife()
    const { context, checks } = this.#past
    const news = snapshot.actors.filter((actor) => snapshot.context.prefix(actor) > context.prefix(actor))
    if (news.includes(SELF) && !this.#site.resuming) reusedActor()
    const twins = snapshot.actors.filter((actor) => snapshot.context.prefix(actor) === context.prefix(actor))
    if (twins.some((actor) => (checks[actor] ?? 0) !== snapshot.checks[actor])) forked()
    // What a document is loaded from is read as far as somebody asks; what others sent, at once.
    const lazy = FAST_PATHS && this.#site.resuming && this.#history.log.count === 0 && this.#history.base.length === 0
    const apply = readRoot(this.#root, snapshot, lazy)
    this.#incarnation = snapshot.incarnation
    if (news.length === 0) return this.#arrivals.nothing()
    if (this.#opaque) unknownTypes()
    const patches = this.#events.record(this.#site)
    apply()
    this.#site.patches = undefined
    this.#past.join(snapshot, news)
    this.#actorsKept = this.#site.actors.ids.length
    this.#site.clock.observe(snapshot.timeMicros)
    if (!this.#history.join(bytes)) this.#history.restart(this.snapshot())
    this.#events.emit({ origin: 'remote', header: undefined, bytes: undefined, patches })
    return this.#arrivals.release(news.map((actor) => this.#site.actors.id(actor)))
  }

  /** What this replica knows, exactly. */
  version(): VersionVector {
    return this.#past.version()
  }

  /** The last dot of an actor that this replica knows; 0 for none. O(1), where `version` costs the number of actors. */
  known(actor: ActorId): number {
    return this.#past.known(actor)
  }

  /** The check over the last change of an actor, 0 for none: histories of equal counters that forked differ in it. O(1). */
  checkOf(actor: ActorId): number {
    return this.#past.checkOf(actor)
  }

  /** 16 hex digits over version and chain checks: equal on two replicas when their histories are. */
  versionHash(): string {
    return this.#past.versionHash()
  }

  /** The same as `version`, ascending by actor, with what tells forked histories of equal counters apart. O(actors). */
  chain(): readonly ChainEntry[] {
    return this.#past.chain()
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
    return tagsOf(this.#root)
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
    return this.#history.changesSince(version)
  }

  /**
   * The document as it was at a version, to read. O(history).
   * Throws `CORE_PRECONDITION_FAILED` for a version older than the log reaches (see `DocOptions.history`), or unknown here.
   */
  at(version: VersionVector): SchemaDoc<S> {
    const changes = this.#history.changesUpTo(version)
    const actor = { id: PAST_ACTOR, clock: this.#site.clock }
    const options = { actor, incarnation: this.#incarnation, types: this.#types }
    const past = new SchemaDoc<S>(this.#schema === undefined ? options : { ...options, schema: this.#schema })
    for (const part of this.#history.base) past.apply(part)
    for (const bytes of changes) past.apply(bytes)
    return past
  }

  /**
   * What changed from one version to a later one. O(history).
   * Throws `CORE_PRECONDITION_FAILED` as `at` does, and for versions of which the first does not come before the second.
   */
  diff(from: VersionVector, to: VersionVector): readonly Patch[] {
    const changes = this.#history.changesBetween(from, to)
    return patchesOf(this.at(from), changes)
  }

  /**
   * What takes back, and does again, what the local actor does from now on, and what `steps` has of former times. One per document:
   * later calls answer the same. Throws `CORE_VALUE_INVALID` for steps that are none.
   */
  undoManager(options?: UndoOptions): UndoManager {
    const perform = (effects: readonly AddressedEffect[]): Uint8Array | undefined =>
      this.change(() => {
        for (const effect of effects) revert(this.#root, effect)
      })
    this.#undo ??= new UndoManager(perform, this.#site, options)
    return this.#undo
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
    this.#history.restart(this.snapshot())
  }

  /**
   * Calls a listener after each change, local or remote; answers what ends it. Patches cost only while someone listens. What a
   * listener throws changes nothing for the document, its caller or other listeners: it is an unhandled rejection.
   */
  subscribe(listener: (event: DocEvent) => void): () => void {
    return this.#events.subscribe(listener)
  }

  toJSON(): JsonValue {
    return this.#root.toJSON()
  }
}
