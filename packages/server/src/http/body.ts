/** Reads request bodies in bounded memory: what is too large is refused before it is buffered. */
import type { IncomingMessage } from 'node:http'
import type { JsonValue } from '@joinery/core'
import { ServerError } from '../errors.ts'
import type { ServerLimits } from '../limits.ts'

/** Where a body comes from: Node's request, or a stream when a fetch handler is embedded somewhere else. */
export type BodySource = IncomingMessage | ReadableStream<Uint8Array> | null

export interface BodyReader {
  read(source: BodySource, contentLength: string | undefined): Promise<Uint8Array>
}

/** Counts what is buffered over all requests: one reader per server. */
export function bodyReader(limits: Pick<ServerLimits, 'bodyBytesMax' | 'bodiesBufferedBytesMax'>): BodyReader {
  let buffered = 0
  const tooLarge = (): ServerError =>
    new ServerError('BODY_TOO_LARGE', `a body has at most ${limits.bodyBytesMax} bytes`, {
      extra: { bodyBytesMax: limits.bodyBytesMax },
    })
  return {
    async read(source, contentLength) {
      if (contentLength !== undefined && Number(contentLength) > limits.bodyBytesMax) throw tooLarge()
      if (source === null) return new Uint8Array()
      const chunks: Uint8Array[] = []
      let size = 0
      try {
        for await (const chunk of chunksOf(source)) {
          if (size + chunk.byteLength > limits.bodyBytesMax) throw tooLarge()
          if (buffered + chunk.byteLength > limits.bodiesBufferedBytesMax) {
            throw new ServerError('OVERLOADED', 'too much is being received')
          }
          size += chunk.byteLength
          buffered += chunk.byteLength
          chunks.push(chunk)
        }
        return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, size)
      } finally {
        buffered -= size
      }
    },
  }
}

/** Leaving the loop early must not tear down Node's connection: the refusal still has to travel over it. */
function chunksOf(source: IncomingMessage | ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  return 'iterator' in source
    ? (source.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>)
    : (source as unknown as AsyncIterable<Uint8Array>)
}

/** A body's media type: JSON, in UTF-8 as RFC 8259 has it. */
export function checkMediaType(contentType: string | undefined): void {
  const [essence = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))
  if (essence !== 'application/json' || (charset !== undefined && !/^charset="?utf-8"?$/.test(charset))) {
    throw new ServerError('MEDIA_TYPE', `the body is ${contentType ?? 'of no declared type'}, not application/json`)
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

export function parseJson(bytes: Uint8Array, depthMax: number): JsonValue {
  checkDepth(bytes, depthMax)
  try {
    return JSON.parse(strictUtf8.decode(bytes)) as JsonValue
  } catch (cause) {
    const reason = bytes.byteLength === 0 ? 'it is empty' : (cause as Error).message
    throw new ServerError('BODY_INVALID', `the body is not JSON: ${reason}`, { cause })
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
      if (depth > depthMax) throw new ServerError('BODY_INVALID', `the body is nested deeper than ${depthMax} levels`)
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1
  }
}
