/**
 * The open documents: loaded once from snapshot and log, kept in step with every commit, and dropped when a commit fails or
 * others are used more. Callers hold the document's line while they use it.
 */
import { type Actor, type ChangeHeader, Doc, openChange } from '@joinery/core'
import {
  type DocumentHead,
  type DocumentKey,
  type LogEntry,
  type Store,
  type StoredSnapshot,
  StoreError,
} from '@joinery/sync'
import { Arrivals } from './arrivals.ts'
import { documentAttributes } from './attributes.ts'
import type { ServiceLimits } from './limits.ts'
import { readSnapshotAttributes } from './snapshot-attributes.ts'

export interface OpenDocument {
  readonly head: DocumentHead
  /** Absent while the document is deleted. */
  readonly doc: Doc | undefined
  readonly arrivals: Arrivals
  /** About how much of memory it takes: the bytes it was made of. */
  readonly bytes: number
}

/** A document as far as it is known without loading it. */
export interface FoundDocument {
  readonly head: DocumentHead
  /** What is in memory of it. */
  readonly opened: OpenDocument | undefined
  /** The document; undefined where it went meanwhile. */
  load(): Promise<OpenDocument | undefined>
}

/** A document in memory, and when it was used last. */
interface Resident {
  opened: OpenDocument
  usedMs: number
}

/** Log entries read at a time while loading. */
const PAGE = 1000

/** So often the history of one document is not folded while it is read. */
const READ_ATTEMPTS_MAX = 5

/** What a document takes that holds nothing. */
const EMPTY_BYTES = 2_000

export class Library {
  readonly #store: Store
  readonly #actor: Actor
  readonly #limits: ServiceLimits
  readonly #nowMs: () => number
  /** In the order of use, the least recent first. */
  readonly #open = new Map<string, Resident>()
  #bytes = 0

  constructor(store: Store, actor: Actor, limits: ServiceLimits, nowMs: () => number) {
    this.#store = store
    this.#actor = actor
    this.#limits = limits
    this.#nowMs = nowMs
  }

  /** Documents in memory. */
  get size(): number {
    return this.#open.size
  }

  /** About how much of memory they take. */
  get byteLength(): number {
    return this.#bytes
  }

  /** The document, or undefined when there never was one. */
  async open(key: DocumentKey): Promise<OpenDocument | undefined> {
    const known = this.#use(key)
    if (known !== undefined) return known
    const opened = await this.#read(key)
    if (opened !== undefined) this.keep(opened)
    return opened
  }

  /** What there is of a document, which is not loaded for it. */
  async find(key: DocumentKey): Promise<FoundDocument | undefined> {
    const opened = this.#use(key)
    const head = opened?.head ?? (await this.#store.head(key))
    return head && { head, opened, load: () => this.open(key) }
  }

  #use(key: DocumentKey): OpenDocument | undefined {
    const name = nameOf(key)
    const known = this.#open.get(name)
    if (known === undefined) return undefined
    known.usedMs = this.#nowMs()
    this.#open.delete(name)
    this.#open.set(name, known)
    return known.opened
  }

  /** Reads a document as it is stored, again when its history was folded while it was read. */
  async #read(key: DocumentKey): Promise<OpenDocument | undefined> {
    for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt += 1) {
      const head = await this.#store.head(key)
      if (head === undefined) return undefined
      if (head.deleted) return { head, doc: undefined, arrivals: new Arrivals(), bytes: EMPTY_BYTES }
      const opened = await this.#load(head, head.version)
      if (opened !== undefined) return opened
    }
    throw new StoreError('STORE_CONFLICT', `${key.id} changed again and again while it was read`)
  }

  /** The document if it is in memory. */
  peek(key: DocumentKey): OpenDocument | undefined {
    return this.#open.get(nameOf(key))?.opened
  }

  /** Of what is in memory. */
  keys(): DocumentKey[] {
    return [...this.#open.values()].map(({ opened }) => opened.head.key)
  }

  /**
   * Brings a document in memory up to a head, by entries that another process stored. Answers them; undefined where it has to be
   * loaded anew.
   */
  async follow(opened: OpenDocument, head: DocumentHead): Promise<readonly LogEntry[] | undefined> {
    const { doc, arrivals } = opened
    if (doc === undefined || head.incarnation !== opened.head.incarnation || head.deleted) return undefined
    const entries: LogEntry[] = []
    for (let after = opened.head.version; after < head.version; after = (entries.at(-1) as LogEntry).version) {
      const page = await this.#store.log(head.key, { after, limit: PAGE })
      // What was compacted meanwhile is in the snapshot only.
      if (page[0]?.version !== after + 1) return undefined
      entries.push(...page)
    }
    for (const entry of entries) {
      doc.apply(entry.change)
      noteArrival(arrivals, entry)
    }
    const bytes = entries.reduce((sum, { change }) => sum + change.length, opened.bytes)
    const version = entries.at(-1)?.version ?? opened.head.version
    this.keep({ head: { ...head, version }, doc, arrivals, bytes })
    return entries
  }

  /** Keeps a document in its new state, and lets go of those that were not used for long until all fit. */
  keep(opened: OpenDocument): void {
    const name = nameOf(opened.head.key)
    this.#remove(name)
    this.#open.set(name, { opened, usedMs: this.#nowMs() })
    this.#bytes += opened.bytes
    for (const oldest of this.#open.keys()) {
      const fits = this.#bytes <= this.#limits.residentBytesMax && this.#open.size <= this.#limits.residentDocumentsMax
      if (fits || oldest === name) break
      this.#remove(oldest)
    }
  }

  /** Takes note of a snapshot that was made beside the work, and lets go of what it stands for. */
  compacted(key: DocumentKey, { version, incarnation, bytes: { length } }: StoredSnapshot): void {
    const opened = this.peek(key)
    if (opened?.doc === undefined || opened.head.incarnation !== incarnation) return
    const { doc } = opened
    const head = { ...opened.head, snapshotVersion: version, compactedVersion: version }
    // The changes one by one are in the store; in memory they would grow for as long as the document is used.
    doc.compact()
    this.keep({ head, doc, arrivals: opened.arrivals.pruned(doc.tags(), version), bytes: EMPTY_BYTES + length })
  }

  /** Lets go of what nobody used for a while. */
  sweep(): void {
    const oldest = this.#nowMs() - this.#limits.residentIdleMsMax
    for (const [name, { usedMs }] of this.#open) {
      if (usedMs > oldest) break
      this.#remove(name)
    }
  }

  /** Forgets a document whose state in memory is ahead of the store: the next use loads it again. */
  drop(key: DocumentKey): void {
    this.#remove(nameOf(key))
  }

  #remove(name: string): void {
    const known = this.#open.get(name)
    if (known === undefined) return
    this.#open.delete(name)
    this.#bytes -= known.opened.bytes
  }

  /** The document as of a version; undefined when the history no longer reaches back so far. */
  async at(head: DocumentHead, version: number): Promise<OpenDocument | undefined> {
    if (version < Math.max(head.compactedVersion, head.snapshotVersion)) return undefined
    return this.#load(head, version)
  }

  /**
   * The document up to a version, from snapshot and log; undefined when they do not lead there. History is folded beside this: what
   * was read of the log must follow the snapshot without a gap.
   */
  async #load(head: DocumentHead, version: number): Promise<OpenDocument | undefined> {
    const { key, incarnation } = head
    const stored = await this.#store.snapshot(key)
    const snapshot = stored?.incarnation === incarnation ? stored : undefined
    if (snapshot !== undefined && snapshot.version > version) return undefined
    const arrivals = snapshot === undefined ? new Arrivals() : readSnapshotAttributes(snapshot.attributes).arrivals
    const parts: Uint8Array[] = snapshot === undefined ? [] : [snapshot.bytes]
    let after = snapshot?.version ?? documentAttributes(head).base
    while (after < version) {
      const page = await this.#store.log(key, { after, limit: Math.min(PAGE, version - after) })
      if (page[0]?.version !== after + 1) return undefined
      for (const entry of page) {
        parts.push(entry.change)
        noteArrival(arrivals, entry)
      }
      after = (page.at(-1) as LogEntry).version
    }
    const doc =
      parts.length === 0
        ? new Doc({ actor: this.#actor, incarnation: head.incarnation })
        : Doc.load(parts, { actor: this.#actor })
    const bytes = parts.reduce((sum, part) => sum + part.length, EMPTY_BYTES)
    return { head, doc, arrivals, bytes }
  }
}

/** Notes when the dots of a stored change arrived. Its header is read where it is not known. */
export function noteArrival(arrivals: Arrivals, { change, version }: LogEntry, known?: ChangeHeader): void {
  const { actor, first, length } = known ?? openChange(change).header
  arrivals.add(actor, { first, last: first + length - 1, version })
}

function nameOf({ tenant, id }: DocumentKey): string {
  return JSON.stringify([tenant, id])
}
