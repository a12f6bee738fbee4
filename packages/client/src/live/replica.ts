/**
 * A document on this device: loaded from the storage, changed here, kept, and followed at the server. What the server refuses is
 * mended where that can be done without anybody (a wrong clock, a document that began on two devices), else it waits here.
 */
import type { Actor, FieldSpecs, SchemaDoc } from '@joinery/core'
import { type FollowedDocument, type Peers, SessionRefusal } from '@joinery/sync'
import { ClientError, refuse } from '../errors.ts'
import { Kept, type KeptOptions, type Next } from './kept.ts'
import { adopted, baseOf, type Life, nameOf, retimed, sendableThrough } from './life.ts'
import { type Loaded, loadReplica } from './load.ts'
import { type Place, storageError } from './place.ts'
import type { ParkedEdit } from './records.ts'
import { refusedError } from './refused-edits.ts'
import { remedyFor } from './remedy.ts'
import { SetAside } from './set-aside.ts'
import type { DocReplica } from './tabs.ts'

export interface ReplicaOptions<S extends FieldSpecs> extends KeptOptions<S> {
  readonly id: string
  /** As the server knows it. */
  readonly type: string
  readonly onPeers: (peers: Peers['peers']) => void
  /** What has to be over before the storage is read: the handle before this one may still be writing. */
  readonly after: Promise<void> | undefined
}

/** What a tab had of a document that another tab led. */
export interface Inherited<S extends FieldSpecs> {
  readonly kept: Kept<S>
  /** Whether the tab has it already; else it is only about to. */
  readonly succeeds: boolean
  /** Whether the actor that wrote here last may go on. */
  readonly claim?: (actor: Actor['id']) => Promise<boolean>
}

export class Replica<S extends FieldSpecs> implements DocReplica<S> {
  readonly #options: ReplicaOptions<S>
  readonly #kept: Kept<S>
  readonly #aside: SetAside<S>
  #seen: SessionRefusal | undefined
  #attempts = 0
  #cancelAttempt: (() => void) | undefined
  #isReady = false
  #closed = false
  readonly loaded: Promise<void>

  constructor(options: ReplicaOptions<S>, inherited: Inherited<S> = { kept: new Kept(options), succeeds: false }) {
    this.#options = options
    this.#kept = inherited.kept
    this.#aside = new SetAside(inherited.kept)
    this.loaded = this.#load(inherited)
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get doc(): SchemaDoc<S> {
    return this.#kept.life.doc
  }

  get pending(): number {
    return this.#kept.life.unstored.length
  }

  get undurable(): number {
    return this.#kept.undurable
  }

  get storedAtMs(): number | undefined {
    return this.#kept.storedAtMs
  }

  /** What the server refused and nothing here could mend. */
  get refusal(): SessionRefusal | undefined {
    return this.#kept.life.refusal
  }

  get isLive(): boolean {
    return this.#kept.life.followed?.state === 'live'
  }

  /** Tells the others in the document of oneself; empty: gone. */
  present(state: Uint8Array): void {
    this.#kept.life.followed?.present(state)
  }

  /** Makes a change; answers whether anything changed. */
  change(mutate: (root: SchemaDoc<S>['root']) => void): boolean {
    this.requireWritable()
    return this.doc.change(mutate) !== undefined
  }

  requireWritable(): void {
    if (this.#closed) refuse('CLIENT_CLOSED', 'the document was closed')
    if (!this.#isReady) refuse('CLIENT_NOT_READY', 'the document is not loaded yet')
    this.#kept.requireRoom(this.pending)
  }

  async saved(): Promise<void> {
    if (this.#closed) refuse('CLIENT_CLOSED', 'the document was closed')
    return this.#kept.saved()
  }

  async durable(): Promise<void> {
    await this.loaded
    await this.#kept.journal?.flush()
  }

  /** Edits that the server will not take, those set aside first. */
  get refused(): readonly ParkedEdit[] {
    return this.#aside.list
  }

  get refusedCount(): number {
    return this.#aside.count
  }

  async retry(): Promise<void> {
    const { life } = this.#kept
    life.refusal = undefined
    this.#options.onStatus()
    if (life.followed !== undefined) this.#options.shared.session.retry(life.followed)
    return this.saved()
  }

  async discard(): Promise<void> {
    await this.loaded
    const { life } = this.#kept
    const hadParked = this.#aside.clear()
    const dropped = life.refusal !== undefined && life.unstored.length > 0
    const replaced = dropped ? this.#replace(this.#without(life)) : undefined
    this.#options.onStatus()
    await replaced
    if (hadParked) await this.#kept.journal?.dropParked()
  }

  /** The document as the server has it, under another actor: dots that were used for what is dropped are not used again. */
  #without(life: Life<S>): Next<S> {
    const base = baseOf(life)
    const actor = this.#kept.drawActor()
    if (base === undefined || base.length === 0) return this.#empty(actor)
    const doc = this.#kept.load(base, actor)
    return { doc, actor, base, unstored: [], position: life.followed?.position }
  }

  #empty(actor: Actor): Next<S> {
    return { doc: this.#kept.blank(actor), actor, base: [], unstored: [], position: undefined }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancelAttempt?.()
    const { followed, unsubscribe } = this.#kept.life
    unsubscribe()
    if (followed !== undefined) this.#options.shared.session.unfollow(followed)
    const message = 'closed before the server had stored it: where there is a storage it is kept and sent later'
    this.#kept.settling.reject(new ClientError('CLIENT_CLOSED', message))
    await this.loaded.catch(() => {})
    await this.#kept.journal?.flush()
  }

  /** The storage was taken away, and this is another. */
  async move(place: Place): Promise<void> {
    await this.loaded.catch(() => {})
    if (this.#isReady) await this.#kept.move(place)
  }

  /** What cannot be written is given up. */
  abandon(): void {
    this.#kept.journal?.abandon()
  }

  async #load(inherited: Inherited<S>): Promise<void> {
    const { shared, after } = this.#options
    await after
    const place = await shared.place()
    if (place !== undefined) {
      try {
        await this.#read(place, inherited)
      } catch (error) {
        throw storageError(error)
      }
    }
    this.#isReady = true
    if (!this.#closed) this.#follow(this.#kept.life)
    this.#options.onStatus()
  }

  async #read(place: Place, { succeeds, claim }: Inherited<S>): Promise<void> {
    const { id, shared } = this.#options
    const kept = this.#kept
    const load = (drawn: Actor['id'], anew: boolean): Promise<Loaded> =>
      loadReplica(place, { id, shared, drawn, claim, succeeds: anew, onTrouble: shared.trouble })
    const { actor, unstored } = kept.life
    const found = await load(actor.id, succeeds)
    this.#aside.resume(found.parked)
    if (!succeeds) return kept.resume(found)
    if (kept.succeed(found)) return
    // The tab before had gone on to another state, and nobody was told.
    kept.resume(await load(kept.drawActor().id, true))
    this.park(unstored.map(({ bytes }) => bytes))
  }

  /** Sets changes aside that belong to a state that is gone. */
  park(changes: readonly Uint8Array[]): void {
    this.#aside.park(changes).catch(this.#options.shared.trouble)
    this.#options.onStatus()
  }

  #follow(life: Life<S>): void {
    const { id, type, types, schema, shared, onPeers } = this.#options
    const blank = !life.synced && life.unstored.length === 0
    const { actor, doc, position } = life
    const begun = blank
      ? { make: (parts: readonly Uint8Array[]) => this.#make(life, parts) }
      : { doc, through: sendableThrough(life), ...(position && { position }) }
    const followed: FollowedDocument<S> = shared.session.follow<S>(
      { id, type, actor, schema, offered: true, ...(types && { types }), ...begun },
      {
        onPeers,
        onStatus: () => this.#look(),
        onKnown: (last) => this.#kept.known(last),
        onStored: (changes) => {
          this.#attempts = 0
          this.#kept.stored(new Set(changes.map(nameOf)))
        },
        onUpdate: (payload, to) => this.#kept.received(payload, to),
        onServerTime: shared.serverTime,
      },
    )
    life.followed = followed
    for (const own of life.unstored) if (own.durable) followed.offer(own)
  }

  /** The document of a life that was empty when it was followed, once the server said what it has. */
  #make(before: Life<S>, base: readonly Uint8Array[]): SchemaDoc<S> {
    if (base.length === 0) return before.doc
    const { followed, actor, unstored } = before
    const there = this.#kept.load(base, actor)
    // What was changed here meanwhile goes on top, as if it had been made beside what is there.
    const own = adopted(unstored, there.incarnation)
    const doc = own.length === 0 ? there : this.#kept.load([...base, ...own.map(({ bytes }) => bytes)], actor)
    const life = Object.assign(this.#kept.begin(doc, actor, own), { followed, synced: true })
    this.#kept.enter(life)
    if (own.length > 0) void this.#kept.rewrite(life, { doc, actor, base, unstored: own, position: undefined })
    return doc
  }

  /** Another state takes the place of the one before: here at once, in the storage before anything of it is sent. */
  async #replace(next: Next<S>): Promise<void> {
    const before = this.#kept.life
    if (before.followed !== undefined) this.#options.shared.session.unfollow(before.followed)
    const life = this.#kept.begin(next.doc, next.actor, next.unstored)
    life.synced = next.base.length > 0
    life.position = next.position
    this.#kept.enter(life)
    this.#options.onStatus()
    if (next.unstored.length === 0) this.#kept.settling.reject(refusedError(before.refusal))
    await this.#kept.rewrite(life, next)
    if (life === this.#kept.life && !this.#closed) this.#follow(life)
  }

  /** Looks whether the server refused something. */
  #look(): void {
    const { life } = this.#kept
    const refusal = life.followed?.refusal
    // Not from inside the session, which is in the middle of telling.
    if (refusal !== undefined && refusal !== this.#seen) {
      this.#seen = refusal
      void Promise.resolve().then(() => this.#react(life, refusal))
    }
    this.#options.onStatus()
  }

  #react(life: Life<S>, refusal: SessionRefusal): void {
    const { followed } = life
    if (life !== this.#kept.life || this.#closed || followed?.refusal !== refusal) return
    switch (remedyFor(life, refusal.code, this.#attempts)) {
      case 'wait':
        this.#tryLater(life, followed)
        break
      case 'resubscribe':
        this.#followAnew(life, followed)
        break
      case 'adopt':
        this.#adopt(life, followed.incarnationThere).catch(() => this.#ask(life, refusal))
        break
      case 'retime':
        this.#retime(life).catch(() => this.#ask(life, refusal))
        break
      case 'begin-again':
        void this.#beginAgain(life, refusal)
        break
      case 'ask':
        this.#ask(life, refusal)
        break
    }
  }

  /** Somebody has to decide what becomes of what was refused. */
  #ask(life: Life<S>, refusal: SessionRefusal): void {
    life.refusal = refusal
    this.#kept.settling.reject(refusedError(refusal))
    this.#options.onStatus()
  }

  #tryLater(life: Life<S>, followed: FollowedDocument<S>): void {
    const { host, limits } = this.#options.shared
    const step = Math.min(limits.connectRetryMsMax, limits.connectRetryMsMin * 2 ** Math.min(this.#attempts, 20))
    this.#cancelAttempt?.()
    this.#cancelAttempt = host.setTimer(step / 2 + (host.random() * step) / 2, () => {
      if (life === this.#kept.life && life.followed === followed) this.#followAnew(life, followed)
    })
  }

  #followAnew(life: Life<S>, followed: FollowedDocument<S>): void {
    this.#attempts += 1
    this.#options.shared.session.unfollow(followed)
    life.position = followed.position
    this.#follow(life)
  }

  async #adopt({ actor, unstored }: Life<S>, incarnation: string): Promise<void> {
    const own = adopted(unstored, incarnation)
    const bytes = own.map((each) => each.bytes)
    return this.#replace({ doc: this.#kept.load(bytes, actor), actor, base: [], unstored: own, position: undefined })
  }

  async #retime(life: Life<S>): Promise<void> {
    const base = baseOf(life)
    if (base === undefined) return this.#beginAgain(life, new SessionRefusal('clock_skew', 'made under a wrong clock'))
    const actor = this.#kept.drawActor(life.actor.id)
    // So that the clock has seen what they follow.
    if (base.length > 0) this.#kept.load(base, actor)
    const own = retimed(life.unstored, actor.clock.wallMicros(), actor.clock.lastMicros)
    const doc = this.#kept.load([...base, ...own.map(({ bytes }) => bytes)], actor)
    return this.#replace({ doc, actor, base, unstored: own, position: life.followed?.position })
  }

  /** From nothing, under another actor. What the server lacks is set aside. */
  #beginAgain(life: Life<S>, refusal: SessionRefusal): Promise<void> {
    const parked = this.#aside.describe(refusal)
    this.#aside.add(parked)
    life.refusal = refusal
    return this.#replace({ ...this.#empty(this.#kept.drawActor()), parked })
  }
}
