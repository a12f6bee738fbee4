/** How a life ended: who ended it and when. Of two that ended one life at once, the smaller stays, the same everywhere. */
import { type ActorId, CoreError, Reader, replicaOf, Writer } from '@joinery/core'
import type { ReplicationErrorCode } from '../errors.ts'
import { readActor } from '../messages/fields.ts'
import type { LifeKey } from '../messages/messages.ts'
import { type Signing, signatureBytes } from '../signing/signing.ts'

/** First byte: no change, bundle or snapshot begins with it. */
const KIND_TOMBSTONE = 0x1e

export interface Tombstone {
  readonly actor: ActorId
  readonly timeMicros: number
  /** Where changes are signed, ends are, too. */
  readonly signature?: Uint8Array
}

export function encodeTombstone({ actor, timeMicros, signature }: Tombstone): Uint8Array {
  const writer = new Writer(64)
  writer.byte(KIND_TOMBSTONE)
  writer.varint(timeMicros)
  writer.string(actor)
  if (signature !== undefined) writer.append(signature)
  return writer.finish()
}

/** The same, signed by this node. */
export function signTombstone(signing: Signing, life: LifeKey, tombstone: Tombstone): Uint8Array {
  return encodeTombstone({ ...tombstone, signature: signing.sign(digestOf(signing, life, tombstone)) })
}

/** Why a tombstone is not to be believed; undefined where a node of the cluster made it for this life. */
export function tombstoneRefusal(
  signing: Signing,
  life: LifeKey,
  tombstone: Tombstone,
): ReplicationErrorCode | undefined {
  const { actor, signature } = tombstone
  if (signature === undefined) return 'REPLICATION_UNSIGNED'
  const isSigned = signing.verify(replicaOf(actor), digestOf(signing, life, tombstone), signature)
  if (isSigned === undefined) return 'REPLICATION_SIGNER'
  return isSigned ? undefined : 'REPLICATION_SIGNATURE'
}

function digestOf(signing: Signing, { document, incarnation }: LifeKey, { actor, timeMicros }: Tombstone): Uint8Array {
  const writer = new Writer(256)
  for (const byte of 'joinery end 1\n') writer.byte(byte.charCodeAt(0))
  writer.string(document)
  writer.string(incarnation)
  writer.append(encodeTombstone({ actor, timeMicros }))
  return signing.hash(writer.finish())
}

export function isTombstone(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && bytes[0] === KIND_TOMBSTONE
}

/** Answers undefined for bytes that are none. */
export function readTombstone(bytes: Uint8Array): Tombstone | undefined {
  if (!isTombstone(bytes)) return undefined
  const reader = new Reader(bytes, 1)
  try {
    const timeMicros = reader.varint()
    const actor = readActor(reader)
    if (reader.remaining === 0) return { actor, timeMicros }
    const signature = reader.view(signatureBytes)
    reader.finish()
    return { actor, timeMicros, signature }
  } catch (error) {
    if (error instanceof CoreError) return undefined
    throw error
  }
}

/** The one that stays. */
export function joinTombstones(known: Uint8Array | undefined, other: Uint8Array): Uint8Array {
  if (known === undefined) return other
  const length = Math.min(known.length, other.length)
  for (let i = 0; i < length; i += 1) {
    const difference = (known[i] as number) - (other[i] as number)
    if (difference !== 0) return difference < 0 ? known : other
  }
  return known.length <= other.length ? known : other
}
