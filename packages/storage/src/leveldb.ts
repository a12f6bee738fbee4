/**
 * A store in one directory of LevelDB.
 *
 * One process owns the directory. Commits that arrive in one turn share a batch, and each resolves after that batch was
 * flushed; the event loop goes on meanwhile. `DESIGN.md` has the layout of the keys and says how a restored backup is noticed.
 */
import type { Store } from '@joinery/sync'
import { durableStore, type Engine } from './common/durable-store.ts'
import { platformRandom, type RandomBytes } from './common/random.ts'
import { storeFailure } from './leveldb/failure.ts'
import { groupOver, type Write } from './leveldb/group.ts'
import { defaultLevelLimits, type LevelLimits } from './leveldb/limits.ts'
import { type OpenedStore, openStore } from './leveldb/open.ts'
import * as reads from './leveldb/reads.ts'
import {
  purgeReceipts,
  writeCommit,
  writeCompaction,
  writeImport,
  writeReceipts,
  writeValue,
} from './leveldb/writes.ts'

export type { LevelLimits, RandomBytes }

export interface LevelStoreOptions {
  /** The directory; it is created when missing, and must be empty or a store. */
  readonly path: string
  readonly limits?: Partial<LevelLimits>
  /** Where store id and fencing token come from. Default: the platform. */
  readonly random?: RandomBytes
  /** Puts off a flush until the input of this turn was handled. Default: `setImmediate`. */
  readonly schedule?: (run: () => void) => void
}

/**
 * Opens the store. Refused with `STORE_LOCKED` while another store has the directory open, `STORE_FORMAT` when the directory is
 * something else or of another format, `STORE_IO`.
 */
export async function levelStore(options: LevelStoreOptions): Promise<Store> {
  const { path, random = platformRandom, schedule = setImmediate } = options
  const limits = { ...defaultLevelLimits, ...options.limits }
  try {
    const opened = await openStore({ path, random, limits })
    return durableStore(engineOver(opened, limits), { limits, schedule })
  } catch (error) {
    throw storeFailure(error, `cannot open ${path}`)
  }
}

function engineOver(opened: OpenedStore, limits: LevelLimits): Engine<Write> {
  const { database, established } = opened
  const context = { database, limits }
  return {
    identity: established.identity,
    readHead: (key) => reads.readHead(context, key),
    readLog: (key, options) => reads.readLog(context, key, options),
    readTenantLog: (tenant, options) => reads.readTenantLog(context, tenant, options),
    readSnapshot: (key) => reads.readSnapshot(context, key),
    readTombstone: (key) => reads.readTombstone(context, key),
    readTenants: (options) => reads.readTenants(context, options),
    readDocuments: (tenant, options) => reads.readDocuments(context, tenant, options),
    readReceipt: (key) => reads.readReceipt(context, key),
    readReceipts: (tenant, options) => reads.readReceipts(context, tenant, options),
    readValue: (name) => reads.readValue(context, name),
    readValues: (prefix) => reads.readValues(context, prefix),
    commitOf: (commit) => (group) => writeCommit(group, commit),
    compactionOf: (key, compaction) => (group) => writeCompaction(group, key, compaction),
    valueOf: (name, value) => (group) => writeValue(group, name, value),
    importOf: (document, options) => (group) => writeImport(group, document, options),
    receiptsOf: (receipts) => (group) => writeReceipts(group, receipts),
    async purge(nowMs, limit, submit) {
      const expiries = await reads.readDueExpiries(context, nowMs, limit)
      return submit((group) => purgeReceipts(group, expiries))
    },
    flush: groupOver(opened),
    failure: storeFailure,
    async release() {
      try {
        await database.close()
      } finally {
        established.fence.close()
      }
    },
  }
}
