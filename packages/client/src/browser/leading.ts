/**
 * A document in the tab that leads it: tells the other tabs what becomes of it, and takes what they change as if it had been changed
 * here. They learn of nothing that is not durable: a tab that ends must not take a dot along that others have seen.
 */
import {
  type ActorId,
  CoreError,
  encodeBundle,
  type FieldSpecs,
  openChange,
  readBundle,
  VersionVector,
} from '@joinery/core'
import type { Peers } from '@joinery/sync'
import type { Host } from '../host.ts'
import type { Kept } from '../live/kept.ts'
import { baseOf, editIdOf, nameOf, type OwnChange } from '../live/life.ts'
import type { Replica } from '../live/replica.ts'
import type { FromLeader, LeaderStatus, ToLeader } from '../live/tabs.ts'
import type { Bus } from './bus.ts'

export interface LeadingOptions<S extends FieldSpecs> {
  readonly bus: Bus
  readonly host: Host
  readonly topic: string
  readonly kept: Kept<S>
  readonly replica: Replica<S>
  /** Sends a state of presence to the server. */
  readonly present: (state: Uint8Array) => void
}

/** Counts and badges may be so late in another tab. */
const STATUS_MS = 20

export class Leading<S extends FieldSpecs> {
  readonly #options: LeadingOptions<S>
  /** Who writes under which actor. */
  readonly #followers = new Map<string, ActorId>()
  readonly #peers = new Map<string, Peers['peers'][number]>()
  /** What tabs say of themselves, the latest last. All tabs of a device are one for the others. */
  readonly #presence = new Map<string, Uint8Array>()
  #life = 1
  /** What was here of the life before: it went along, or was set aside. */
  #gone: ReadonlySet<string> = new Set()
  /** Durable since they were told last. */
  #durable: { readonly name: string; readonly bytes: Uint8Array }[] = []
  #scheduled = false
  #cancelStatus: (() => void) | undefined
  readonly #unlisten: () => void

  constructor(options: LeadingOptions<S>) {
    this.#options = options
    const { bus, topic, kept } = options
    this.#unlisten = bus.on<ToLeader>(topic, (said, from) => this.#take(said, from))
    kept.watcher = {
      durable: (own) => {
        this.#durable.push({ name: nameOf(own), bytes: own.bytes })
        this.#schedule()
      },
      received: (bytes) => {
        if (this.#followers.size === 0) return
        this.#tell()
        this.#post({ is: 'changes', life: this.#name, bytes: bytes.slice() })
      },
      stored: (names) => {
        this.#tell()
        this.#post({ is: 'stored', names: [...names] })
      },
      entered: (life, before) => {
        this.#life += 1
        this.#durable = []
        this.#gone = new Set(before.unstored.map(nameOf))
        for (const [tab] of this.#followers) this.#state(tab, life.actor.id === before.actor.id)
      },
    }
  }

  get #name(): string {
    return `${this.#options.bus.id}/${this.#life}`
  }

  /** The status may be another. It is told now and then: it holds what others need not know at once. */
  touch(): void {
    if (this.#followers.size === 0) return
    this.#cancelStatus ??= this.#options.host.setTimer(STATUS_MS, () => {
      this.#cancelStatus = undefined
      this.#post(this.#status())
    })
  }

  peers(peers: Peers['peers']): void {
    for (const peer of peers) {
      if (peer.state.length === 0) this.#peers.delete(peer.session)
      else this.#peers.set(peer.session, { ...peer, state: peer.state.slice() })
    }
    this.#post({ is: 'peers', peers })
  }

  /** A tab says something of itself, or says it again. */
  present(tab: string, state: Uint8Array): void {
    const before = this.#presence.get(tab)
    const again = before?.length === state.length && state.every((byte, i) => byte === before[i])
    const shown = [...this.#presence.keys()].at(-1)
    if (!again) {
      this.#presence.delete(tab)
      if (state.length > 0) this.#presence.set(tab, state)
    }
    // What the last one says is renewed by itself; that of the others is not shown.
    if (!again || shown === tab) this.#options.present([...this.#presence.values()].at(-1) ?? state.subarray(0, 0))
  }

  /** Whoever hands something in from now on does so again, to the next one that leads. */
  close(): void {
    const { kept } = this.#options
    this.#unlisten()
    this.#tell()
    this.#cancelStatus?.()
    kept.watcher = undefined
  }

  #take(said: ToLeader, from: string): void {
    const { bus, topic, kept, replica } = this.#options
    switch (said.is) {
      case 'hello': {
        const { former = [], epoch } = kept.journal?.record ?? {}
        const taken = new Set(this.#followers.values())
        const actors = former.filter((each) => each.epoch === epoch && !taken.has(each.actor)).map(({ actor }) => actor)
        bus.post(topic, { is: 'actors', actors } satisfies FromLeader, from)
        break
      }
      case 'follow':
        this.#follow(said, from)
        break
      case 'changes':
        if (said.life === this.#name) this.#changes(said.changes, from)
        break
      case 'park':
        replica.park(said.changes.filter((bytes) => !this.#gone.has(nameOfChange(bytes))))
        break
      case 'present':
        this.present(from, said.state)
        break
      case 'retry':
        replica.retry().catch(() => {})
        break
      case 'discard':
        replica.discard().catch(() => {})
        break
      case 'leave':
        this.#left(from)
        break
    }
  }

  #follow(said: Extract<ToLeader, { is: 'follow' }>, from: string): void {
    const { bus, topic, kept } = this.#options
    // Who wrote under it before has gone; what it sent last, and nobody took, is gone with it.
    for (const [tab, actor] of this.#followers) if (actor === said.actor && tab !== from) this.#left(tab)
    const isNew = this.#followers.get(from) !== said.actor
    if (isNew && kept.life.unstored.some((own) => own.actor === said.actor && !own.durable)) {
      // What it sent and is not in the storage yet would not be told, and its dots be used twice.
      bus.post(topic, { is: 'taken' } satisfies FromLeader, from)
      return
    }
    if (!this.#followers.has(from)) bus.whenGone(from, () => this.#left(from))
    this.#followers.set(from, said.actor)
    this.#catchUp(said, from)
  }

  #left(tab: string): void {
    this.#followers.delete(tab)
    if (this.#presence.has(tab)) this.present(tab, new Uint8Array(0))
  }

  #changes(changes: readonly Uint8Array[], from: string): void {
    const { kept } = this.#options
    const known: string[] = []
    const stored: string[] = []
    for (const bytes of changes) {
      const name = nameOfChange(bytes)
      const { actor, first, length } = openChange(bytes).header
      if (this.#followers.get(from) !== actor) continue
      if (kept.life.doc.known(actor) < first + length - 1) {
        if (this.#follows(bytes)) continue
        // The tab begins again from what is here.
        this.#state(from, true)
        return
      }
      const waiting = kept.life.unstored.find((own) => nameOf(own) === name)
      if (waiting === undefined) stored.push(name)
      if (waiting?.durable !== false) known.push(name)
    }
    const { bus, topic } = this.#options
    if (known.length > 0) bus.post(topic, { is: 'durable', names: known } satisfies FromLeader, from)
    if (stored.length > 0) bus.post(topic, { is: 'stored', names: stored } satisfies FromLeader, from)
    this.touch()
  }

  /** Takes a change; answers whether it could be. */
  #follows(bytes: Uint8Array): boolean {
    try {
      return this.#options.kept.take(bytes)
    } catch (error) {
      if (error instanceof CoreError) return false
      throw error
    }
  }

  /** A tab that has a part of this life gets the rest of it. */
  #catchUp({ incarnation, known }: Extract<ToLeader, { is: 'follow' }>, from: string): void {
    this.#tell()
    const { doc } = this.#options.kept.life
    const lacking = incarnation === doc.incarnation ? doc.changesSince(new VersionVector(known)) : undefined
    if (lacking === undefined) this.#state(from, true)
    else {
      const undurable = new Set(this.#undurable().map(nameOf))
      const durable = readBundle(lacking).filter((bytes) => !undurable.has(nameOfChange(bytes)))
      const base = [encodeBundle(durable)]
      this.#send(from, { is: 'state', life: this.#name, incarnation, base, unstored: [], anew: false })
    }
    this.touch()
  }

  #undurable(): OwnChange[] {
    return this.#options.kept.life.unstored.filter((own) => !own.durable)
  }

  /** All of it, but what is not durable: that comes when it is. */
  #state(tab: string, goesOn: boolean): void {
    this.#tell()
    const { doc, unstored } = this.#options.kept.life
    const base = baseOf({ doc, unstored: this.#undurable() })?.map((bytes) => bytes.slice())
    if (base === undefined) {
      // Its past is gone, and what is not durable cannot be left out.
      this.#options.host.setTimer(STATUS_MS, () => this.#followers.has(tab) && this.#state(tab, goesOn))
      return
    }
    const changes = unstored.filter((own) => own.durable).map(({ bytes }) => bytes)
    const { incarnation } = doc
    this.#send(tab, { is: 'state', life: this.#name, incarnation, base, unstored: changes, anew: true, goesOn })
  }

  #send(tab: string, said: FromLeader): void {
    const { bus, topic } = this.#options
    bus.post(topic, said, tab)
    if (this.#peers.size > 0)
      bus.post(topic, { is: 'peers', peers: [...this.#peers.values()] } satisfies FromLeader, tab)
  }

  #post(said: FromLeader): void {
    const { bus, topic } = this.#options
    if (this.#followers.size > 0) bus.post(topic, said)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#tell()
    })
  }

  #tell(): void {
    const durable = this.#durable.splice(0)
    if (durable.length === 0) return
    this.#post({ is: 'changes', life: this.#name, bytes: encodeBundle(durable.map(({ bytes }) => bytes)) })
    this.#post({ is: 'durable', names: durable.map(({ name }) => name) })
  }

  #status(): LeaderStatus {
    const { isLive, pending, storedAtMs, refusal, refused } = this.#options.replica
    const told = refusal && { code: refusal.code, message: refusal.message }
    const undurable = new Set(this.#undurable().map(editIdOf))
    const known = refused.filter(({ id }) => !undurable.has(id))
    return { is: 'status', live: isLive, pending, storedAtMs, refusal: told, refused: known }
  }
}

function nameOfChange(bytes: Uint8Array): string {
  const { actor, first, length } = openChange(bytes).header
  return nameOf({ actor, last: first + length - 1 })
}
