/**
 * A queue in a directory: an append-only journal that is flushed with every write and rewritten when most of it is history.
 * Node only; needs nothing but the file system.
 */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { ClientError, refuse } from './errors.ts'
import { defaultFileQueueLimits, type FileQueueLimits } from './limits.ts'
import { encodeLine, JOURNAL_HEADER, readJournal } from './queue/file/journal.ts'
import { type FileLock, lockDirectory } from './queue/file/lock.ts'
import type { Queue, QueueChange } from './queue/port.ts'

export interface FileQueueOptions {
  /** Created when missing, readable by its owner only. It must not be on a file system shared by several hosts. */
  readonly directory: string
  readonly limits?: Partial<FileQueueLimits>
}

/**
 * Opens the queue of a directory. Throws `CLIENT_QUEUE_LOCKED` while another process has it open, `CLIENT_QUEUE_CORRUPT`,
 * `CLIENT_QUEUE_FOREIGN`, `CLIENT_QUEUE_IO`.
 */
export async function fileQueue(options: FileQueueOptions): Promise<Queue> {
  const limits = { ...defaultFileQueueLimits, ...options.limits }
  let lock: FileLock | undefined
  try {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
    const directory = realpathSync(options.directory)
    lock = lockDirectory(directory)
    return new FileQueue(directory, lock, limits)
  } catch (error) {
    lock?.release()
    throw asClientError(error, `cannot open ${options.directory}`)
  }
}

class FileQueue implements Queue {
  readonly #directory: string
  readonly #path: string
  readonly #lock: FileLock
  readonly #limits: FileQueueLimits
  /** What lives; the journal holds its history, too. */
  readonly #records: Map<string, string>
  #file: number
  #journalBytes: number
  #liveBytes = 0
  #broken: unknown
  #closed = false

  constructor(directory: string, lock: FileLock, limits: FileQueueLimits) {
    this.#directory = directory
    this.#path = join(directory, 'queue.journal')
    this.#lock = lock
    this.#limits = limits
    // What a crash during a rewrite left behind; the journal itself is whole.
    rmSync(`${this.#path}.new`, { force: true })
    this.#file = openSync(this.#path, 'a+', 0o600)
    try {
      const size = statSync(this.#path).size
      if (size > limits.journalBytesMax) refuse('CLIENT_QUEUE_CORRUPT', `${this.#path} is larger than a queue can be`)
      const { records, wholeBytes } = readJournal(readFileSync(this.#path), this.#path)
      this.#records = records
      this.#journalBytes = wholeBytes
      for (const [key, value] of records) this.#liveBytes += sizeOf(key, value)
      this.#repair(size)
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
  }

  /** Cuts off what a crash tore, and begins an empty journal. */
  #repair(size: number): void {
    if (this.#journalBytes < size) ftruncateSync(this.#file, this.#journalBytes)
    if (this.#journalBytes === 0) this.#append(Buffer.from(JOURNAL_HEADER))
    fsyncSync(this.#file)
    syncDirectory(this.#directory)
  }

  async read(): Promise<ReadonlyMap<string, string>> {
    this.#requireOpen()
    return new Map(this.#records)
  }

  async write(changes: readonly QueueChange[]): Promise<void> {
    this.#requireOpen()
    try {
      this.#append(encodeLine(changes))
      fsyncSync(this.#file)
      for (const [key, value] of changes) this.#note(key, value)
      const { compactionBytesMin, compactionRatio } = this.#limits
      if (this.#journalBytes > Math.max(compactionBytesMin, compactionRatio * this.#liveBytes)) this.#compact()
    } catch (error) {
      // The end of the journal is unknown now, and after a failed flush so is what reached the medium (fsync is not retried).
      this.#broken = error
      throw asClientError(error, `cannot write ${this.#path}`)
    }
  }

  #note(key: string, value: string | undefined): void {
    const before = this.#records.get(key)
    if (before !== undefined) this.#liveBytes -= sizeOf(key, before)
    if (value === undefined) this.#records.delete(key)
    else {
      this.#records.set(key, value)
      this.#liveBytes += sizeOf(key, value)
    }
  }

  /** One `write` may take less than the whole; what is missing follows. */
  #append(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    this.#journalBytes += bytes.length
  }

  /** Writes what lives to a new journal and puts it in the place of the old one: at any moment one of the two is there, whole. */
  #compact(): void {
    const fresh = `${this.#path}.new`
    const file = openSync(fresh, 'ax', 0o600)
    const old = this.#file
    this.#file = file
    this.#journalBytes = 0
    this.#append(Buffer.from(JOURNAL_HEADER))
    this.#append(encodeLine([...this.#records]))
    fsyncSync(file)
    renameSync(fresh, this.#path)
    syncDirectory(this.#directory)
    closeSync(old)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.#file)
    this.#lock.release()
  }

  #requireOpen(): void {
    if (this.#closed) refuse('CLIENT_QUEUE_IO', 'the queue was closed')
    if (this.#broken !== undefined) {
      throw new ClientError('CLIENT_QUEUE_IO', `${this.#path} failed before: open it again`, { cause: this.#broken })
    }
  }
}

function sizeOf(key: string, value: string): number {
  return key.length + value.length
}

/** Makes a new name in a directory durable. Windows cannot, and does not need to. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function asClientError(error: unknown, doing: string): ClientError {
  if (error instanceof ClientError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ClientError('CLIENT_QUEUE_IO', `${doing}: ${message}`, { cause: error })
}
