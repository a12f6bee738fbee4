/**
 * Local changes on their way to the server: those that wait, those that are under way, and what the server has stored. Changes
 * leave in order, in batches; what was not acknowledged when a connection ends goes again over the next one.
 */
import { type Doc, encodeBundle, readBundle, readChange, VersionVector } from '@joinery/core'

interface Outgoing {
  readonly bytes: Uint8Array
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
  readonly last: number
}

/** So many batches are sent ahead of their acknowledgement; what comes meanwhile gathers for the next. */
const BATCHES_AHEAD_MAX = 4

export class Outbox {
  /** Changes that the server has not stored, ascending. */
  readonly #changes: Outgoing[] = []
  /** So many of them are under way. */
  #sent = 0
  #underWay: UnderWay[] = []
  #batch = 0
  #restart = false
  /** The last own dot that is stored at the server. */
  #stored = 0

  /** Changes that are not stored yet. */
  get pending(): number {
    return this.#changes.length
  }

  get stored(): number {
    return this.#stored
  }

  /** Takes a change that was made here. */
  add(bytes: Uint8Array, last: number): void {
    this.#changes.push({ bytes, last })
  }

  /** A connection is there, over which the server says what it has of ours. */
  begin(doc: Doc, known: number): void {
    this.#batch = 0
    this.#underWay = []
    this.#sent = 0
    this.#restart = false
    this.acknowledge(known)
    const [first] = this.#changes
    // What the queue does not remember is in the document, as after a restart.
    if (first === undefined || first.last > known) this.#recall(doc, known)
  }

  #recall(doc: Doc, known: number): void {
    const own = doc.actor.id
    if (doc.known(own) <= known) return
    const seen = new VersionVector(
      [...doc.version().entries()].map(([actor, counter]) => [actor, actor === own ? known : counter]),
    )
    const bundle = doc.changesSince(seen)
    if (bundle === undefined) return
    this.#changes.splice(0)
    for (const bytes of readBundle(bundle)) {
      const { header } = readChange(bytes)
      this.#changes.push({ bytes: bytes.slice(), last: header.first + header.length - 1 })
    }
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
    this.#underWay.push({ number: this.#batch, last: (this.#changes[to - 1] as Outgoing).last })
    const restart = this.#restart
    this.#restart = false
    return {
      number: this.#batch,
      payload: encodeBundle(this.#changes.slice(from, to).map(({ bytes }) => bytes)),
      restart,
    }
  }

  /** Everything up to a batch is stored. */
  acknowledgeBatch(number: number): void {
    const done = this.#underWay.filter((batch) => batch.number <= number)
    this.#underWay = this.#underWay.filter((batch) => batch.number > number)
    const last = done.at(-1)?.last
    if (last !== undefined) this.acknowledge(last)
  }

  /** Own dots up to here are stored. */
  acknowledge(last: number): void {
    let count = 0
    while (count < this.#changes.length && (this.#changes[count] as Outgoing).last <= last) count += 1
    this.#changes.splice(0, count)
    this.#sent = Math.max(0, this.#sent - count)
    this.#stored = Math.max(this.#stored, last)
  }

  /** The first changes of a batch were stored and the rest was not; what was behind it was passed over. */
  refused(number: number, accepted: number): void {
    this.acknowledgeBatch(number - 1)
    const last = accepted > 0 ? this.#changes[accepted - 1]?.last : undefined
    if (last !== undefined) this.acknowledge(last)
    this.#underWay = []
    this.#sent = 0
    this.#restart = true
  }
}
