/** Archives may be packed by gzip. */
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { DataError } from './errors.ts'

const MAGIC: readonly number[] = [0x1f, 0x8b]

/** The bytes of an archive, whether or not they are packed: the first two tell. Throws `DATA_DAMAGED`, `DATA_TRUNCATED`. */
export async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const all = chunks[Symbol.asyncIterator]()
  const begin: Uint8Array[] = []
  let length = 0
  while (length < MAGIC.length) {
    const read = await all.next()
    if (read.done) break
    begin.push(read.value)
    length += read.value.byteLength
  }
  const first = Buffer.concat(begin)
  const whole = joined(first, { [Symbol.asyncIterator]: () => all })
  if (MAGIC.every((byte, i) => first[i] === byte)) yield* gunzipped(whole)
  else yield* whole
}

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  yield* rest
}

async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  const source = Readable.from(chunks)
  source.once('error', (error) => gunzip.destroy(error))
  source.pipe(gunzip)
  try {
    yield* gunzip as AsyncIterable<Uint8Array>
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'Z_BUF_ERROR') throw new DataError('DATA_TRUNCATED', 'the packed file ends before its end', { cause })
    if (code?.startsWith('Z_')) throw new DataError('DATA_DAMAGED', 'the packed file is damaged', { cause })
    throw cause
  } finally {
    source.destroy()
  }
}
