/** How an end of a connection introduces itself, and how it takes its leave. */
import { CoreError, Reader, Writer } from '@joinery/core'
import { TransportError, type TransportRefusal } from './errors.ts'
import { addressBytesMax, clusterNameBytesMax, nodeNameBytesMax } from './limits.ts'

/**
 * The first byte of a greeting. Versions of connections between nodes, each with what it brought:
 *
 * 1. Everything on this page and in `frames.ts`.
 */
const LINK_VERSION = 1
export const instanceBytes = 16

export interface Hello {
  readonly cluster: string
  readonly node: string
  readonly region: string
  /** Where it is reached; empty where it is not. */
  readonly address: string
  /** Random, new whenever the node starts: tells a node that was started again from one that has dialled twice. */
  readonly instance: Uint8Array
  /** No longer message is taken. */
  readonly messageBytesMax: number
}

export function encodeHello({ cluster, node, region, address, instance, messageBytesMax }: Hello): Uint8Array {
  const writer = new Writer(256)
  writer.byte(LINK_VERSION)
  writer.string(cluster)
  writer.string(node)
  writer.string(region)
  writer.string(address)
  writer.append(instance)
  writer.varint(messageBytesMax)
  return writer.finish()
}

/** Throws `TRANSPORT_MALFORMED` and `TRANSPORT_VERSION`. */
export function decodeHello(bytes: Uint8Array): Hello {
  return decoding(bytes, (reader) => {
    const version = reader.byte()
    if (version !== LINK_VERSION) throw new TransportError('TRANSPORT_VERSION', `it speaks version ${version}`)
    return {
      cluster: reader.string(clusterNameBytesMax),
      node: nonEmpty(reader, reader.string(nodeNameBytesMax)),
      region: reader.string(nodeNameBytesMax),
      address: reader.string(addressBytesMax),
      instance: reader.view(instanceBytes).slice(),
      messageBytesMax: reader.varint(),
    }
  })
}

/** Why an end goes. Told by name only to who has proved to be a member. */
export interface Bye {
  readonly code: TransportRefusal | ''
  readonly node: string
}

const CODE_BYTES_MAX = 64

export function encodeBye({ code, node }: Bye): Uint8Array {
  const writer = new Writer(64)
  writer.string(code)
  writer.string(node)
  return writer.finish()
}

/** Throws `TRANSPORT_MALFORMED`. Codes that are not known here say as much. */
export function decodeBye(bytes: Uint8Array): Bye {
  return decoding(bytes, (reader) => {
    const code = reader.string(CODE_BYTES_MAX)
    return {
      code: known.has(code) ? (code as Bye['code']) : 'TRANSPORT_MALFORMED',
      node: reader.string(nodeNameBytesMax),
    }
  })
}

/** What one end may say to another of the reason. */
const sayable: readonly Bye['code'][] = [
  '',
  'TRANSPORT_TOO_LARGE',
  'TRANSPORT_HANDSHAKE_TIMEOUT',
  'TRANSPORT_KEY_UNKNOWN',
  'TRANSPORT_SECRET_WRONG',
  'TRANSPORT_NAME_MISMATCH',
  'TRANSPORT_CLUSTER_MISMATCH',
  'TRANSPORT_VERSION',
  'TRANSPORT_MALFORMED',
  'TRANSPORT_DUPLICATE',
  'TRANSPORT_FULL',
  'TRANSPORT_SILENT',
  'TRANSPORT_STALLED',
]
const known: ReadonlySet<string> = new Set(sayable)

function nonEmpty(reader: Reader, text: string): string {
  return text === '' ? reader.invalid('out of range') : text
}

function decoding<T>(bytes: Uint8Array, decode: (reader: Reader) => T): T {
  const reader = new Reader(bytes)
  try {
    const value = decode(reader)
    reader.finish()
    return value
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    throw new TransportError('TRANSPORT_MALFORMED', `a greeting cannot be read: ${cause.message}`, { cause })
  }
}
