/**
 * Lives in a store. Each life is a document of the store's own, named by both of its parts, so that two lives of one document can be
 * there at once: one that has ended and the one that follows it. The parts of a life are a snapshot, if it has one, and the log after
 * it. What the engine wants to find again at the next start stands beside the part that was written last.
 */
import {
  type DocumentHead,
  type DocumentKey,
  type LogEntry,
  type NewEntry,
  type Store,
  type StoredDocument,
  StoreError,
} from '@joinery/sync'
import type { LifeKey, LifeWrite, StoredLife } from '@joinery/sync/replication'
import { NodeError } from './errors.ts'
import type { NodeLimits } from './limits.ts'

const TENANT = 'node'
/** Between the parts of a name. No document has it in its own. */
const BETWEEN = '\n'

type StoreLimits = Pick<NodeLimits, 'startReadsMax' | 'startPageLivesMax' | 'readEntriesMax'>

export class LifeStore {
  readonly #store: Store
  readonly #limits: StoreLimits

  /** Throws `NODE_STORE_SHARED`. */
  constructor(store: Store, limits: StoreLimits) {
    if (store.identity.seat !== undefined) {
      throw new NodeError('NODE_STORE_SHARED', 'a node has its store to itself, and others may own this one, too')
    }
    this.#store = store
    this.#limits = limits
  }

  /** Everything that is there, without its content. */
  async lives(): Promise<StoredLife[]> {
    const lives: StoredLife[] = []
    let cursor: string | undefined
    do {
      const options = { limit: this.#limits.startPageLivesMax, deleted: true, ...(cursor !== undefined && { cursor }) }
      const page = await this.#store.documents(TENANT, options)
      for (let at = 0; at < page.items.length; at += this.#limits.startReadsMax) {
        const heads = page.items.slice(at, at + this.#limits.startReadsMax)
        lives.push(...(await Promise.all(heads.map((head) => this.#life(head)))))
      }
      cursor = page.cursor
    } while (cursor !== undefined)
    return lives
  }

  async #life(head: DocumentHead): Promise<StoredLife> {
    const life = { ...lifeOf(head.key), ended: head.deleted }
    if (head.deleted) return life
    const summary = await this.#summary(head).catch(unreadable)
    return summary === undefined ? life : { ...life, summary }
  }

  async #summary({ key, version, compactedVersion }: DocumentHead): Promise<string | undefined> {
    if (version === compactedVersion) return (await this.#store.snapshot(key))?.attributes
    const [last] = await this.#store.log(key, { after: version - 1, limit: 1 })
    return last?.attributes
  }

  /** The parts of a life in order; none where there is none. */
  async load(life: LifeKey): Promise<Uint8Array[]> {
    const key = keyOf(life)
    const head = await this.#store.head(key)
    if (head === undefined) return []
    if (head.deleted) {
      const tombstone = await this.#store.tombstone(key)
      return tombstone === undefined ? [] : [tombstone.change]
    }
    const snapshot = head.snapshotVersion > 0 ? await this.#store.snapshot(key) : undefined
    const parts = snapshot === undefined ? [] : [snapshot.bytes]
    let after = snapshot?.version ?? head.compactedVersion
    while (after < head.version) {
      const entries = await this.#store.log(key, { after, limit: this.#limits.readEntriesMax })
      for (const { change } of entries) parts.push(change)
      after = entries.at(-1)?.version ?? head.version
    }
    return parts
  }

  /** Resolves when it is durable. */
  async write(write: LifeWrite): Promise<void> {
    const key = keyOf(write)
    const head = await this.#store.head(key)
    if (write.kind === 'append') await this.#append(key, head, write)
    else if (write.kind === 'replace') await this.#replace(key, head, write)
    else await this.#end(key, head, write)
  }

  async #append(key: DocumentKey, head: DocumentHead | undefined, write: LifeWrite): Promise<void> {
    const kind = head === undefined ? 'begin' : 'append'
    const { incarnation } = write
    const step = { key, expectedVersion: head?.version ?? 0, kind, incarnation, entries: entriesOf(write) } as const
    await this.#store.commit(head === undefined ? { ...step, attributes: '' } : step)
  }

  async #replace(key: DocumentKey, head: DocumentHead | undefined, write: LifeWrite): Promise<void> {
    const [first, ...rest] = write.parts
    if (head === undefined || first === undefined) return await this.#append(key, head, write)
    const { incarnation, summary } = write
    const { version } = head
    const snapshot = { version, incarnation, bytes: first, attributes: summary }
    if (rest.length === 0) return await this.#store.compact(key, snapshot, version)
    const log = entriesOf({ ...write, parts: rest }).map((entry, i) =>
      logEntry(key, incarnation, version + 1 + i, entry),
    )
    const whole = { key, incarnation, deleted: false, attributes: '', version: version + rest.length }
    const document = { head: { ...whole, snapshotVersion: version, compactedVersion: version }, snapshot, log }
    await this.#store.importDocument(document, { arrival: 'now', replaces: true })
  }

  async #end(key: DocumentKey, head: DocumentHead | undefined, write: LifeWrite): Promise<void> {
    const { incarnation } = write
    const entries = entriesOf(write)
    if (head === undefined || head.deleted) {
      const ended = endedWith(head ?? neverHere(key, incarnation), entries)
      await this.#store.importDocument(ended, { arrival: 'now', replaces: head !== undefined })
    } else await this.#store.commit({ key, expectedVersion: head.version, kind: 'end', incarnation, entries })
  }
}

/** What cannot be read of one life does not keep the others from being there: it is looked at again when the life is loaded. */
function unreadable(error: unknown): undefined {
  if (!isUnreadable(error)) throw error
}

/** The medium has lost it. Other failures of a store pass. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_IO'
}

/** Of a life that was never here: as if it had begun and ended, which takes two versions, and would take two steps. */
function neverHere(key: DocumentKey, incarnation: string): DocumentHead {
  return { key, version: 2, incarnation, deleted: true, attributes: '', snapshotVersion: 0, compactedVersion: 2 }
}

/** A document that has ended, with this tombstone. */
function endedWith(head: DocumentHead, [entry]: readonly NewEntry[]): StoredDocument {
  return { head, tombstone: logEntry(head.key, head.incarnation, head.version, entry as NewEntry), log: [] }
}

function logEntry(key: DocumentKey, incarnation: string, version: number, entry: NewEntry): LogEntry {
  // Positions are given anew; here they only have to rise.
  return { ...entry, key, incarnation, version, position: version }
}

function entriesOf({ parts, summary }: Pick<LifeWrite, 'parts' | 'summary'>): NewEntry[] {
  return parts.map((change, i) => ({ change, attributes: i === parts.length - 1 ? summary : '' }))
}

function keyOf({ document, incarnation }: LifeKey): DocumentKey {
  return { tenant: TENANT, id: `${document}${BETWEEN}${incarnation}` }
}

function lifeOf({ id }: DocumentKey): LifeKey {
  const at = id.lastIndexOf(BETWEEN)
  return { document: id.slice(0, at), incarnation: id.slice(at + 1) }
}
