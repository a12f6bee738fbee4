import { closeSync, openSync, realpathSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { StoreError, type StoreIdentity } from '@joinery/sync'
import { createDirectory, syncDirectory } from '../common/directory.ts'
import type { Fence } from '../common/fence.ts'
import { beginIdentity, continueIdentity, type IdentityOptions, newMark, type StoreMark } from '../common/identity.ts'
import type { RandomBytes } from '../common/random.ts'
import { toBytes, toText } from '../common/text.ts'
import { type Peek, peekInto, type SqliteDatabase, type SqliteDriver } from './driver.ts'
import { isWrongSchema } from './failure.ts'
import type { SqliteLimits } from './limits.ts'
import type { LogFile } from './log-file.ts'
import { applicationId, format, migrations } from './schema.ts'
import { prepareStatements, type Statements } from './statements.ts'
import type { Counters } from './transaction.ts'

export interface OpenedStore {
  readonly database: SqliteDatabase
  readonly statements: Statements
  readonly fence: Fence
  readonly log: LogFile
  readonly counters: Counters
  readonly identity: StoreIdentity
}

export interface OpenOptions {
  readonly path: string
  readonly driver: SqliteDriver
  readonly random: RandomBytes
  readonly limits: SqliteLimits
  readonly openLog: (path: string) => LogFile
}

/** Opens the file as its only owner, makes it a store when it is empty, and finds out whether it is what it was. */
export function openStore({ path, driver, random, limits, openLog }: OpenOptions): OpenedStore {
  const file = createFile(path)
  const database = driver.open(file)
  try {
    takeOwnership(database, peekInto(database))
  } catch (error) {
    // Nothing but `exec` has run, so this lets go of the lock at once and leaves a foreign file as it was.
    database.close()
    throw error
  }
  try {
    configure(database, limits)
    const statements = prepare(database)
    const established = establishIdentity(database, file, random)
    try {
      return { database, statements, ...established, log: takeOverFlushes(database, () => openLog(`${file}-wal`)) }
    } catch (error) {
      established.fence.close()
      throw error
    }
  } catch (error) {
    try {
      releaseDatabase(database)
    } catch {
      // The first failure says more than one that follows from it.
    }
    throw error
  }
}

/**
 * Makes sure that the file exists, readable by its owner only, and answers its real path: through a symbolic link the fence
 * must still lie beside the file itself.
 *
 * An existing file is never opened here: closing it again would drop the locks that this process may hold on it (POSIX).
 */
function createFile(path: string): string {
  if (basename(path) === ':memory:') throw new StoreError('STORE_ARGUMENT', 'a store in memory is memoryStore()')
  const absolute = resolve(path)
  const directory = dirname(absolute)
  createDirectory(directory)
  try {
    closeSync(openSync(absolute, 'wx', 0o600))
    syncDirectory(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return realpathSync(absolute)
}

/** Takes the lock, held until the database is closed or the process is gone, and checks what the file is. */
function takeOwnership(database: SqliteDatabase, peek: Peek): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT')
  const application = peek('application_id', 'pragma_application_id')
  const version = Number(peek('user_version', 'pragma_user_version'))
  const isEmpty = peek('count(*)', 'sqlite_schema') === 0
  if (application === 0 && version === 0 && isEmpty) {
    bringUpToDate(database, 0)
    return
  }
  if (application !== applicationId) throw new StoreError('STORE_FORMAT', 'this SQLite database is not a store')
  if (version > format) {
    throw new StoreError('STORE_FORMAT', `the store has format ${version}, this version reads up to ${format}`)
  }
  if (version < 1) throw new StoreError('STORE_FORMAT', `the store has format ${version}, which never was`)
  if (version < format) upgrade(database, version)
}

/** An older store, or a file that only calls itself one. After a failure the caller closes, which takes everything back. */
function upgrade(database: SqliteDatabase, version: number): void {
  try {
    bringUpToDate(database, version)
  } catch (error) {
    if (!isWrongSchema(error)) throw error
    throw new StoreError('STORE_FORMAT', `its tables are not those of format ${version}`, { cause: error })
  }
}

/**
 * All steps in one transaction. A new store gets its tables before write-ahead logging begins, so that the header of the file
 * itself always tells what it is.
 */
function bringUpToDate(database: SqliteDatabase, version: number): void {
  database.exec(`BEGIN;
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${format};
    ${migrations.slice(version).join('')}
    ${version === 0 ? newStore : ''}
    COMMIT;`)
}

const newStore = `INSERT INTO store (one, store_id, fence_token, transactions, last_position) VALUES (1, x'', x'', 0, 0);`

function configure(database: SqliteDatabase, limits: SqliteLimits): void {
  // On macOS only `fullfsync` reaches the disk; elsewhere it changes nothing.
  database.exec(`PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA wal_autocheckpoint = ${limits.checkpointPagesMax};
    PRAGMA journal_size_limit = ${limits.walBytesMax};
    PRAGMA cache_size = -${Math.ceil(limits.cacheBytesMax / 1024)};
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;`)
  const { journal_mode: journal } = database.prepare('PRAGMA journal_mode').get() as { journal_mode: string }
  const { synchronous } = database.prepare('PRAGMA synchronous').get() as { synchronous: number }
  if (journal !== 'wal') throw new StoreError('STORE_IO', `SQLite journals with "${journal}" here, not with a WAL`)
  if (synchronous !== 2) throw new StoreError('STORE_IO', 'SQLite does not flush each transaction here')
}

/**
 * From now on `COMMIT` writes the log and does not wait for the disk: the log is flushed beside the event loop (`group.ts`). SQLite
 * itself flushes where the order of things on the disk matters, around a checkpoint.
 */
function takeOverFlushes(database: SqliteDatabase, openLog: () => LogFile): LogFile {
  database.exec('PRAGMA synchronous = NORMAL')
  const { synchronous } = database.prepare('PRAGMA synchronous').get() as { synchronous: number }
  if (synchronous !== 1) throw new StoreError('STORE_IO', 'SQLite does not flush around checkpoints here')
  return openLog()
}

/** The schema was read before, so what fails here is not the medium. */
function prepare(database: SqliteDatabase): Statements {
  try {
    return prepareStatements(database)
  } catch (error) {
    throw new StoreError('STORE_FORMAT', 'its tables are not those of a store', { cause: error })
  }
}

interface StoreRow {
  readonly store_id: Uint8Array
  readonly fence_token: Uint8Array
  readonly transactions: number
  readonly last_position: number
}

/** Keeps the identity when the fence vouches for the data. Otherwise takes a new one, in the database first. */
function establishIdentity(
  database: SqliteDatabase,
  file: string,
  random: RandomBytes,
): { readonly fence: Fence; readonly identity: StoreIdentity; readonly counters: Counters } {
  const row = database.prepare('SELECT * FROM store').get() as StoreRow
  const mark = { storeId: toText(row.store_id), token: row.fence_token, transactions: row.transactions }
  const options = { mark, fencePath: `${file}.fence`, random }
  const {
    identity,
    fence,
    mark: current,
  } = continueIdentity(options) ?? beginIdentity(options, remark(database, options))
  return { identity, fence, counters: { transactions: current.transactions, lastPosition: row.last_position } }
}

function remark(database: SqliteDatabase, options: IdentityOptions): StoreMark {
  const mark = newMark(options)
  const rename = database.prepare('UPDATE store SET store_id = ?, fence_token = ?, transactions = ?')
  rename.run(toBytes(mark.storeId), mark.token, mark.transactions)
  return mark
}

/**
 * Closes the database and gives up its lock.
 *
 * `close` alone is not enough: statements that are not yet garbage collected keep the connection and its lock (`driver.ts`).
 * Without a write-ahead log the lock can be given up first. It also leaves one file instead of two.
 */
export function releaseDatabase(database: SqliteDatabase): void {
  try {
    database.exec(
      'PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT 1 FROM sqlite_schema',
    )
  } finally {
    database.close()
  }
}
