/**
 * What somebody lacks of a document: changes where the log has them, else a snapshot, which may be some changes old; these
 * follow. A document that is not in memory is served as it is stored.
 */
import { type ActorId, VersionVector } from '@joinery/core'
import { type CatchUp, type DocumentHead, type From, type Known, SessionRefusal } from '@joinery/sync'
import type { FoundDocument, OpenDocument } from '../service/library.ts'
import { isShortTail, type StoredState } from '../service/stored-state.ts'
import { actorOf } from './actor.ts'
import type { Transfers } from './transfer-cache.ts'

/** What is needed of the store. */
export interface CatchUpSource {
  readonly storeId: string
  /** Log entries after a version up to the head, as a bundle; undefined when there are too many, or they are gone. */
  bundleSince(head: DocumentHead, version: number): Promise<Uint8Array | undefined>
  /** The document as it is stored; undefined where it should rather be loaded. */
  storedState(head: DocumentHead): Promise<StoredState | undefined>
}

/** What is remembered of a document that was served as it is stored. */
interface Served {
  readonly incarnation: string
  readonly version: number
  readonly chain: ReadonlyMap<ActorId, Known>
}

/** Of an actor that has stored nothing. */
export const UNKNOWN: Known = { known: 0, knownCheck: 0 }

const NOTHING = new Uint8Array(0)

/** The catch-ups of one document. Called in its line. */
export class CatchUps {
  readonly #source: CatchUpSource
  readonly #transfers: Transfers
  /** Names the last snapshot that was made or read for somebody. */
  #base: string | undefined
  #served: Served | undefined

  constructor(source: CatchUpSource, transfers: Transfers) {
    this.#source = source
    this.#transfers = transfers
  }

  /** What a replica lacks, or its first part. Throws `SessionRefusal`. */
  async from(from: From, found: FoundDocument): Promise<CatchUp> {
    const { head } = found
    if (from.by === 'nothing') return this.#snapshot(found, 0)
    if (from.incarnation !== head.incarnation) {
      throw new SessionRefusal('incarnation_mismatch', 'the document lives another life now')
    }
    if (from.by === 'vector') return (await this.#sinceVector(from, found)) ?? this.#snapshot(found, 0)
    if (from.storeId !== this.#source.storeId || from.version > head.version) return this.#snapshot(found, 0)
    return (await this.#sincePosition(from.version, head)) ?? this.#snapshot(found, from.version)
  }

  /** What is stored of an actor. */
  async known(author: ActorId, found: FoundDocument): Promise<Known> {
    if (found.head.deleted) return UNKNOWN
    if (found.opened !== undefined) {
      this.#served = undefined
      return knownOf(found.opened, author)
    }
    if (!this.#isServed(found.head) && (await this.#serve(found.head)) === undefined) {
      return knownOf(await found.load(), author)
    }
    return this.#served?.chain.get(author) ?? UNKNOWN
  }

  async #sincePosition(after: number, head: DocumentHead): Promise<CatchUp | undefined> {
    const { version, incarnation } = head
    if (after === version) return { payload: NOTHING, version, transfer: '' }
    const transfer = `${incarnation}/${after}-${version}`
    const known = this.#transfers.get(transfer)
    if (known !== undefined) return known
    const payload = await this.#source.bundleSince(head, after)
    return payload && this.#transfers.keep({ payload, version, transfer })
  }

  async #sinceVector(
    { entries }: Extract<From, { by: 'vector' }>,
    { opened, load }: FoundDocument,
  ): Promise<CatchUp | undefined> {
    const { doc, head } = opened ?? (await load()) ?? {}
    if (doc === undefined || head === undefined) return undefined
    const { version } = head
    const vector = new VersionVector(entries.map(([actor, counter]) => [actorOf(actor), counter]))
    const order = doc.version().compare(vector)
    if (order === 'equal' || order === 'before') return { payload: NOTHING, version, transfer: '' }
    // Who starts from a vector starts from what no name says; such a transfer is not resumed.
    const payload = doc.changesSince(vector)
    return payload && { payload, version, transfer: '' }
  }

  /** The document, but for some of its last changes at most. It leads beyond a version. */
  async #snapshot(found: FoundDocument, after: number): Promise<CatchUp> {
    const { head, opened } = found
    const kept = this.#base === undefined ? undefined : this.#transfers.get(this.#base)
    if (kept !== undefined && kept.version > after && leadsTo(head, kept)) return kept
    const stored = opened === undefined ? await this.#serve(head) : undefined
    if (stored !== undefined && stored.version > after) return stored
    return this.#fresh(opened ?? (await found.load()), head)
  }

  #fresh(opened: OpenDocument | undefined, before: DocumentHead): CatchUp {
    const { head, doc } = opened ?? { head: before, doc: undefined }
    const { version, incarnation } = head
    if (doc === undefined) return { payload: NOTHING, version, transfer: '' }
    const transfer = `${incarnation}/${version}`
    return this.#transfers.get(transfer) ?? this.#keepBase({ payload: doc.snapshot(), version, transfer })
  }

  #keepBase(base: CatchUp): CatchUp {
    this.#base = base.transfer
    return this.#transfers.keep(base)
  }

  #isServed({ incarnation, version }: DocumentHead): boolean {
    return this.#served?.version === version && this.#served.incarnation === incarnation
  }

  /** Reads what is stored, and keeps it ready for others; undefined where the document should be loaded. */
  async #serve(head: DocumentHead): Promise<CatchUp | undefined> {
    const stored = await this.#source.storedState(head)
    if (stored === undefined) return undefined
    const { incarnation, version } = head
    const { snapshot, tail, tailFrom, chain } = stored
    this.#served = { incarnation, version, chain }
    const changes = { payload: tail ?? NOTHING, version, transfer: `${incarnation}/${tailFrom}-${version}` }
    if (snapshot === undefined) return this.#keepBase(changes)
    if (tail !== undefined) this.#transfers.keep(changes)
    const transfer = `${incarnation}/${snapshot.version}`
    return this.#keepBase({ payload: snapshot.bytes, version: snapshot.version, transfer })
  }
}

function knownOf(opened: OpenDocument | undefined, author: ActorId): Known {
  const { doc } = opened ?? {}
  return doc === undefined ? UNKNOWN : { known: doc.known(author), knownCheck: doc.checkOf(author) }
}

/** Whether what follows a snapshot is in the log, and short. */
function leadsTo({ incarnation, version, compactedVersion }: DocumentHead, base: CatchUp): boolean {
  return (
    base.transfer.startsWith(`${incarnation}/`) &&
    base.version <= version &&
    base.version >= compactedVersion &&
    isShortTail(version - base.version, base.payload.length)
  )
}
