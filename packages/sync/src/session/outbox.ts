/**
 * Local changes on their way to the server: those that wait, those that are under way, and what the server has stored. Changes
 * leave in order, in batches; what was not acknowledged when a connection ends goes again over the next one.
 */
import {
  type ActorId,
  type ChangeHeader,
  encodeBundle,
  openChange,
  readBundle,
  type SchemaDoc,
  VersionVector,
} from '@joinery/core'
import type { Known } from './frames.ts'

export interface Outgoing {
  readonly bytes: Uint8Array
  /** Who made it: the actor that writes here, or an earlier one of this replica, whose last changes are still to be sent. */
  readonly actor: ActorId
  /** The last dot of the change. */
  readonly last: number
}

export interface Batch {
  readonly number: number
  readonly payload: Uint8Array
  /** Begins again after a refusal, or on a new connection. */
  readonly restart: boolean
}

interface UnderWay {
  readonly number: number
  /** How many changes it holds. */
  readonly count: number
}

/** So many batches are sent ahead of their acknowledgement; what comes meanwhile gathers for the next. */
const BATCHES_AHEAD_MAX = 4

export class Outbox {
  readonly #actor: ActorId
  /** Changes that the server has not stored, in the order in which they were made. */
  #changes: Outgoing[] = []
  /** So many of them are under way. */
  #sent = 0
  #underWay: UnderWay[] = []
  #batch = 0
  #restart = false
  /** The last own dot that is stored at the server. */
  #stored = 0
  /** The last own dot that may be sent. */
  #through = 0
  /** What is stored, while nothing has shown that it was made here. */
  #unproven: Known | undefined

  /** @param through the last dot of the actor that was made before, and may be sent. */
  constructor(actor: ActorId, through = 0) {
    this.#actor = actor
    this.#through = through
  }

  /** Changes that are not stored yet. */
  get pending(): number {
    return this.#changes.length
  }

  get stored(): number {
    return this.#stored
  }

  /** Takes a change that was made here. Answers false when it does not follow what the server has. */
  add(change: Outgoing): boolean {
    if (change.actor === this.#actor) {
      if (change.last <= this.#stored) return true
      if (this.#unproven !== undefined && !this.#follows(openChange(change.bytes).header, this.#unproven)) return false
      this.#unproven = undefined
      this.#through = Math.max(this.#through, change.last)
    }
    this.#changes.push(change)
    return true
  }

  /**
   * A connection is there, over which the server says what it has of ours. Answers false when that was not made here, but by a copy of
   * this storage.
   */
  begin(doc: SchemaDoc, there: Known): boolean {
    const { known } = there
    this.#batch = 0
    this.#underWay = []
    this.#sent = 0
    this.#restart = false
    this.#stored = known
    this.#through = Math.max(this.#through, known)
    this.#changes = this.#changes.filter(({ actor, last }) => actor !== this.#actor || last > known)
    const here = doc.known(this.#actor)
    this.#unproven = undefined
    if (here <= known) return here === known && doc.checkOf(this.#actor) === there.knownCheck
    const queued = this.#changes.find(({ actor }) => actor === this.#actor)
    let next = queued && openChange(queued.bytes).header
    // A server that was put back to an earlier state lacks what it had stored, and what the queue forgot is in the document.
    if (next === undefined || next.first > known + 1) next = this.#recall(doc, known) ?? next
    if (next === undefined) this.#unproven = there
    return next === undefined || this.#follows(next, there)
  }

  /** Whether this may be the next change behind what is stored. */
  #follows({ first, previous }: ChangeHeader, { known, knownCheck }: Known): boolean {
    return first > known + 1 || (first === known + 1 && previous === knownCheck)
  }

  /** Queues again what the document has and the server lacks. Answers the first of it. */
  #recall(doc: SchemaDoc, known: number): ChangeHeader | undefined {
    const own = this.#actor
    const seen = new VersionVector(
      [...doc.version().entries()].map(([actor, counter]) => [actor, actor === own ? known : counter]),
    )
    const bundle = doc.changesSince(seen)
    if (bundle === undefined) return undefined
    const recalled = readBundle(bundle).map((bytes): Outgoing => {
      const { header } = openChange(bytes)
      return { bytes: bytes.slice(), actor: own, last: header.first + header.length - 1 }
    })
    this.#changes = [
      ...this.#changes.filter(({ actor }) => actor !== own),
      ...recalled.filter(({ last }) => last <= this.#through),
    ]
    return recalled[0] && openChange(recalled[0].bytes).header
  }

  /** The next batch to send; undefined when there is nothing, or enough is under way. */
  next(bytesMax: number): Batch | undefined {
    if (this.#underWay.length >= BATCHES_AHEAD_MAX || this.#sent === this.#changes.length) return undefined
    const from = this.#sent
    let [to, size] = [from, 0]
    while (to < this.#changes.length) {
      size += (this.#changes[to] as Outgoing).bytes.length + 5
      if (to > from && size > bytesMax) break
      to += 1
    }
    this.#sent = to
    this.#batch += 1
    this.#underWay.push({ number: this.#batch, count: to - from })
    const restart = this.#restart
    this.#restart = false
    return {
      number: this.#batch,
      payload: encodeBundle(this.#changes.slice(from, to).map(({ bytes }) => bytes)),
      restart,
    }
  }

  /** Everything up to a batch is stored. Answers what that is, without what was known to be stored. */
  acknowledgeBatch(number: number): readonly Outgoing[] {
    let count = 0
    for (const batch of this.#underWay) if (batch.number <= number) count += batch.count
    this.#underWay = this.#underWay.filter((batch) => batch.number > number)
    return this.#drop(count)
  }

  /** The first changes of a batch were stored and the rest was not; what was behind it was passed over. */
  refused(number: number, accepted: number): readonly Outgoing[] {
    const stored = [...this.acknowledgeBatch(number - 1), ...this.#drop(accepted)]
    this.#underWay = []
    this.#sent = 0
    this.#restart = true
    return stored
  }

  #drop(count: number): readonly Outgoing[] {
    const stored = this.#changes.splice(0, count)
    this.#sent = Math.max(0, this.#sent - count)
    for (const { actor, last } of stored) if (actor === this.#actor) this.#stored = Math.max(this.#stored, last)
    return stored
  }
}
