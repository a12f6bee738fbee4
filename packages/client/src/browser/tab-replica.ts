/**
 * A document that several tabs have. One leads: it keeps it in the storage and follows the server's. The others have it from there,
 * change it at once under an actor of their own, and hand in what they changed; when the leading tab ends one of them goes on.
 */
import { type ActorId, CoreError, type FieldSpecs, type SchemaDoc } from '@joinery/core'
import { SessionRefusal } from '@joinery/sync'
import { ClientError, refuse } from '../errors.ts'
import { Kept } from '../live/kept.ts'
import type { Place } from '../live/place.ts'
import type { ParkedEdit } from '../live/records.ts'
import { refusedError } from '../live/refused-edits.ts'
import { Replica, type ReplicaOptions } from '../live/replica.ts'
import type { DocReplica, FromLeader, LeaderStatus, ToLeader } from '../live/tabs.ts'
import { type Bus, Seat, topicOf } from './bus.ts'
import { HandIn } from './hand-in.ts'
import { HeldActor } from './held-actor.ts'
import { Leading } from './leading.ts'
import { rebased, rebasedOr } from './rebase.ts'

type State = Extract<FromLeader, { is: 'state' }>

export class TabReplica<S extends FieldSpecs> implements DocReplica<S> {
  readonly loaded: Promise<void>
  readonly #options: ReplicaOptions<S>
  readonly #bus: Bus
  readonly #topic: string
  readonly #kept: Kept<S>
  #seat: Seat | undefined
  #unlisten: (() => void) | undefined
  /** Where this tab leads; where another does, which. */
  #replica: Replica<S> | undefined
  #leading: Leading<S> | undefined
  #leader: string | undefined
  /** The life of the document as the leader names it; undefined while it has not said what there is. */
  #life: string | undefined
  #status: LeaderStatus | undefined
  #isReady = false
  #closed = false
  readonly #handIn: HandIn
  readonly #held: HeldActor
  #tellLoaded!: (outcome?: Promise<void>) => void

  constructor(bus: Bus, options: ReplicaOptions<S>) {
    this.#bus = bus
    const { id, shared, onStatus, onPeers } = options
    this.#options = {
      ...options,
      onStatus: () => {
        this.#leading?.touch()
        onStatus()
      },
      onPeers: (peers) => {
        this.#leading?.peers(peers)
        onPeers(peers)
      },
    }
    this.#topic = topicOf(shared.tenant, id)
    this.#kept = new Kept(this.#options)
    this.#held = new HeldActor(bus)
    this.#handIn = new HandIn((changes) => {
      // Else they go when the leader has said what there is.
      if (this.#life !== undefined) this.#post({ is: 'changes', life: this.#life, changes })
    })
    this.#kept.keeper = this.#handIn
    this.loaded = new Promise<void>((resolve) => {
      this.#tellLoaded = (outcome) => resolve(outcome)
    })
    void this.#begin()
  }

  async #begin(): Promise<void> {
    const { after, shared } = this.#options
    // The handle before this one is still handing in what it changed.
    await after
    const place = await shared.place().catch(() => undefined)
    if (this.#closed) return
    // Where nothing can be kept each tab is for itself.
    if (place === undefined) {
      this.#kept.keeper = undefined
      return this.#lead()
    }
    this.#unlisten = this.#bus.on<FromLeader>(this.#topic, (said, from) => this.#take(said, from))
    this.#seat = new Seat({
      bus: this.#bus,
      topic: this.#topic,
      onLead: () => this.#lead(),
      onLeader: (leader) => {
        if (this.#replica !== undefined || this.#isDone) return
        this.#leader = leader
        this.#life = undefined
        this.#post({ is: 'hello' })
      },
    })
  }

  /** Closed, and nothing is left to be handed in. */
  get #isDone(): boolean {
    return this.#closed && this.#handIn.bytes.length === 0
  }

  get isReady(): boolean {
    return this.#isReady || this.#replica?.isReady === true
  }

  get doc(): SchemaDoc<S> {
    return this.#kept.life.doc
  }

  get pending(): number {
    return Math.max(this.#kept.life.unstored.length, this.#replica === undefined ? (this.#status?.pending ?? 0) : 0)
  }

  get undurable(): number {
    return this.#kept.undurable
  }

  get storedAtMs(): number | undefined {
    return this.#replica?.storedAtMs ?? this.#status?.storedAtMs ?? this.#kept.storedAtMs
  }

  get refusal(): SessionRefusal | undefined {
    return this.#kept.life.refusal
  }

  get refused(): readonly ParkedEdit[] {
    return this.#replica?.refused ?? this.#status?.refused ?? []
  }

  get refusedCount(): number {
    return this.#replica?.refusedCount ?? this.refused.length
  }

  get isLive(): boolean {
    return this.#replica?.isLive ?? this.#status?.live ?? false
  }

  present(state: Uint8Array): void {
    if (this.#leading !== undefined) this.#leading.present(this.#bus.id, state)
    else this.#post({ is: 'present', state })
  }

  change(mutate: (root: SchemaDoc<S>['root']) => void): boolean {
    this.requireWritable()
    return this.doc.change(mutate) !== undefined
  }

  requireWritable(): void {
    if (this.#replica?.isReady === true) this.#replica.requireWritable()
    if (this.#closed) refuse('CLIENT_CLOSED', 'the document was closed')
    if (!this.isReady) refuse('CLIENT_NOT_READY', 'the document is not loaded yet')
    this.#kept.requireRoom(this.pending)
  }

  async saved(): Promise<void> {
    if (this.#closed) refuse('CLIENT_CLOSED', 'the document was closed')
    return this.#kept.saved()
  }

  async durable(): Promise<void> {
    await this.loaded
    await this.#handIn.empty()
    await this.#replica?.durable()
  }

  async retry(): Promise<void> {
    if (this.#replica !== undefined) return this.#replica.retry()
    this.#kept.life.refusal = undefined
    this.#post({ is: 'retry' })
    return this.saved()
  }

  async discard(): Promise<void> {
    if (this.#replica !== undefined) return this.#replica.discard()
    this.#post({ is: 'discard' })
    // The leader says so when it is done.
    await this.#handIn.until(() => this.refused.length === 0 || this.#closed)
  }

  async move(place: Place): Promise<void> {
    await this.#replica?.move(place)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#replica === undefined) {
      if (this.#leader !== undefined) await this.#handIn.empty()
      this.#kept.settling.reject(new ClientError('CLIENT_CLOSED', 'closed before the server had stored it'))
      this.#kept.life.unsubscribe()
      this.#post({ is: 'leave' })
    }
    this.#leading?.close()
    await this.#replica?.close()
    this.#unlisten?.()
    this.#held.release()
    this.#seat?.leave()
    this.#tellLoaded()
  }

  abandon(): void {
    this.#replica?.abandon()
    this.#handIn.giveUp()
  }

  /** The tab that led is gone, or there was none. */
  #lead(): void {
    if (this.#isDone) return
    const claim = (actor: ActorId): Promise<boolean> => this.#held.claim(actor, this.#kept.life.actor.id)
    const replica = new Replica<S>(this.#options, { kept: this.#kept, succeeds: this.#isReady, claim })
    this.#replica = replica
    this.#leader = undefined
    replica.loaded.then(
      () => {
        if (this.#closed) return
        this.#leading = new Leading<S>({
          bus: this.#bus,
          host: this.#options.shared.host,
          topic: this.#topic,
          kept: this.#kept,
          replica,
          present: (state) => replica.present(state),
        })
        this.#seat?.announce(undefined)
      },
      () => this.#seat?.announce(undefined),
    )
    this.#tellLoaded(replica.loaded)
  }

  #post(said: ToLeader): void {
    if (this.#leader !== undefined) this.#bus.post(this.#topic, said, this.#leader)
  }

  #take(said: FromLeader, from: string): void {
    if (from !== this.#leader || this.#replica !== undefined) return
    switch (said.is) {
      case 'actors':
        void this.#follow(said.actors)
        break
      case 'taken':
        void this.#held.use(this.#kept.drawActor().id).then(() => this.#follow([]))
        break
      case 'state':
        this.#enter(said)
        break
      case 'changes':
        if (said.life === this.#life) this.#apply(said.bytes)
        break
      case 'durable':
        this.#handIn.settle(said.names)
        break
      case 'stored':
        this.#kept.stored(new Set(said.names))
        break
      case 'peers':
        this.#options.onPeers(said.peers)
        break
      case 'status':
        this.#look(said)
        break
    }
  }

  #look(status: LeaderStatus): void {
    const { refusal } = status
    const before = this.#kept.life.refusal
    this.#status = status
    if (refusal === undefined) this.#kept.life.refusal = undefined
    else if (before?.code !== refusal.code || before.message !== refusal.message) {
      const told = new SessionRefusal(refusal.code, refusal.message)
      this.#kept.life.refusal = told
      this.#kept.settling.reject(refusedError(told))
    }
    this.#handIn.wake()
    this.#options.onStatus()
  }

  async #follow(actors: readonly ActorId[]): Promise<void> {
    const leader = this.#leader
    const actor = await this.#held.take(actors, this.#kept.life.actor.id)
    if (leader !== this.#leader) return
    const { doc } = this.#kept.life
    const known = this.#isReady ? [...doc.version().entries()] : []
    this.#post({ is: 'follow', actor, incarnation: this.#isReady ? doc.incarnation : '', known })
  }

  /** The leader says what there is. */
  #enter(state: State): void {
    const told = this.#isReady ? this.#kept.life.actor.id : this.#held.actor
    if (state.anew) this.#rebase(state)
    else if (!state.base.every((bytes) => this.#apply(bytes))) return
    this.#life = state.life
    const { actor, doc } = this.#kept.life
    // The leader takes changes under the actor it was told of only.
    if (actor.id !== told) {
      this.#post({ is: 'follow', actor: actor.id, incarnation: doc.incarnation, known: [...doc.version().entries()] })
    }
    // Whatever was on its way to the leader before is not, or is known there.
    const changes = this.#kept.life.unstored.map(({ bytes }) => bytes)
    if (changes.length > 0) this.#post({ is: 'changes', life: state.life, changes })
    if (!this.#isReady) {
      this.#isReady = true
      this.#tellLoaded()
    }
    this.#options.onStatus()
  }

  /** Where what is here and what the leader has are not of one past, or something is lacking, all of it is asked for. */
  #apply(bytes: Uint8Array): boolean {
    try {
      if (this.doc.apply(bytes).waiting === 0) return true
    } catch (error) {
      if (!(error instanceof CoreError)) throw error
    }
    this.#life = undefined
    this.#post({ is: 'follow', actor: this.#kept.life.actor.id, incarnation: '', known: [] })
    return false
  }

  /** Another state takes the place of the one that is here. */
  #rebase(state: State): void {
    const kept = this.#kept
    const {
      actor: { id },
      unstored: before,
    } = kept.life
    const same = this.#isReady ? kept.drawActor(id) : kept.drawActor(this.#held.actor)
    let actor = same
    let next = this.#isReady && state.goesOn !== true ? undefined : rebasedOr(kept, same, before, state)
    if (next === undefined) {
      // Dots that were used for what is dropped, or what was made here and does not follow what is there, are not used again.
      actor = kept.drawActor()
      void this.#held.use(actor.id)
      next = rebased(kept, actor, [], state)
      if (before.length > 0) this.#giveUp()
    }
    kept.enter(kept.begin(next.doc, actor, next.unstored))
    kept.settling.settle(next.unstored[0]?.order)
  }

  /** The leader set aside what it had; what had not arrived goes there, too. */
  #giveUp(): void {
    this.#post({ is: 'park', changes: this.#handIn.bytes })
    this.#handIn.giveUp()
    this.#kept.settling.reject(refusedError(this.refusal))
  }
}
