/**
 * A store in one SQLite file.
 *
 * One process owns the file. Commits that arrive beside each other share a transaction, and each resolves after that was flushed;
 * the event loop goes on during the flush. `DESIGN.md` has the argument for its durability and says how a restored backup is noticed.
 */
import type { Store } from '@joinery/sync'
import { durableStore, type Engine } from './common/durable-store.ts'
import { platformRandom, type RandomBytes } from './common/random.ts'
import { loadDriver, type SqliteDriver } from './sqlite/driver.ts'
import { storeFailure } from './sqlite/failure.ts'
import { Group } from './sqlite/group.ts'
import { defaultSqliteLimits, type SqliteLimits } from './sqlite/limits.ts'
import { type LogFile, openLogFile } from './sqlite/log-file.ts'
import { type OpenedStore, openStore, releaseDatabase } from './sqlite/open.ts'
import * as reads from './sqlite/reads.ts'
import type { Write } from './sqlite/transaction.ts'
import { purgeReceipts, writeCommit, writeCompaction, writeImport, writeReceipts, writeValue } from './sqlite/writes.ts'

export type { LogFile, RandomBytes, SqliteDriver, SqliteLimits }

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
  /** Opens the write-ahead log to flush it. Default: `fdatasync`, beside the event loop. */
  readonly openLog?: (path: string) => LogFile
}

/**
 * Opens the store. Refused with `STORE_LOCKED` while another store has the file open, `STORE_FORMAT` when the file is something
 * else or newer, `STORE_ARGUMENT`, `STORE_IO`.
 */
export async function sqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, random = platformRandom, schedule = setImmediate, openLog = openLogFile } = options
  const limits = { ...defaultSqliteLimits, ...options.limits }
  try {
    const driver = options.driver ?? (await loadDriver())
    const opened = openStore({ path, driver, random, limits, openLog })
    return durableStore(engineOver(opened), { limits, schedule })
  } catch (error) {
    throw storeFailure(error, `cannot open ${path}`)
  }
}

function engineOver(opened: OpenedStore): Engine<Write> {
  const { statements } = opened
  const group = new Group(opened)
  return {
    identity: opened.identity,
    readHead: (key) => group.read(() => reads.readHead(statements, key)),
    readLog: (key, options) => group.read(() => reads.readLog(statements, key, options)),
    readTenantLog: (tenant, options) => group.read(() => reads.readTenantLog(statements, tenant, options)),
    readSnapshot: (key) => group.read(() => reads.readSnapshot(statements, key)),
    readTombstone: (key) => group.read(() => reads.readTombstone(statements, key)),
    readTenants: (options) => group.read(() => reads.readTenants(statements, options)),
    readDocuments: (tenant, options) => group.read(() => reads.readDocuments(statements, tenant, options)),
    readReceipt: (key) => group.read(() => reads.readReceipt(statements, key)),
    readReceipts: (tenant, options) => group.read(() => reads.readReceipts(statements, tenant, options)),
    readValue: (name) => group.read(() => reads.readValue(statements, name)),
    readValues: (prefix) => group.read(() => reads.readValues(statements, prefix)),
    commitOf: (commit) => () => writeCommit(opened, commit),
    compactionOf: (key, compaction) => () => writeCompaction(opened, key, compaction),
    valueOf: (name, value) => () => writeValue(opened, name, value),
    importOf: (document, options) => () => writeImport(opened, document, options),
    receiptsOf: (receipts) => () => writeReceipts(opened, receipts),
    purge: (nowMs, limit, submit) => submit(() => purgeReceipts(opened, nowMs, limit)),
    flush: (writes) => group.flush(writes),
    failure: storeFailure,
    release() {
      try {
        opened.log.close()
        releaseDatabase(opened.database)
      } finally {
        opened.fence.close()
      }
    },
  }
}
