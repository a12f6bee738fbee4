/** A queue in one SQLite file, owned by one process at a time. Node only. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ClientError, refuse } from './errors.ts'
import type { Queue, QueueChange } from './queue/port.ts'
import { loadSqlite, type SqliteDatabase } from './queue/sqlite-driver.ts'

export interface SqliteQueueOptions {
  /** The database file; it and its directory are created when missing, readable by their owner only. */
  readonly path: string
}

/** "JnrQ": tells this file from any other SQLite database. */
const APPLICATION_ID = 0x4a6e7251
const FORMAT = 1

/** Result codes of SQLite: somebody else has the file; the file is no database. */
const BUSY = 5
const LOCKED = 6
const NOT_A_DATABASE = 26

/**
 * Opens the queue in a file. Throws `CLIENT_QUEUE_LOCKED` while another process has it open, `CLIENT_QUEUE_FOREIGN` for another
 * kind of file, `CLIENT_QUEUE_IO`.
 */
export async function sqliteQueue(options: SqliteQueueOptions): Promise<Queue> {
  const path = resolve(options.path)
  try {
    const { DatabaseSync } = await loadSqlite()
    createFile(path)
    const database = new DatabaseSync(path)
    try {
      takeOwnership(database)
      return new SqliteQueue(database)
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    throw asClientError(error, `cannot open ${path}`)
  }
}

class SqliteQueue implements Queue {
  readonly #database: SqliteDatabase
  readonly #set: ReturnType<SqliteDatabase['prepare']>
  readonly #delete: ReturnType<SqliteDatabase['prepare']>
  #closed = false

  constructor(database: SqliteDatabase) {
    this.#database = database
    this.#set = database.prepare(
      'INSERT INTO record (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    )
    this.#delete = database.prepare('DELETE FROM record WHERE key = ?')
  }

  async read(): Promise<ReadonlyMap<string, string>> {
    this.#requireOpen()
    try {
      const rows = this.#database.prepare('SELECT key, value FROM record ORDER BY key').all()
      return new Map(
        (rows as { key: Uint8Array; value: Uint8Array }[]).map(({ key, value }) => [text(key), text(value)]),
      )
    } catch (error) {
      throw asClientError(error, 'cannot read the queue')
    }
  }

  async write(changes: readonly QueueChange[]): Promise<void> {
    this.#requireOpen()
    try {
      this.#database.exec('BEGIN')
      for (const [key, value] of changes) {
        if (value === undefined) this.#delete.run(bytes(key))
        else this.#set.run(bytes(key), bytes(value))
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw asClientError(error, 'cannot write the queue')
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // SQLite rolled back by itself, or the medium is gone; the first error is the one that tells.
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      // Statements that are not garbage collected yet keep a closed database and its lock: the lock is given up first.
      this.#database.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT 1 FROM record LIMIT 1')
    } finally {
      this.#database.close()
    }
  }

  #requireOpen(): void {
    if (this.#closed) refuse('CLIENT_QUEUE_IO', 'the queue was closed')
  }
}

/** An existing file is never opened here: closing it again would drop the locks that this process may hold on it (POSIX). */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Takes the lock, held until the database is closed or the process is gone, and makes an empty file a queue. */
function takeOwnership(database: SqliteDatabase): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT')
  const pragma = (name: string): number => {
    const [row] = database.prepare(`PRAGMA ${name}`).all() as Record<string, number>[]
    return row?.[name] ?? 0
  }
  const application = pragma('application_id')
  const [tables] = database.prepare('SELECT count(*) AS count FROM sqlite_schema').all() as { count: number }[]
  if (application === 0 && tables?.count === 0) {
    database.exec(`BEGIN; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT};
      CREATE TABLE record (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID; COMMIT`)
  } else if (application !== APPLICATION_ID || pragma('user_version') !== FORMAT) {
    refuse('CLIENT_QUEUE_FOREIGN', 'this SQLite file is not a queue of this format')
  }
  // On macOS only `fullfsync` reaches the disk; elsewhere it changes nothing.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON')
}

/** Text is bound and read as bytes: the text calls of a driver may stop at a NUL character. */
function bytes(value: string): Uint8Array {
  return Buffer.from(value)
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString()
}

function asClientError(error: unknown, doing: string): ClientError {
  if (error instanceof ClientError) return error
  const result = typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  const message = error instanceof Error ? error.message : String(error)
  if (result === BUSY || result === LOCKED) {
    return new ClientError('CLIENT_QUEUE_LOCKED', `${doing}: another process has it open`, { cause: error })
  }
  const code = result === NOT_A_DATABASE ? 'CLIENT_QUEUE_FOREIGN' : 'CLIENT_QUEUE_IO'
  return new ClientError(code, `${doing}: ${message}`, { cause: error })
}
