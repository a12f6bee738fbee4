/**
 * What the durable stores have in common: arguments are checked, writes go through the queue, and closing waits for what was
 * begun. How things are read and written is the engine's.
 */
import type {
  Commit,
  DocumentHead,
  DocumentKey,
  ImportOptions,
  ListOptions,
  LogEntry,
  LogOptions,
  Page,
  PageOptions,
  Receipt,
  Store,
  StoredDocument,
  StoredSnapshot,
  StoreEvent,
  StoreIdentity,
} from '@joinery/sync'
import { StoreError } from '@joinery/sync'
import {
  checkCommitArguments,
  checkCompactionArguments,
  checkListArguments,
  checkLogArguments,
  checkPurgeArguments,
  checkReceiptArguments,
  checkReceiptsArguments,
} from './arguments.ts'
import type { QueueLimits } from './limits.ts'
import { checkStoredDocument, documentBytes } from './stored-document.ts'
import { type Outcome, type WriteQueue, writeQueue } from './write-queue.ts'

type Answer<T> = T | Promise<T>

export type ReceiptKey = Pick<Receipt, 'tenant' | 'scope' | 'key'>

export interface HostValue {
  readonly name: string
  readonly value: string
}

export interface Compaction {
  readonly snapshot: StoredSnapshot
  readonly keepAfter: number
}

/** Reads and writes of one back end, on arguments that were checked. `W` is how it notes a write until it is flushed. */
export interface Engine<W> {
  readonly identity: StoreIdentity

  readHead(key: DocumentKey): Answer<DocumentHead | undefined>
  readLog(key: DocumentKey, options: LogOptions): Answer<readonly LogEntry[]>
  readTenantLog(tenant: string, options: LogOptions): Answer<readonly LogEntry[]>
  readSnapshot(key: DocumentKey): Answer<StoredSnapshot | undefined>
  readTombstone(key: DocumentKey): Answer<LogEntry | undefined>
  readTenants(options: PageOptions): Answer<Page<string>>
  readDocuments(tenant: string, options: ListOptions): Answer<Page<DocumentHead>>
  readReceipt(key: ReceiptKey): Answer<Receipt | undefined>
  readReceipts(tenant: string, options: PageOptions): Answer<Page<Receipt>>
  readValue(name: string): Answer<string | undefined>
  readValues(prefix: string): Answer<readonly HostValue[]>

  /** Its flush answers with the stored entries. */
  commitOf(commit: Commit): W
  compactionOf(key: DocumentKey, compaction: Compaction): W
  valueOf(name: string, value: string | undefined): W
  importOf(document: StoredDocument, options: ImportOptions): W
  receiptsOf(receipts: readonly Receipt[]): W
  /** Forgets at most `limit` receipts that are due; answers how many. What it writes may go through the queue. */
  purge(nowMs: number, limit: number, submit: (write: W) => Promise<number>): Promise<number>
  /** Must neither throw nor reject. */
  flush(writes: readonly W[]): Answer<readonly Outcome[]>

  /** Where the data may have several owners; as in the port. */
  watch?(listener: (event: StoreEvent) => void): () => void

  /** The refusal that a failure amounts to. */
  failure(error: unknown, doing: string): StoreError
  /** Lets go of everything; nothing is under way any more. */
  release(): Answer<void>
}

export interface DurableStoreOptions {
  readonly limits: QueueLimits
  /** Puts off a flush until the input of this turn was handled. */
  readonly schedule: (run: () => void) => void
}

/** The store over an engine. */
export function durableStore<W>(engine: Engine<W>, { limits, schedule }: DurableStoreOptions): Store {
  const after = (ms: number, run: () => void): void => void setTimeout(run, ms)
  const queue = writeQueue<W>({ flush: (writes) => engine.flush(writes), schedule, after, limits })
  return new DurableStore(engine, queue, limits.purgeReceiptsMax)
}

class DurableStore<W> implements Store {
  readonly identity: StoreIdentity
  readonly watch?: (listener: (event: StoreEvent) => void) => () => void
  readonly #engine: Engine<W>
  readonly #queue: WriteQueue<W>
  readonly #purgeReceiptsMax: number
  /** Calls under way that the queue does not know of; closing waits for them. */
  readonly #calls = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(engine: Engine<W>, queue: WriteQueue<W>, purgeReceiptsMax: number) {
    this.identity = engine.identity
    this.#engine = engine
    this.#queue = queue
    this.#purgeReceiptsMax = purgeReceiptsMax
    if (engine.watch) {
      this.watch = (listener) => {
        this.#requireOpen()
        return engine.watch!(listener)
      }
    }
  }

  async commit(commit: Commit): Promise<readonly LogEntry[]> {
    this.#requireOpen()
    checkCommitArguments(commit)
    return this.#queue.submit(commitBytes(commit), this.#engine.commitOf(commit))
  }

  async head(key: DocumentKey): Promise<DocumentHead | undefined> {
    return this.#read(() => this.#engine.readHead(key))
  }

  async log(key: DocumentKey, options: LogOptions): Promise<readonly LogEntry[]> {
    this.#requireOpen()
    checkLogArguments(options)
    return this.#read(() => this.#engine.readLog(key, options))
  }

  async tenantLog(tenant: string, options: LogOptions): Promise<readonly LogEntry[]> {
    this.#requireOpen()
    checkLogArguments(options)
    return this.#read(() => this.#engine.readTenantLog(tenant, options))
  }

  async snapshot(key: DocumentKey): Promise<StoredSnapshot | undefined> {
    return this.#read(() => this.#engine.readSnapshot(key))
  }

  async tombstone(key: DocumentKey): Promise<LogEntry | undefined> {
    return this.#read(() => this.#engine.readTombstone(key))
  }

  async compact(key: DocumentKey, snapshot: StoredSnapshot, keepAfter: number): Promise<void> {
    this.#requireOpen()
    checkCompactionArguments(snapshot, keepAfter)
    const bytes = snapshot.bytes.byteLength + snapshot.attributes.length
    return this.#queue.submit(bytes, this.#engine.compactionOf(key, { snapshot, keepAfter }))
  }

  async documents(tenant: string, options: ListOptions): Promise<Page<DocumentHead>> {
    this.#requireOpen()
    checkListArguments(options)
    return this.#read(() => this.#engine.readDocuments(tenant, options))
  }

  async tenants(options: PageOptions): Promise<Page<string>> {
    this.#requireOpen()
    checkListArguments(options)
    return this.#read(() => this.#engine.readTenants(options))
  }

  async importDocument(document: StoredDocument, options: ImportOptions): Promise<void> {
    this.#requireOpen()
    checkStoredDocument(document)
    return this.#queue.submit(documentBytes(document), this.#engine.importOf(document, options))
  }

  async importReceipts(receipts: readonly Receipt[]): Promise<void> {
    this.#requireOpen()
    receipts.forEach(checkReceiptArguments)
    if (receipts.length === 0) return
    const bytes = receipts.reduce((sum, { answer }) => sum + answer.length, 0)
    return this.#queue.submit(bytes, this.#engine.receiptsOf(receipts))
  }

  async receipt(tenant: string, scope: string, key: string): Promise<Receipt | undefined> {
    return this.#read(() => this.#engine.readReceipt({ tenant, scope, key }))
  }

  async receipts(tenant: string, options: PageOptions): Promise<Page<Receipt>> {
    this.#requireOpen()
    checkReceiptsArguments(options)
    return this.#read(() => this.#engine.readReceipts(tenant, options))
  }

  async purgeReceipts(nowMs: number): Promise<number> {
    this.#requireOpen()
    checkPurgeArguments(nowMs)
    return this.#tracked(this.#purgeAll(nowMs))
  }

  async #purgeAll(nowMs: number): Promise<number> {
    let total = 0
    for (;;) {
      const submit = (write: W) => this.#queue.submit<number>(0, write)
      const purged = await this.#attempt(() => this.#engine.purge(nowMs, this.#purgeReceiptsMax, submit))
      total += purged
      if (purged < this.#purgeReceiptsMax) return total
    }
  }

  async value(name: string): Promise<string | undefined> {
    return this.#read(() => this.#engine.readValue(name))
  }

  async values(prefix: string): Promise<readonly HostValue[]> {
    return this.#read(() => this.#engine.readValues(prefix))
  }

  async setValue(name: string, value: string | undefined): Promise<void> {
    this.#requireOpen()
    const bytes = name.length + (value?.length ?? 0)
    return this.#queue.submit(bytes, this.#engine.valueOf(name, value))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#calls)
    await this.#queue.drained()
    try {
      await this.#engine.release()
    } catch (error) {
      throw this.#engine.failure(error, 'the store did not close cleanly')
    }
  }

  #read<T>(read: () => Answer<T>): Answer<T> {
    this.#requireOpen()
    const answer = this.#attempt(read)
    return answer instanceof Promise ? this.#tracked(answer) : answer
  }

  #attempt<T>(read: () => Answer<T>): Answer<T> {
    const refuse = (error: unknown): never => {
      throw this.#engine.failure(error, 'the store could not be asked')
    }
    try {
      const answer = read()
      return answer instanceof Promise ? answer.catch(refuse) : answer
    } catch (error) {
      return refuse(error)
    }
  }

  async #tracked<T>(call: Promise<T>): Promise<T> {
    this.#calls.add(call)
    try {
      return await call
    } finally {
      this.#calls.delete(call)
    }
  }

  #requireOpen(): void {
    if (this.#closing) throw new StoreError('STORE_CLOSED', 'the store was closed')
  }
}

/** Memory that a waiting commit holds, near enough: characters count as bytes. */
function commitBytes({ entries, attributes = '', receipt }: Commit): number {
  let bytes = attributes.length + (receipt?.answer.length ?? 0)
  for (const entry of entries) bytes += entry.change.byteLength + entry.attributes.length
  return bytes
}
