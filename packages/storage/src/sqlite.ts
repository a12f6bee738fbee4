/**
 * A store in one SQLite file.
 *
 * One process owns the file. Commits that arrive in one turn share a transaction, and each resolves after that transaction was
 * flushed. `DESIGN.md` has the argument for its durability and says how a restored backup is noticed.
 */
import type {
  Commit,
  DocumentHead,
  DocumentKey,
  ListOptions,
  LogEntry,
  LogOptions,
  Page,
  Receipt,
  Store,
  StoredSnapshot,
  StoreIdentity,
} from '@joinery/sync'
import { StoreError } from '@joinery/sync'
import {
  checkCommitArguments,
  checkCompactionArguments,
  checkListArguments,
  checkLogArguments,
  checkPurgeArguments,
} from './common/arguments.ts'
import { platformRandom, type RandomBytes } from './common/random.ts'
import { loadDriver, type SqliteDriver } from './sqlite/driver.ts'
import { storeFailure } from './sqlite/failure.ts'
import { defaultSqliteLimits, type SqliteLimits } from './sqlite/limits.ts'
import { type OpenedStore, openStore, releaseDatabase } from './sqlite/open.ts'
import * as reads from './sqlite/reads.ts'
import { runTransaction } from './sqlite/transaction.ts'
import { type WriteQueue, writeQueue } from './sqlite/write-queue.ts'
import { commitBytes, purgeReceipts, writeCommit, writeCompaction, writeValue } from './sqlite/writes.ts'

export type { RandomBytes, SqliteDriver, SqliteLimits }

export interface SqliteStoreOptions {
  /** The database file; it and its directory are created when missing. `PATH-wal` and `PATH.fence` appear beside it. */
  readonly path: string
  readonly limits?: Partial<SqliteLimits>
  /** Where store id and fencing token come from. Default: the platform. */
  readonly random?: RandomBytes
  /** Another SQLite with the API of `node:sqlite`. Default: that of Node, or the package that stands in for it. */
  readonly driver?: SqliteDriver
  /** Puts off a flush until the input of this turn was handled. Default: `setImmediate`. */
  readonly schedule?: (run: () => void) => void
}

/**
 * Opens the store. Refused with `STORE_LOCKED` while another store has the file open, `STORE_FORMAT` when the file is something
 * else or newer, `STORE_ARGUMENT`, `STORE_IO`.
 */
export async function sqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, random = platformRandom, schedule = setImmediate } = options
  const limits = { ...defaultSqliteLimits, ...options.limits }
  try {
    const driver = options.driver ?? (await loadDriver())
    const opened = openStore({ path, driver, random, limits })
    const queue = writeQueue({ flush: (writes) => runTransaction(opened, writes), schedule, limits })
    return new SqliteStore(opened, queue, limits)
  } catch (error) {
    throw storeFailure(error, `cannot open ${path}`)
  }
}

class SqliteStore implements Store {
  readonly identity: StoreIdentity
  readonly #opened: OpenedStore
  readonly #queue: WriteQueue
  readonly #limits: SqliteLimits
  /** Calls that take several writes; closing waits for them before it looks at the queue. */
  readonly #purges = new Set<Promise<number>>()
  #closing: Promise<void> | undefined

  constructor(opened: OpenedStore, queue: WriteQueue, limits: SqliteLimits) {
    this.identity = opened.identity
    this.#opened = opened
    this.#queue = queue
    this.#limits = limits
  }

  async commit(commit: Commit): Promise<readonly LogEntry[]> {
    this.#requireOpen()
    checkCommitArguments(commit)
    return this.#queue.submit(commitBytes(commit), () => writeCommit(this.#opened, commit))
  }

  async head(key: DocumentKey): Promise<DocumentHead | undefined> {
    return this.#read(() => reads.readHead(this.#opened.statements, key))
  }

  async log(key: DocumentKey, options: LogOptions): Promise<readonly LogEntry[]> {
    this.#requireOpen()
    checkLogArguments(options)
    return this.#read(() => reads.readLog(this.#opened.statements, key, options))
  }

  async tenantLog(tenant: string, options: LogOptions): Promise<readonly LogEntry[]> {
    this.#requireOpen()
    checkLogArguments(options)
    return this.#read(() => reads.readTenantLog(this.#opened.statements, tenant, options))
  }

  async snapshot(key: DocumentKey): Promise<StoredSnapshot | undefined> {
    return this.#read(() => reads.readSnapshot(this.#opened.statements, key))
  }

  async compact(key: DocumentKey, snapshot: StoredSnapshot, keepAfter: number): Promise<void> {
    this.#requireOpen()
    checkCompactionArguments(snapshot, keepAfter)
    const bytes = snapshot.bytes.byteLength + snapshot.attributes.length
    return this.#queue.submit(bytes, () => writeCompaction(this.#opened, key, { snapshot, keepAfter }))
  }

  async documents(tenant: string, options: ListOptions): Promise<Page<DocumentHead>> {
    this.#requireOpen()
    checkListArguments(options)
    return this.#read(() => reads.readDocuments(this.#opened.statements, tenant, options))
  }

  async receipt(tenant: string, scope: string, key: string): Promise<Receipt | undefined> {
    return this.#read(() => reads.readReceipt(this.#opened.statements, { tenant, scope, key }))
  }

  async purgeReceipts(nowMs: number): Promise<number> {
    this.#requireOpen()
    checkPurgeArguments(nowMs)
    const purge = this.#purgeAll(nowMs)
    this.#purges.add(purge)
    try {
      return await purge
    } finally {
      this.#purges.delete(purge)
    }
  }

  async #purgeAll(nowMs: number): Promise<number> {
    const limit = this.#limits.purgeReceiptsMax
    let total = 0
    for (;;) {
      const purged = await this.#queue.submit(0, () => purgeReceipts(this.#opened, nowMs, limit))
      total += purged
      if (purged < limit) return total
    }
  }

  async value(name: string): Promise<string | undefined> {
    return this.#read(() => reads.readValue(this.#opened.statements, name))
  }

  async values(prefix: string): Promise<readonly { readonly name: string; readonly value: string }[]> {
    return this.#read(() => reads.readValues(this.#opened.statements, prefix))
  }

  async setValue(name: string, value: string | undefined): Promise<void> {
    this.#requireOpen()
    const bytes = name.length + (value?.length ?? 0)
    return this.#queue.submit(bytes, () => writeValue(this.#opened, name, value))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#purges)
    await this.#queue.drained()
    try {
      releaseDatabase(this.#opened.database)
    } catch (error) {
      throw storeFailure(error, 'the store did not close cleanly')
    } finally {
      this.#opened.fence.close()
    }
  }

  #read<T>(read: () => T): T {
    this.#requireOpen()
    try {
      return read()
    } catch (error) {
      throw storeFailure(error, 'reading failed')
    }
  }

  #requireOpen(): void {
    if (this.#closing) throw new StoreError('STORE_CLOSED', 'the store was closed')
  }
}
