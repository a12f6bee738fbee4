/**
 * What the signature of a change says: this actor's change with these dots follows that one, in this life of this document, and has
 * this content. It stands for the change wherever the content does not matter, so a proof that somebody signed two histories takes
 * a few hundred bytes, however large the changes are.
 *
 * The signature block of a change is the digest of its author's change before, and the signature. The digest of a change is
 *
 *     SHA-256("joinery change 1\n"  document  incarnation  actor  first  length  previous  content)
 *
 * with content = SHA-256(all bytes of the change but the signature). It is what is signed, and what the next change names.
 */
import { type ActorId, type Change, type ChangeSeal, openChange, replicaOf, Writer } from '@joinery/core'
import type { ReplicationErrorCode } from '../errors.ts'
import type { LifeKey } from '../messages/messages.ts'
import { hashBytes, type Signing, sameBytes, signatureBytes } from './signing.ts'

export interface Claim {
  readonly first: number
  readonly length: number
  /** Digest of the author's change before; zeros for its first. */
  readonly previous: Uint8Array
  /** Hash of all bytes of the change but the signature. */
  readonly content: Uint8Array
  readonly signature: Uint8Array
}

const BLOCK_BYTES = hashBytes + signatureBytes
const DOMAIN = 'joinery change 1\n'
const NO_CHANGE = new Uint8Array(hashBytes)

/** Answers undefined for a change that is not signed in this way. */
export function claimOf(signing: Signing, { bytes, header, payloadAt }: Change): Claim | undefined {
  const { first, length, signature: block } = header
  if (block?.length !== BLOCK_BYTES) return undefined
  const content = signing.hash(bytes.subarray(0, payloadAt - signatureBytes), bytes.subarray(payloadAt))
  return { first, length, previous: block.subarray(0, hashBytes), content, signature: block.subarray(hashBytes) }
}

export function claimDigest(
  signing: Signing,
  { document, incarnation }: LifeKey,
  actor: ActorId,
  { first, length, previous, content }: Omit<Claim, 'signature'>,
): Uint8Array {
  const writer = new Writer(512)
  for (const byte of DOMAIN) writer.byte(byte.charCodeAt(0))
  writer.string(document)
  writer.string(incarnation)
  writer.string(actor)
  writer.varint(first)
  writer.varint(length)
  writer.append(previous)
  writer.append(content)
  return signing.hash(writer.finish())
}

/** Why a claim is not to be believed; undefined where its author's node made it. */
export function claimRefusal(
  signing: Signing,
  life: LifeKey,
  actor: ActorId,
  claim: Claim,
): ReplicationErrorCode | undefined {
  if (claim.first === 1 && !sameBytes(claim.previous, NO_CHANGE)) return 'REPLICATION_SIGNATURE'
  const isSigned = signing.verify(replicaOf(actor), claimDigest(signing, life, actor, claim), claim.signature)
  if (isSigned === undefined) return 'REPLICATION_SIGNER'
  return isSigned ? undefined : 'REPLICATION_SIGNATURE'
}

/** The same of a change; also where it is not signed at all. */
export function changeRefusal(signing: Signing, life: LifeKey, change: Change): ReplicationErrorCode | undefined {
  const claim = claimOf(signing, change)
  return claim === undefined ? 'REPLICATION_UNSIGNED' : claimRefusal(signing, life, change.header.actor, claim)
}

/** What the change of an actor after this one names. */
export function changeDigest(signing: Signing, life: LifeKey, change: Change): Uint8Array | undefined {
  const claim = claimOf(signing, change)
  return claim && claimDigest(signing, life, change.header.actor, claim)
}

/**
 * Signs the changes of a life as they are made.
 * @param head the digest of the last change of an actor; undefined where there is none.
 */
export function sealOf(signing: Signing, life: LifeKey, head: (actor: ActorId) => Uint8Array | undefined): ChangeSeal {
  return {
    signature: new Uint8Array(BLOCK_BYTES),
    sign(bytes) {
      const { header, payloadAt } = openChange(bytes)
      const { actor, first, length } = header
      const previous = head(actor) ?? NO_CHANGE
      bytes.set(previous, payloadAt - BLOCK_BYTES)
      const content = signing.hash(bytes.subarray(0, payloadAt - signatureBytes), bytes.subarray(payloadAt))
      const digest = claimDigest(signing, life, actor, { first, length, previous, content })
      bytes.set(signing.sign(digest), payloadAt - signatureBytes)
    },
  }
}
