/**
 * One life of a document on this node: what is durable of it, what waits to be stored, and the document itself while it is in
 * memory. What peers are told of is what is durable: a node that loses its last moments in a crash has promised nobody anything.
 */
import { type ActorId, type ChangeHeader, CoreError, compareActorIds, type SchemaDoc, Writer } from '@joinery/core'
import { addHash, type Hash64, type HashKey, hash64, subtractHash, ZERO } from '../hash64.ts'
import type { Cause, FrontierEntry, LifeKey } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import type { SignedLife } from '../signing/signed-life.ts'
import { type EarlyBytes, EarlyChanges } from './early-changes.ts'

/** How a part came here. */
export interface Via {
  readonly from: NodeId
  readonly cause: Cause
  readonly hops: number
  /** Marks of nodes that were told, too. */
  readonly told: readonly number[]
  /** It comes from another region. */
  readonly foreign: boolean
}

/** A part that was taken in and is not durable yet. */
export interface Staged {
  readonly bytes: Uint8Array
  /** What is known with it: of one actor, or of all where it is a snapshot. */
  readonly knows: readonly FrontierEntry[]
  /** Headers of the changes in it. */
  readonly headers: readonly ChangeHeader[]
  /** Absent where it was made or admitted here: nobody else has it. */
  readonly via?: Via | undefined
  /** Of the edit, submission or end that it is. */
  readonly ticket?: number
}

/** A write that is out. */
export interface Writing {
  readonly write: number
  /** How many of the staged parts are in it: none where it only folds what is durable. */
  readonly count: number
  readonly kind: 'append' | 'replace' | 'end'
  /** Bytes that the life takes in the store once it is done. */
  readonly logBytes: number
  /** How often it was to be written anew when this was given out. */
  readonly rewrites: number
}

export class Life {
  readonly key: LifeKey
  readonly name: string
  document: SchemaDoc | undefined
  /** How it ended. */
  tombstone: Uint8Array | undefined
  /** What waits to be stored, in order. The first of it may be in a write that is out. */
  staged: Staged[] = []
  writing: Writing | undefined
  /** The write that failed is tried again at this time. */
  writeAgainAtMs: number | undefined
  /** Edits wait for the write that is out, because somebody waits for a state that holds nothing undurable. */
  isHeld = false
  /** What stands for it in the digest now. */
  listed: Hash64 | undefined
  stagedBytes = 0
  /** How many parts were staged, and how many of them are durable. */
  stagedCount = 0
  storedCount = 0
  /** Bytes that it takes in the store, and how many of them are a snapshot at the beginning. */
  logBytes = 0
  snapshotBytes = 0
  /** What waits until the document is in memory. */
  onceLoaded: (() => void)[] = []
  /** What waits until so many of its parts are durable. */
  onceDurable: { readonly count: number; readonly task: () => void }[] = []
  loading = false
  damaged = false
  /** Others have another state of it: what is read from the store is to be looked at before it is believed. */
  isDoubted = false
  /** Its whole history, where changes are signed. */
  signed: SignedLife | undefined
  /** How often everything in the store was to be written anew, and how often it was. */
  rewrites = 0
  rewritten = 0
  readonly early: EarlyChanges
  /** Changes that came in a moment ago, oldest first. */
  recent: { readonly actor: ActorId; readonly first: number; readonly atMs: number }[] = []
  /** When it was last asked for, so that what nobody asks for leaves memory. */
  usedAtMs = 0
  /** What is missing was asked for; not again before this time. */
  askedUntilMs = 0
  readonly #key: HashKey
  /** Durable knowledge, by actor. Empty while the document is not in memory. */
  readonly #durable = new Map<ActorId, FrontierEntry>()
  /** Sum of the hashes of the entries, so that a change costs one hash whatever the number of actors. */
  #sum: Hash64 = ZERO

  constructor(key: LifeKey, hashKey: HashKey, early: EarlyBytes) {
    this.key = key
    this.early = new EarlyChanges(early)
    this.name = lifeName(key)
    this.#key = hashKey
  }

  /** Nothing of it can be shown to others: it is older than the signatures that they ask for. */
  get isPrivate(): boolean {
    return this.signed?.isUnsigned === true && this.tombstone === undefined
  }

  get sum(): Hash64 {
    return this.#sum
  }

  /** Takes over what the store has summed up. */
  restore(sum: Hash64): void {
    this.#sum = sum
  }

  /** Everything that the document knows is durable: it was just loaded, or replaced. */
  settle(document: SchemaDoc): void {
    this.document = document
    this.#durable.clear()
    this.#sum = ZERO
    this.learn(document.chain())
  }

  /** Lets go of the document. Nothing may be waiting to be stored. */
  unload(): void {
    this.document = undefined
    this.signed = undefined
    this.early.clear()
    this.#durable.clear()
  }

  /** Something that it knew is nothing any more: of an actor only what comes up to a change is, which is durable. */
  recede(actor: ActorId, boundary: FrontierEntry | undefined): void {
    const known = this.#durable.get(actor)
    if (known !== undefined && known.counter > (boundary?.counter ?? 0)) {
      this.#sum = subtractHash(this.#sum, this.#hashOf(known))
      this.#durable.delete(actor)
      if (boundary !== undefined) this.learn([boundary])
    }
  }

  /** Takes note of what has become durable. */
  learn(entries: readonly FrontierEntry[]): void {
    for (const entry of entries) {
      const known = this.#durable.get(entry.actor)
      if (known !== undefined && known.counter >= entry.counter) continue
      if (known !== undefined) this.#sum = subtractHash(this.#sum, this.#hashOf(known))
      this.#durable.set(entry.actor, entry)
      this.#sum = addHash(this.#sum, this.#hashOf(entry))
    }
  }

  /** The sum once these are durable, too. */
  sumWith(entries: readonly FrontierEntry[]): Hash64 {
    const later = new Map<ActorId, FrontierEntry>()
    let sum = this.#sum
    for (const entry of entries) {
      const known = later.get(entry.actor) ?? this.#durable.get(entry.actor)
      if (known !== undefined && known.counter >= entry.counter) continue
      if (known !== undefined) sum = subtractHash(sum, this.#hashOf(known))
      later.set(entry.actor, entry)
      sum = addHash(sum, this.#hashOf(entry))
    }
    return sum
  }

  /** The last durable dot of an actor; 0 for none. */
  durable(actor: ActorId): number {
    return this.#durable.get(actor)?.counter ?? 0
  }

  entry(actor: ActorId): FrontierEntry | undefined {
    return this.#durable.get(actor)
  }

  get actorCount(): number {
    return this.#durable.size
  }

  /** Durable knowledge, ascending by actor. */
  entries(): FrontierEntry[] {
    return [...this.#durable.values()].sort((a, b) => compareActorIds(a.actor, b.actor))
  }

  /** What stands for this life in the digest of a node: another one as soon as anything is known beyond it. */
  item(): Hash64 {
    const writer = Writer.take()
    writer.string(this.key.document)
    writer.string(this.key.incarnation)
    const { tombstone } = this
    if (tombstone !== undefined) {
      writer.byte(1)
      writer.append(tombstone)
    } else writeHalves(writer, this.#sum)
    const item = hash64(this.#key, writer.bytes, writer.length)
    writer.release()
    return item
  }

  #hashOf({ actor, counter, check }: FrontierEntry): Hash64 {
    const writer = Writer.take()
    writer.string(actor)
    writer.varint(counter)
    writer.varint(check)
    const hash = hash64(this.#key, writer.bytes, writer.length)
    writer.release()
    return hash
  }

  /** The whole document; undefined where it is not here, or holds types that this build does not know. */
  snapshot(): Uint8Array | undefined {
    try {
      return this.document?.snapshot()
    } catch (error) {
      if (error instanceof CoreError && error.code === 'CORE_FORMAT_UNSUPPORTED') return undefined
      throw error
    }
  }

  /** The first dot of each actor that came in after a moment. What is older is forgotten. */
  youngerThan(atMs: number): ReadonlyMap<ActorId, number> {
    const old = this.recent.findIndex((each) => each.atMs > atMs)
    this.recent.splice(0, old < 0 ? this.recent.length : old)
    const young = new Map<ActorId, number>()
    for (const { actor, first } of this.recent) if (!young.has(actor)) young.set(actor, first)
    return young
  }

  stage(part: Staged): void {
    this.staged.push(part)
    this.stagedBytes += part.bytes.length
    this.stagedCount += 1
  }
}

function writeHalves(writer: Writer, { high, low }: Hash64): void {
  writer.byte(0)
  writer.varint(high)
  writer.varint(low)
}

/** A key for maps: no incarnation holds a line feed in its place. */
export function lifeName({ document, incarnation }: LifeKey): string {
  return `${incarnation.length}:${incarnation}${document}`
}
