/** Archives as files: read from the beginning as often as needed, written whole or not at all. */
import { once } from 'node:events'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { access, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type CheckOptions, checkArchive, type OpenBytes, type Totals } from '@joinery/storage/archive'
import type { Environment, Output } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { STDOUT } from '../options.ts'

/** Stands for the standard output. */

/** The bytes of a file, which is there. */
export async function fileBytes(path: string): Promise<OpenBytes> {
  try {
    await access(path)
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`, 'Give the path of an archive.')
  }
  return () => createReadStream(path)
}

/** Where the bytes of an archive go. */
interface Sink {
  write(chunk: Uint8Array): Promise<void>
  /** All is there, durably and under its name. */
  end(): Promise<void>
  /** Nothing of it remains. */
  discard(): Promise<void>
}

export interface WriteOptions extends CheckOptions {
  /** A file that is not there yet, or `-` for the standard output. A name that ends with `.gz` is packed. */
  readonly path: string
  readonly gzip: boolean
}

/** Writes an archive and reads along what it writes, so that a source that stops half-way leaves no file. */
export async function writeArchive(
  chunks: AsyncIterable<Uint8Array>,
  { path, gzip, ...checks }: WriteOptions,
  { stdout }: Pick<Environment, 'stdout'>,
): Promise<Totals> {
  const sink = path === STDOUT ? outputSink(stdout) : fileSink(path, gzip || path.endsWith('.gz'))
  const written = async function* () {
    for await (const chunk of chunks) {
      await sink.write(chunk)
      yield chunk
    }
  }
  try {
    const { totals } = await checkArchive(written, checks)
    await sink.end()
    return totals
  } catch (error) {
    await sink.discard()
    throw error
  }
}

/** Refused before anything is read: what is there may be the only copy. */
export function requireNew(path: string): void {
  if (path === STDOUT || !existsSync(path)) return
  throw new UsageError(`there is a file at ${path} already`, 'Give another name, or move it away.')
}

function fileSink(path: string, gzip: boolean): Sink {
  const partial = `${path}.partial`
  const file = createWriteStream(partial, { mode: 0o600 })
  const first: Writable = gzip ? createGzip() : file
  const ended = gzip ? pipeline(first as ReturnType<typeof createGzip>, file) : finished(file)
  // Told to whoever writes next.
  ended.catch(() => {})
  return {
    async write(chunk) {
      if (!first.write(chunk)) await Promise.race([once(first, 'drain'), ended])
    },
    async end() {
      first.end()
      await ended
      await flush(partial)
      await rename(partial, path)
      await flush(dirname(resolve(path)))
    },
    async discard() {
      first.destroy()
      await ended.catch(() => {})
      await rm(partial, { force: true })
    },
  }
}

/** Makes a file, or the names in a directory, durable. Windows cannot flush a directory, and does not need to. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EISDIR') return process.platform === 'win32' ? undefined : open(path, 'r')
    throw error
  })
  try {
    await handle?.sync()
  } finally {
    await handle?.close()
  }
}

function outputSink(stdout: Output): Sink {
  const decoder = new TextDecoder()
  return {
    async write(chunk) {
      stdout.write(decoder.decode(chunk, { stream: true }))
      await stdout.drained()
    },
    end: async () => {},
    discard: async () => {},
  }
}
