/**
 * The present life of a document, and its way into the storage: what was changed here is durable before it is sent, what came from the
 * server is kept beside it, and what the server has stored is marked.
 */
import {
  type Actor,
  CoreError,
  type FieldSpecs,
  type Schema,
  SchemaDoc,
  type TypeTable,
  VersionVector,
} from '@joinery/core'
import type { Position } from '@joinery/sync'
import { refuse } from '../errors.ts'
import { drawActor, randomName } from '../host.ts'
import { type Journal, OWN, writePosition } from './journal.ts'
import { baseOf, type Life, nameOf, type OwnChange, ownChange } from './life.ts'
import type { Loaded } from './load.ts'
import type { Place } from './place.ts'
import type { ParkedEdit } from './records.ts'
import { refusedError } from './refused-edits.ts'
import { Settling } from './settling.ts'
import type { Shared } from './shared.ts'
import { joined, lackingSince } from './succession.ts'
import type { LiveDocEvent } from './types.ts'

export interface KeptOptions<S extends FieldSpecs> {
  readonly schema: Schema<S>
  readonly types: TypeTable | undefined
  readonly shared: Shared
  readonly onChange: (event: LiveDocEvent) => void
  readonly onStatus: () => void
}

/** Another state that is to take the place of the one before. */
export interface Next<S extends FieldSpecs> {
  readonly doc: SchemaDoc<S>
  readonly actor: Actor
  /** What leads to it without the changes that the server has not stored. */
  readonly base: readonly Uint8Array[]
  readonly unstored: OwnChange[]
  readonly position: Position | undefined
  /** Edits that are set aside with the state before. */
  readonly parked?: readonly ParkedEdit[]
}

/** Where there is no journal: who keeps what is changed here. */
export interface Keeper {
  /** Resolves when the change is durable. */
  append(own: OwnChange): Promise<void>
  /** What it has not kept yet, and goes to the journal instead; `done` resolves what `append` answered. */
  release(): readonly { readonly own: OwnChange; readonly done: () => void }[]
}

/** Who is told what becomes of changes: other tabs. */
export interface KeptWatcher {
  durable(own: OwnChange): void
  received(payload: Uint8Array): void
  stored(names: ReadonlySet<string>): void
  /** Another state took the place of the one before, and all of it is durable. */
  entered(
    life: { readonly actor: Actor },
    before: { readonly actor: Actor; readonly unstored: readonly OwnChange[] },
  ): void
}

const RESET: LiveDocEvent = { origin: 'reset', patches: [] }

export class Kept<S extends FieldSpecs> {
  readonly settling: Settling = new Settling()
  readonly #options: KeptOptions<S>
  #life: Life<S>
  #journal: Journal | undefined
  #before: Pick<Life<S>, 'actor' | 'unstored'> | undefined
  #made = 0
  keeper: Keeper | undefined
  watcher: KeptWatcher | undefined
  /** Changes made here that are not durable yet. */
  undurable = 0
  storedAtMs: number | undefined

  constructor(options: KeptOptions<S>) {
    this.#options = options
    const actor = this.drawActor()
    this.#life = this.begin(this.blank(actor), actor, [])
  }

  get life(): Life<S> {
    return this.#life
  }

  get journal(): Journal | undefined {
    return this.#journal
  }

  drawActor(id?: Actor['id']): Actor {
    const { nodeId, wallMs } = this.#options.shared
    const actor = drawActor(nodeId, wallMs)
    return id === undefined ? actor : { ...actor, id }
  }

  /** An empty document, of another life than all others unless one is named. */
  blank(actor: Actor, incarnation: string = randomName()): SchemaDoc<S> {
    return new SchemaDoc<S>({ ...this.#docOptions(actor), incarnation })
  }

  load(parts: readonly Uint8Array[], actor: Actor): SchemaDoc<S> {
    return SchemaDoc.load<S>(parts, this.#docOptions(actor))
  }

  #docOptions(actor: Actor): { actor: Actor; schema: Schema<S>; copies: true; types?: TypeTable } {
    const { schema, types } = this.#options
    return { actor, schema, copies: true, ...(types && { types }) }
  }

  /** Goes on with what the storage has. */
  resume({ journal, parts, unstored, position }: Loaded): void {
    for (const { done } of this.#release()) done()
    this.#journal = journal
    const { actor: id, stored, storedAtMs } = journal.record
    const actor = this.drawActor(id)
    const doc = parts.length === 0 ? this.blank(actor) : this.load(parts, actor)
    const own = unstored.map((bytes) => ownChange(bytes, this.#nextOrder(), true))
    const life = this.begin(doc, actor, own)
    life.synced = parts.length > unstored.length || stored > 0
    life.position = position
    this.storedAtMs = storedAtMs
    this.enter(life)
  }

  /**
   * Goes on with what the storage has, and with what is here: the tab that kept the document is gone. Answers false where the storage has
   * another state, which is to take the place of this one.
   */
  succeed({ journal, parts, unstored }: Loaded): boolean {
    const life = this.#life
    try {
      for (const part of parts) life.doc.apply(part)
    } catch (error) {
      if (error instanceof CoreError) return false
      throw error
    }
    this.#journal = journal
    const known = parts.length === 0 ? new VersionVector([]) : this.load(parts, this.drawActor()).version()
    const change = lackingSince(life, known)
    if (change !== undefined) void journal.append(life.doc.incarnation, { change, attributes: '' })
    life.unstored = joined(life, unstored)
    const waiting = this.#release()
    for (const { own, done } of waiting) {
      if (own.durable) done()
      else void journal.append(life.doc.incarnation, { change: own.bytes, attributes: OWN }).then(done)
    }
    return true
  }

  #release(): ReturnType<Keeper['release']> {
    const waiting = this.keeper?.release() ?? []
    this.keeper = undefined
    return waiting
  }

  #nextOrder(): number {
    this.#made += 1
    return this.#made
  }

  begin(doc: SchemaDoc<S>, actor: Actor, unstored: OwnChange[]): Life<S> {
    const life: Life<S> = {
      doc,
      actor,
      unstored,
      synced: false,
      position: undefined,
      followed: undefined,
      refusal: undefined,
      unsubscribe: doc.subscribe(({ origin, bytes, patches }) => {
        if (origin === 'local' && bytes !== undefined) this.#keep(life, bytes)
        this.#options.onChange({ origin, patches })
        this.#options.onStatus()
      }),
    }
    return life
  }

  /** Takes a change that was just made here to the storage, and from there to the server. */
  #keep(life: Life<S>, bytes: Uint8Array): void {
    const own = ownChange(bytes, this.#nextOrder(), false)
    life.unstored.push(own)
    this.#append(life, own)
  }

  #append(life: Life<S>, own: OwnChange): void {
    const entry = { change: own.bytes, attributes: OWN }
    const kept = this.#journal?.append(life.doc.incarnation, entry) ?? this.keeper?.append(own)
    if (kept === undefined) {
      this.#offer(life, own)
      return
    }
    this.undurable += 1
    void kept.then(() => {
      this.undurable -= 1
      if (!own.durable) this.#offer(life, own)
      this.#options.onStatus()
    })
  }

  /**
   * Takes a change that was made in another tab as if it had been made here. Answers false where it does not follow what is here.
   * Throws `CoreError`.
   */
  take(bytes: Uint8Array): boolean {
    const life = this.#life
    const own = ownChange(bytes, this.#nextOrder(), false)
    life.doc.apply(bytes)
    if (life.doc.known(own.actor) < own.last) return false
    life.unstored.push(own)
    this.#append(life, own)
    return true
  }

  /** Throws `CLIENT_QUEUE_FULL`. */
  requireRoom(pending: number): void {
    const { pendingChangesMax } = this.#options.shared.limits
    if (pending < pendingChangesMax) return
    refuse('CLIENT_QUEUE_FULL', `${pendingChangesMax} changes of this document wait for the server`)
  }

  /** Resolves when everything that was changed here until now is stored at the server. */
  async saved(): Promise<void> {
    const { refusal, unstored } = this.#life
    if (refusal !== undefined && unstored.length > 0) throw refusedError(refusal)
    return this.settling.until(unstored.at(-1)?.order)
  }

  #offer(life: Life<S>, own: OwnChange): void {
    own.durable = true
    if (life !== this.#life) return
    life.followed?.offer(own)
    this.watcher?.durable(own)
  }

  /** Another life is the present one. */
  enter(life: Life<S>): void {
    this.#life.unsubscribe()
    this.#before = this.#life
    this.#life = life
    this.#options.onChange(RESET)
    this.#options.onStatus()
    if (life.unstored.length === 0) this.#entered(life)
  }

  #entered(life: Life<S>): void {
    if (life === this.#life && this.#before !== undefined) this.watcher?.entered(life, this.#before)
    this.#before = undefined
  }

  /** Writes another state into the storage, before anything of it is sent. Resolves when it is durable. */
  async rewrite(life: Life<S>, { base, unstored, position, parked }: Next<S>): Promise<void> {
    const entries = [
      ...base.map((change) => ({ change, attributes: writePosition(position) })),
      ...unstored.map(({ bytes }) => ({ change: bytes, attributes: OWN })),
    ]
    await this.#journal?.replace({
      incarnation: life.doc.incarnation,
      entries,
      record: { actor: life.actor.id, stored: 0, former: [] },
      ...(parked === undefined || parked.length === 0 ? {} : { parked: JSON.stringify(parked) }),
    })
    for (const own of unstored) this.#offer(life, own)
    this.#entered(life)
  }

  /** Goes on in another storage, to which everything is brought: the one before was taken away. */
  async move({ store, epoch }: Place): Promise<void> {
    const life = this.#life
    const journal = this.#journal
    if (journal === undefined) return
    const { unstored, doc } = life
    const own = [...unstored]
    const base = baseOf(life) ?? [doc.snapshot()]
    const { actor, stored, former } = journal.record
    const entries = [
      ...base.map((change) => ({ change, attributes: writePosition(life.followed?.position) })),
      ...own.map(({ bytes }) => ({ change: bytes, attributes: OWN })),
    ]
    await journal.move(store, epoch, { incarnation: doc.incarnation, entries, record: { actor, stored, former } })
  }

  /** The server said over a new connection how much of the actor's changes it has. */
  known(last: number): void {
    const life = this.#life
    if (last > 0) life.synced = true
    this.#drop(life.unstored.filter(({ actor, last: end }) => actor === life.actor.id && end <= last))
  }

  /** By name: what was sent may be a copy, recalled from the document. */
  stored(done: ReadonlySet<string>): void {
    this.#drop(this.#life.unstored.filter((own) => done.has(nameOf(own))))
  }

  #drop(stored: readonly OwnChange[]): void {
    if (stored.length === 0) return
    const life = this.#life
    const done = new Set(stored)
    life.synced = true
    life.unstored = life.unstored.filter((own) => !done.has(own))
    this.storedAtMs = this.#options.shared.host.nowMs()
    this.settling.settle(life.unstored[0]?.order)
    this.watcher?.stored(new Set(stored.map(nameOf)))
    this.#mark(life, stored, this.storedAtMs)
    this.#fold()
    this.#options.onStatus()
  }

  #mark(life: Life<S>, dropped: readonly OwnChange[], storedAtMs: number): void {
    const journal = this.#journal
    if (journal === undefined) return
    let { stored, former } = journal.record
    const { epoch } = journal.record
    for (const { actor, last } of dropped) {
      if (actor === life.actor.id) stored = Math.max(stored, last)
      else {
        const known = former.find((each) => each.actor === actor)
        former = [...former.filter((each) => each !== known), { ...(known ?? { epoch }), actor, stored: last }]
      }
    }
    journal.mark({ stored, former, storedAtMs })
  }

  /** Keeps what came from the server and was applied. */
  received(payload: Uint8Array, position: Position): void {
    const life = this.#life
    life.synced = true
    this.watcher?.received(payload)
    void this.#journal?.append(life.doc.incarnation, { change: payload.slice(), attributes: writePosition(position) })
    this.#fold()
  }

  /** A log that is long becomes a snapshot, once nothing in it is still to be sent: what may be refused must come out again. */
  #fold(): void {
    const { doc, unstored, followed } = this.#life
    if (this.#journal?.isLong !== true || unstored.length > 0) return
    void this.#journal.compact(doc.snapshot(), followed?.position)
  }
}
