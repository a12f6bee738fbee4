/**
 * A store in one SQLite file.
 *
 * One process owns the file. Commits that arrive in one turn share a transaction, and each resolves after that transaction was
 * flushed. `DESIGN.md` has the argument for its durability and says how a restored backup is noticed.
 */
import type { Store } from '@joinery/sync'
import { durableStore, type Engine } from './common/durable-store.ts'
import { platformRandom, type RandomBytes } from './common/random.ts'
import { loadDriver, type SqliteDriver } from './sqlite/driver.ts'
import { storeFailure } from './sqlite/failure.ts'
import { defaultSqliteLimits, type SqliteLimits } from './sqlite/limits.ts'
import { type OpenedStore, openStore, releaseDatabase } from './sqlite/open.ts'
import * as reads from './sqlite/reads.ts'
import { runTransaction, type Write } from './sqlite/transaction.ts'
import { purgeReceipts, writeCommit, writeCompaction, writeImport, writeReceipts, writeValue } from './sqlite/writes.ts'

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
    return durableStore(engineOver(opened), { limits, schedule })
  } catch (error) {
    throw storeFailure(error, `cannot open ${path}`)
  }
}

function engineOver(opened: OpenedStore): Engine<Write> {
  const { statements } = opened
  return {
    identity: opened.identity,
    readHead: (key) => reads.readHead(statements, key),
    readLog: (key, options) => reads.readLog(statements, key, options),
    readTenantLog: (tenant, options) => reads.readTenantLog(statements, tenant, options),
    readSnapshot: (key) => reads.readSnapshot(statements, key),
    readTombstone: (key) => reads.readTombstone(statements, key),
    readTenants: (options) => reads.readTenants(statements, options),
    readDocuments: (tenant, options) => reads.readDocuments(statements, tenant, options),
    readReceipt: (key) => reads.readReceipt(statements, key),
    readReceipts: (tenant, options) => reads.readReceipts(statements, tenant, options),
    readValue: (name) => reads.readValue(statements, name),
    readValues: (prefix) => reads.readValues(statements, prefix),
    commitOf: (commit) => () => writeCommit(opened, commit),
    compactionOf: (key, compaction) => () => writeCompaction(opened, key, compaction),
    valueOf: (name, value) => () => writeValue(opened, name, value),
    importOf: (document, options) => () => writeImport(opened, document, options),
    receiptsOf: (receipts) => () => writeReceipts(opened, receipts),
    purge: (nowMs, limit, submit) => submit(() => purgeReceipts(opened, nowMs, limit)),
    flush: (writes) => runTransaction(opened, writes),
    failure: storeFailure,
    release() {
      try {
        releaseDatabase(opened.database)
      } finally {
        opened.fence.close()
      }
    },
  }
}
