import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncDirectory } from '../common/directory.ts'

/**
 * The write-ahead log as a file of the system. SQLite writes it; this makes durable what was written, on a thread that is not
 * the host's.
 */
export interface LogFile {
  /** Calls back when all that was written before is durable, or with the reason why it may not be. */
  flush(done: (error: Error | null) => void): void
  /** No flush is under way any more. */
  close(): void
}

/**
 * Opens the log of a database that is open in write-ahead mode, and makes its name durable, and what a process that was killed may
 * have left in it: from now on somebody may read it.
 *
 * The file stays the same one until the database is closed: SQLite begins it anew in place. SQLite's locks are on the database
 * file, so closing this one drops none.
 */
export function openLogFile(path: string): LogFile {
  const file = openSync(path, 'r+')
  try {
    fdatasyncSync(file)
    syncDirectory(dirname(path))
  } catch (error) {
    closeSync(file)
    throw error
  }
  return {
    // On macOS libuv asks for a full flush here, as `fullfsync` has SQLite do.
    flush: (done) => fdatasync(file, done),
    close: () => closeSync(file),
  }
}
