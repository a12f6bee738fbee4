/**
 * What a device keeps of one document: a log of what was changed here and what came from the server, folded into a snapshot now and
 * then, and a record of what of it the server has. All writes of a document go one behind the other; those that gather meanwhile
 * share a step. What fails is tried again until the journal is closed.
 *
 * Another state takes the place of the one before under a new generation: it is written beside, then the record points to it, so that
 * a crash leaves the one or the other.
 */
import type { LogEntry, NewEntry, Position, Store } from '@joinery/sync'
import type { Host } from '../host.ts'
import type { LiveLimits } from './limits.ts'
import { type DocRecord, documentKey, parkedName, parkedPrefix, recordName, writeRecord } from './records.ts'

export interface JournalOptions {
  readonly store: Store
  readonly tenant: string
  readonly id: string
  readonly host: Host
  readonly limits: LiveLimits
  /** Something could not be written; undefined when it could again. */
  readonly onTrouble: (error: unknown) => void
}

/** What was found. */
export interface Stored {
  readonly snapshot: { readonly bytes: Uint8Array; readonly attributes: string } | undefined
  readonly entries: readonly LogEntry[]
}

/** Another state that takes the place of the one before. */
export interface Replacement {
  readonly incarnation: string
  readonly entries: readonly NewEntry[]
  readonly record: Pick<DocRecord, 'actor' | 'stored' | 'former'>
  /** Edits that are set aside, as JSON. */
  readonly parked?: string
}

type Job =
  | { readonly type: 'append'; readonly incarnation: string; readonly entry: NewEntry; readonly done: () => void }
  | { readonly type: 'record'; readonly done: () => void }
  | { readonly type: 'compact'; readonly bytes: Uint8Array; readonly attributes: string; readonly done: () => void }
  | { readonly type: 'replace'; readonly replacement: Replacement; readonly done: () => void }

type Append = Extract<Job, { type: 'append' }>

const PAGE_ENTRIES = 1_000

export class Journal {
  readonly #options: JournalOptions
  #store: Store
  readonly #jobs: Job[] = []
  /** What the jobs at hand are called off by: another store. */
  #moved = 0
  #record: DocRecord
  #version = 0
  #incarnation = ''
  /** Entries and bytes that opening the document would have to read. */
  #entries = 0
  #bytes = 0
  #running: Promise<void> | undefined
  #markTimer: (() => void) | undefined
  #abandoned = false
  /** A write failed: whether it is there is to be seen. */
  #unsure = false
  #wakeUp: (() => void) | undefined

  constructor(options: JournalOptions, record: DocRecord) {
    this.#options = options
    this.#store = options.store
    this.#record = record
  }

  get record(): DocRecord {
    return this.#record
  }

  /** Whether there is so much to read that it should be folded. */
  get isLong(): boolean {
    const { journalEntriesMax, journalBytesMax } = this.#options.limits
    return this.#entries > journalEntriesMax || this.#bytes > journalBytesMax
  }

  /** Reads what the record points to. */
  async read(): Promise<Stored> {
    const store = this.#store
    const key = this.#key(this.#record.generation)
    const head = await store.head(key)
    if (head?.deleted === true) {
      // A document that was forgotten: its life is over here, and may go on at the server.
      const generation = await this.#freeGeneration(this.#record.generation + 1)
      this.#record = { ...this.#record, generation }
    }
    if (head === undefined || head.deleted) return { snapshot: undefined, entries: [] }
    this.#version = head.version
    this.#incarnation = head.incarnation
    const snapshot = head.snapshotVersion > 0 ? await store.snapshot(key) : undefined
    const entries: LogEntry[] = []
    for (let after = snapshot?.version ?? 0; after < head.version; ) {
      const page = await store.log(key, { after, limit: PAGE_ENTRIES })
      entries.push(...page)
      after = page.at(-1)?.version ?? head.version
    }
    for (const { change } of entries) this.#count(change)
    return { snapshot, entries }
  }

  /** Writes an entry behind all before. Resolves when it is durable. */
  append(incarnation: string, entry: NewEntry): Promise<void> {
    this.#count(entry.change)
    return this.#enqueue((done) => ({ type: 'append', incarnation, entry, done }))
  }

  /** Takes note of something that need not be durable at once. */
  mark(record: Partial<Omit<DocRecord, 'generation'>>): void {
    this.#record = { ...this.#record, ...record }
    this.#markTimer ??= this.#options.host.setTimer(this.#options.limits.markDelayMs, () => {
      this.#markTimer = undefined
      void this.save()
    })
  }

  /** Writes the record. Resolves when it is durable. */
  save(): Promise<void> {
    return this.#enqueue((done) => ({ type: 'record', done }))
  }

  /** Folds everything up to here, of which this is the whole. */
  compact(bytes: Uint8Array, position: Position | undefined): Promise<void> {
    this.#entries = 0
    this.#bytes = 0
    return this.#enqueue((done) => ({ type: 'compact', bytes, attributes: writePosition(position), done }))
  }

  replace(replacement: Replacement): Promise<void> {
    this.#entries = 0
    this.#bytes = 0
    for (const { change } of replacement.entries) this.#count(change)
    return this.#enqueue((done) => ({ type: 'replace', replacement, done }))
  }

  /**
   * Goes on in another store, which has nothing of the document: with this, which is all of it, and everything that was not written
   * yet with it.
   */
  move(store: Store, epoch: string, replacement: Replacement): Promise<void> {
    const waiting = this.#jobs.splice(0)
    this.#moved += 1
    this.#store = store
    this.#version = 0
    this.#unsure = false
    this.#record = { ...this.#record, epoch }
    const moved = this.replace(replacement).then(() => {
      for (const { done } of waiting) done()
    })
    this.#wakeUp?.()
    return moved
  }

  /** Sets edits aside beside those that are. */
  async park(name: string, edits: string): Promise<void> {
    const { tenant, id } = this.#options
    await this.#store.setValue(parkedPrefix(tenant, id) + name, edits)
  }

  /** Forgets edits that were set aside. */
  async dropParked(): Promise<void> {
    const store = this.#store
    const { tenant, id } = this.#options
    for (const { name } of await store.values(parkedPrefix(tenant, id))) await store.setValue(name, undefined)
  }

  /** Resolves when all that was handed in until now is durable. */
  async flush(): Promise<void> {
    if (this.#markTimer !== undefined) {
      this.#markTimer()
      this.#markTimer = undefined
      void this.save()
    }
    while (this.#running !== undefined) await this.#running
  }

  /** Gives up what cannot be written. */
  abandon(): void {
    this.#abandoned = true
    this.#markTimer?.()
    this.#wakeUp?.()
  }

  #key(generation: number): { readonly tenant: string; readonly id: string } {
    return documentKey(this.#options.tenant, this.#options.id, generation)
  }

  #count(change: Uint8Array): void {
    this.#entries += 1
    this.#bytes += change.length
  }

  #enqueue(job: (done: () => void) => Job): Promise<void> {
    return new Promise((resolve) => {
      this.#jobs.push(job(resolve))
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    // What is changed in this turn shares a step.
    await Promise.resolve()
    let failures = 0
    while (this.#jobs.length > 0 && !this.#abandoned) {
      const jobs = this.#next()
      const moved = this.#moved
      try {
        await this.#perform(jobs)
        if (moved !== this.#moved) continue
        this.#jobs.splice(0, jobs.length)
        if (failures > 0) this.#options.onTrouble(undefined)
        failures = 0
        this.#unsure = false
        for (const { done } of jobs) done()
      } catch (error) {
        if (moved !== this.#moved) continue
        this.#unsure = true
        this.#options.onTrouble(error)
        await this.#pause(failures)
        failures += 1
      }
    }
    this.#running = undefined
  }

  #pause(failures: number): Promise<void> {
    const { host, limits } = this.#options
    const waitMs = Math.min(limits.storageRetryMsMax, limits.storageRetryMsMin * 2 ** Math.min(failures, 20))
    return new Promise((resolve) => {
      const cancel = host.setTimer(waitMs, resolve)
      this.#wakeUp = () => {
        cancel()
        resolve()
      }
    })
  }

  /** The jobs that make the next step: appends in a row share one. */
  #next(): readonly Job[] {
    const [first] = this.#jobs
    if (first?.type !== 'append') return this.#jobs.slice(0, 1)
    const end = this.#jobs.findIndex((job) => job.type !== 'append' || job.incarnation !== first.incarnation)
    const { stepEntriesMax } = this.#options.limits
    return this.#jobs.slice(0, Math.min(stepEntriesMax, end < 0 ? this.#jobs.length : end))
  }

  async #perform(jobs: readonly Job[]): Promise<void> {
    const job = jobs[0] as Job
    switch (job.type) {
      case 'append':
        return this.#append(
          job.incarnation,
          (jobs as readonly Append[]).map(({ entry }) => entry),
        )
      case 'record':
        return this.#writeRecord(this.#record)
      case 'compact':
        return this.#compact(job.bytes, job.attributes)
      case 'replace':
        return this.#replace(job.replacement)
    }
  }

  async #append(incarnation: string, entries: readonly NewEntry[]): Promise<void> {
    const store = this.#store
    const key = this.#key(this.#record.generation)
    // Nobody else writes here, so what is there beyond what is known are the first of these.
    const there = this.#unsure ? ((await store.head(key))?.version ?? 0) - this.#version : 0
    const rest = entries.slice(there)
    const expectedVersion = this.#version + there
    // Before anything is kept it is known under which actor: it must not be used by another life of the storage.
    if (expectedVersion === 0) await this.#writeRecord(this.#record)
    const kind = expectedVersion === 0 ? 'begin' : 'append'
    if (rest.length > 0) await store.commit({ key, expectedVersion, kind, incarnation, attributes: '', entries: rest })
    this.#version += entries.length
    this.#incarnation = incarnation
  }

  async #compact(bytes: Uint8Array, attributes: string): Promise<void> {
    if (this.#version === 0) return
    const snapshot = { version: this.#version, incarnation: this.#incarnation, bytes, attributes }
    // What cannot be folded stays a log, and nothing waits for it.
    await this.#store.compact(this.#key(this.#record.generation), snapshot, this.#version).catch(() => {})
  }

  async #replace({ incarnation, entries, record, parked }: Replacement): Promise<void> {
    const store = this.#store
    const { tenant, id } = this.#options
    const before = this.#record.generation
    if (parked !== undefined) await store.setValue(parkedName(tenant, id, before), parked)
    const generation = await this.#freeGeneration(before + 1)
    if (entries.length > 0) {
      const key = this.#key(generation)
      await store.commit({ key, expectedVersion: 0, kind: 'begin', incarnation, attributes: '', entries })
    }
    // What was noted since then is newer than what is replaced.
    const next = { ...this.#record, ...record, generation }
    await this.#writeRecord(next)
    const version = this.#version
    this.#record = next
    this.#version = entries.length
    this.#incarnation = incarnation
    // Nothing points to it any more: what is left of it is space.
    if (version > 0) await this.end(before).catch(() => {})
  }

  /** A crash may have left one behind that nothing points to. */
  async #freeGeneration(from: number): Promise<number> {
    let generation = from
    while ((await this.#store.head(this.#key(generation))) !== undefined) generation += 1
    return generation
  }

  /** Gives back what a generation takes. */
  async end(generation: number): Promise<void> {
    const store = this.#store
    const key = this.#key(generation)
    const head = await store.head(key)
    if (head === undefined || head.deleted) return
    const entries = [{ change: NOTHING, attributes: '' }]
    const { version, incarnation } = head
    await store.commit({ key, expectedVersion: version, kind: 'end', incarnation, entries })
  }

  #writeRecord(record: DocRecord): Promise<void> {
    const store = this.#store
    const { tenant, id } = this.#options
    return store.setValue(recordName(tenant, id), writeRecord(record))
  }
}

const NOTHING = new Uint8Array(0)

/** Marks an entry as made here. */
export const OWN = 'own'

/** What goes with something that came from the server: where in its log it leads to. */
export function writePosition(position: Position | undefined): string {
  return position === undefined ? '' : JSON.stringify(position)
}

export function readPosition(attributes: string): Position | undefined {
  return attributes === '' || attributes === OWN ? undefined : (JSON.parse(attributes) as Position)
}
