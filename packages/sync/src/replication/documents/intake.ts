/**
 * Takes what others sent into a document. What is known already is passed over, what comes early waits in the document, what
 * cannot be taken changes nothing. Answers what is news, to be stored and told on.
 */
import {
  type ActorId,
  type Change,
  type ChangeHeader,
  CoreError,
  openChange,
  readChange,
  type SchemaDoc,
} from '@joinery/core'
import type { ForkProof } from '../signing/fork-proof.ts'
import type { SignedLife } from '../signing/signed-life.ts'
import type { Life, Staged, Via } from './life.ts'

/** First byte of a change, and of a snapshot: docs/FORMAT.md. */
const KIND_CHANGE = 0x13
const KIND_SNAPSHOT = 0x14

/** What became of parts that came in. */
export class Taken {
  readonly news: Staged[] = []
  readonly headers: ChangeHeader[] = []
  /** Parts that were known. */
  duplicates = 0
  /** Changes that wait for others now. */
  waiting = 0
  readonly forks: ActorId[] = []
  /** Forks that signatures prove. */
  readonly proofs: ForkProof[] = []
  /** Actors of changes that come after a fork that is known. */
  readonly quarantined: Set<ActorId> = new Set()
  /** Others know more of the actor that writes here than is here: what is here was put back. */
  reused = false
  /** Codes of what could not be taken. */
  readonly refused: string[] = []
}

export class Intake {
  readonly #life: Life
  readonly #document: SchemaDoc
  readonly #via: Via | undefined
  readonly #taken = new Taken()

  /** @param via how they came; absent for what is admitted here. */
  constructor(life: Life, document: SchemaDoc, via: Via | undefined) {
    this.#life = life
    this.#document = document
    this.#via = via
  }

  take(parts: readonly Uint8Array[]): Taken {
    for (const part of parts) {
      try {
        this.#take(part)
      } catch (error) {
        if (!(error instanceof CoreError)) throw error
        if (error.code === 'CORE_ACTOR_REUSED') this.#taken.reused = true
        else this.#taken.refused.push(error.code)
      }
    }
    this.#dropKnown()
    this.#taken.waiting = this.#life.early.size
    return this.#taken
  }

  /** Takes what stands for everything of an actor that forked. */
  takeVoid(bytes: Uint8Array): Taken {
    this.#takeNext(readChange(bytes), bytes)
    this.#dropKnown()
    return this.#taken
  }

  /** What waited under dots that something else has by now waits for nothing. */
  #dropKnown(): void {
    if (this.#taken.news.length === 0) return
    for (const [key, { bytes }] of this.#life.early.entries()) {
      const { actor, first, length } = openChange(bytes).header
      if (first + length - 1 <= this.#document.known(actor)) this.#life.early.delete(key)
    }
  }

  #take(part: Uint8Array): void {
    const { signed } = this.#life
    if (signed !== undefined) this.#takeSigned(part, signed)
    else if (part[0] === KIND_SNAPSHOT) this.#takeSnapshot(part.slice())
    else if (part[0] === KIND_CHANGE) this.#takeChange(part)
    else this.#taken.refused.push('CORE_DECODE_INVALID')
  }

  #takeChange(part: Uint8Array): void {
    const change = readChange(part)
    const { actor, first, length } = change.header
    const last = first + length - 1
    if (last <= this.#document.known(actor)) {
      const known = this.#life.entry(actor)
      if (known?.counter === last && known.check !== change.check) this.#taken.forks.push(actor)
      else this.#taken.duplicates += 1
      return
    }
    this.#takeNext(change, part.slice())
  }

  #isEarly({ actor, first, deps }: ChangeHeader): boolean {
    const document = this.#document
    return first > document.known(actor) + 1 || deps.some((dep) => document.known(dep.actor) < dep.counter)
  }

  /** Takes a change that is not known. */
  #takeNext(change: Change & { readonly check: number }, bytes: Uint8Array): void {
    if (!this.#life.early.hasRoom(bytes.length) && this.#isEarly(change.header)) {
      this.#taken.refused.push('REPLICATION_BUSY')
      return
    }
    try {
      const { applied, refused } = this.#document.apply(bytes)
      if (applied.length === 0 && refused.length === 0)
        this.#life.early.set(keyOf(change.header), { bytes, via: this.#via })
      this.#note(applied, bytes, change)
      for (const header of refused) this.#refuse(header)
    } catch (error) {
      if (!isFork(error)) throw error
      this.#contradicts(change.header, undefined)
    }
  }

  /** Snapshots are nobody's word, and are not taken. */
  #takeSigned(part: Uint8Array, signed: SignedLife): void {
    if (part[0] !== KIND_CHANGE || signed.isUnsigned) {
      this.#taken.refused.push('REPLICATION_UNSIGNED')
      return
    }
    const change = readChange(part)
    const verdict = signed.examine(change, this.#life.early.get(keyOf(change.header))?.bytes)
    switch (verdict.is) {
      case 'new':
        this.#takeNext(change, part.slice())
        break
      case 'known':
        this.#taken.duplicates += 1
        break
      case 'quarantined':
        this.#taken.quarantined.add(change.header.actor)
        break
      case 'refused':
        this.#taken.refused.push(verdict.code)
        break
      case 'proof':
        this.#taken.proofs.push(verdict.proof)
        break
    }
  }

  #takeSnapshot(bytes: Uint8Array): void {
    const { changed, applied, refused } = this.#document.apply(bytes)
    if (!changed) {
      this.#taken.duplicates += 1
      return
    }
    // In one write with what it let go of the queue, so what the document knows now is durable with it.
    this.#taken.news.push({ bytes, knows: this.#document.chain(), headers: [], via: this.#via })
    this.#note(applied)
    for (const header of refused) this.#refuse(header)
  }

  /** Takes note of what was applied: the change that came in, and those that waited for it. */
  #note(applied: readonly ChangeHeader[], bytes?: Uint8Array, change?: Change & { readonly check: number }): void {
    for (const header of applied) {
      const key = keyOf(header)
      const early = this.#life.early.get(key)
      this.#life.early.delete(key)
      const part = early?.bytes ?? (bytes as Uint8Array)
      const check = early === undefined && change !== undefined ? change.check : readChange(part).check
      const counter = header.first + header.length - 1
      const knows = [{ actor: header.actor, counter, check }]
      this.#taken.news.push({ bytes: part, knows, headers: [header], via: early === undefined ? this.#via : early.via })
      this.#taken.headers.push(header)
      if (this.#life.signed !== undefined) this.#log(this.#life.signed, part)
    }
  }

  #log(signed: SignedLife, part: Uint8Array): void {
    const change = openChange(part)
    const proof = signed.reexamine(change)
    if (proof !== undefined) this.#taken.proofs.push(proof)
    signed.log.append(change)
  }

  #refuse(header: ChangeHeader): void {
    const early = this.#life.early.get(keyOf(header))
    this.#life.early.delete(keyOf(header))
    this.#contradicts(header, early?.bytes)
  }

  /**
   * Where changes are signed, what waited is half of a proof, now that something else is here. Whoever contradicts itself in nothing but
   * the chain check has made a change that nobody can take.
   */
  #contradicts({ actor }: ChangeHeader, waited: Uint8Array | undefined): void {
    const { signed } = this.#life
    const proof = signed === undefined || waited === undefined ? undefined : signed.reexamine(openChange(waited))
    if (proof !== undefined) this.#taken.proofs.push(proof)
    else if (signed === undefined) this.#taken.forks.push(actor)
    else this.#taken.refused.push('CORE_ACTOR_FORKED')
  }
}

function isFork(error: unknown): boolean {
  return error instanceof CoreError && error.code === 'CORE_ACTOR_FORKED'
}

function keyOf({ actor, first }: ChangeHeader): string {
  return `${first}@${actor}`
}
