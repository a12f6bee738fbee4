/**
 * The present life of a document, and its way into the storage: what was changed here is durable before it is sent, what came from the
 * server is kept beside it, and what the server has stored is marked.
 */
import { type Actor, type FieldSpecs, type Schema, SchemaDoc, type TypeTable } from '@joinery/core'
import type { Outgoing, Position } from '@joinery/sync'
import { drawActor, randomName } from '../host.ts'
import { type Journal, OWN, writePosition } from './journal.ts'
import { baseOf, type Life, type OwnChange, ownChange } from './life.ts'
import type { Loaded } from './load.ts'
import type { Place } from './place.ts'
import type { ParkedEdit } from './records.ts'
import { Settling } from './settling.ts'
import type { Shared } from './shared.ts'
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

const RESET: LiveDocEvent = { origin: 'reset', patches: [] }

export class Kept<S extends FieldSpecs> {
  readonly settling: Settling = new Settling()
  readonly #options: KeptOptions<S>
  #life: Life<S>
  #journal: Journal | undefined
  #made = 0
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
    const own = ownChange(bytes, this.#nextOrder(), this.#journal === undefined)
    life.unstored.push(own)
    if (this.#journal === undefined) {
      life.followed?.offer(own)
      return
    }
    this.undurable += 1
    void this.#journal.append(life.doc.incarnation, { change: bytes, attributes: OWN }).then(() => {
      this.undurable -= 1
      this.#offer(life, own)
      this.#options.onStatus()
    })
  }

  #offer(life: Life<S>, own: OwnChange): void {
    own.durable = true
    if (life === this.#life) life.followed?.offer(own)
  }

  /** Another life is the present one. */
  enter(life: Life<S>): void {
    this.#life.unsubscribe()
    this.#life = life
    this.#options.onChange(RESET)
    this.#options.onStatus()
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

  stored(changes: readonly Outgoing[]): void {
    // By name: what was sent may be a copy, recalled from the document.
    const done = new Set(changes.map(nameOf))
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
    this.#mark(life, stored, this.storedAtMs)
    this.#fold()
    this.#options.onStatus()
  }

  #mark(life: Life<S>, dropped: readonly OwnChange[], storedAtMs: number): void {
    const journal = this.#journal
    if (journal === undefined) return
    let { stored, former } = journal.record
    for (const { actor, last } of dropped) {
      if (actor === life.actor.id) stored = Math.max(stored, last)
      else former = [...former.filter((each) => each.actor !== actor), { actor, stored: last }]
    }
    journal.mark({ stored, former, storedAtMs })
  }

  /** Keeps what came from the server and was applied. */
  received(payload: Uint8Array, position: Position): void {
    const life = this.#life
    life.synced = true
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

function nameOf({ actor, last }: Outgoing): string {
  return `${last}@${actor}`
}
