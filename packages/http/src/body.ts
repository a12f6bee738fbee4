/** Reads request bodies in bounded memory: what is too large is refused before it is buffered. */
import type { IncomingMessage } from 'node:http'
import type { JsonValue } from '@joinery/core'
import { Budget } from '@joinery/sync'
import { HttpError } from './errors.ts'
import type { HttpLimits } from './limits.ts'

/** Where a body comes from: Node's request, or a stream when a fetch handler is embedded somewhere else. */
export type BodySource = IncomingMessage | ReadableStream<Uint8Array> | null

export interface BodyReader {
  read(source: BodySource, of: BodyOf): Promise<Uint8Array>
}

export interface BodyOf {
  readonly tenant: string
  readonly contentLength: string | undefined
}

type BodyLimits = Pick<HttpLimits, 'bodyBytesMax' | 'bodiesBufferedBytesMax' | 'bodiesBufferedTenantBytesMax'>

/** Counts what is buffered over all requests: one reader per server. */
export function bodyReader(limits: BodyLimits): BodyReader {
  const buffered = new Budget(limits.bodiesBufferedBytesMax, limits.bodiesBufferedTenantBytesMax)
  const tooLarge = (): HttpError =>
    new HttpError('BODY_TOO_LARGE', `a body has at most ${limits.bodyBytesMax} bytes`, {
      extra: { bodyBytesMax: limits.bodyBytesMax },
    })
  return {
    async read(source, { tenant, contentLength }) {
      if (contentLength !== undefined && Number(contentLength) > limits.bodyBytesMax) throw tooLarge()
      if (source === null) return new Uint8Array()
      const body = new GrowingBytes(limits.bodyBytesMax, (bytes) => hold(buffered, tenant, bytes))
      try {
        for await (const chunk of brokenOff(chunksOf(source))) {
          if (body.length + chunk.byteLength > limits.bodyBytesMax) throw tooLarge()
          body.add(chunk)
        }
        return body.bytes
      } finally {
        body.release()
      }
    },
  }
}

function hold(buffered: Budget, tenant: string, bytes: number): () => void {
  const release = buffered.take(tenant, bytes)
  if (release !== undefined) return release
  throw new HttpError(
    buffered.isFull(bytes) ? 'OVERLOADED' : 'RATE_LIMITED',
    'too much is being received at the same time',
  )
}

/**
 * Bytes as they come, in one piece: kept as they are, a body in chunks of one byte would take a hundred times its size. What is
 * announced is not believed: memory grows with what has come.
 */
class GrowingBytes {
  readonly #max: number
  readonly #hold: (bytes: number) => () => void
  readonly #held: (() => void)[] = []
  #buffer: Uint8Array = new Uint8Array()
  length = 0

  /** @param max more than this is not asked for. @param hold counts bytes until what it answers is called, or throws. */
  constructor(max: number, hold: (bytes: number) => () => void) {
    this.#max = max
    this.#hold = hold
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length)
  }

  add(chunk: Uint8Array): void {
    const length = this.length + chunk.byteLength
    if (length > this.#buffer.byteLength) this.#grow(length)
    this.#buffer.set(chunk, this.length)
    this.length = length
  }

  #grow(length: number): void {
    const size = Math.max(length, Math.min(this.#max, 2 * this.#buffer.byteLength))
    this.#held.push(this.#hold(size - this.#buffer.byteLength))
    const larger = Buffer.allocUnsafeSlow(size)
    larger.set(this.bytes)
    this.#buffer = larger
  }

  release(): void {
    for (const release of this.#held) release()
  }
}

/** A body whose sender goes away is the sender's doing. */
async function* brokenOff(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* chunks
  } catch (cause) {
    throw new HttpError('BODY_INVALID', 'the body broke off', { cause })
  }
}

/** Leaving the loop early must not tear down Node's connection: the refusal still has to travel over it. */
function chunksOf(source: IncomingMessage | ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  return 'iterator' in source
    ? (source.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>)
    : (source as unknown as AsyncIterable<Uint8Array>)
}

/** A body's media type: JSON, in UTF-8 as RFC 8259 has it, and as it is: what is compressed has no size that could be checked. */
export function checkMediaType(contentType: string | undefined, contentEncoding: string | undefined): void {
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') {
    throw new HttpError('MEDIA_TYPE', `the body is encoded as ${contentEncoding.slice(0, 100)}: send it as it is`)
  }
  const [essence = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))
  if (essence !== 'application/json' || (charset !== undefined && !/^charset="?utf-8"?$/.test(charset))) {
    throw new HttpError('MEDIA_TYPE', `the body is ${contentType ?? 'of no declared type'}, not application/json`)
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

export function parseJson(bytes: Uint8Array, depthMax: number): JsonValue {
  checkDepth(bytes, depthMax)
  try {
    return JSON.parse(strictUtf8.decode(bytes)) as JsonValue
  } catch (cause) {
    const reason = bytes.byteLength === 0 ? 'it is empty' : (cause as Error).message
    throw new HttpError('BODY_INVALID', `the body is not JSON: ${reason}`, { cause })
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Everything after this recurses into the body, so its depth is bounded first, on the bytes. */
function checkDepth(bytes: Uint8Array, depthMax: number): void {
  let depth = 0
  let inString = false
  for (let at = 0; at < bytes.byteLength; at += 1) {
    const byte = bytes[at] as number
    if (inString) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1
      if (depth > depthMax) throw new HttpError('BODY_INVALID', `the body is nested deeper than ${depthMax} levels`)
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1
  }
}
