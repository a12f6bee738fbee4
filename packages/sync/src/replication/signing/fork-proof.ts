/**
 * Two changes that one actor signed and that cannot both be in its history: they share dots, or one follows the other and names
 * something else as what it follows. Nobody can make such a pair without the key of the actor's node, so whoever has it can show it to
 * anybody, whatever others say.
 *
 *     kind (0x1f, as a part of a life)  actor  two claims: first  length  previous  content  signature
 */
import { type ActorId, CoreError, limits, Reader, Writer } from '@joinery/core'
import type { ReplicationErrorCode } from '../errors.ts'
import { readActor } from '../messages/fields.ts'
import type { LifeKey } from '../messages/messages.ts'
import { type Claim, claimDigest, claimRefusal } from './claim.ts'
import { hashBytes, type Signing, sameBytes, signatureBytes } from './signing.ts'

/** First byte: no change, snapshot or tombstone begins with it. */
const KIND_PROOF = 0x1f

export interface ForkProof {
  readonly actor: ActorId
  readonly claims: readonly [Claim, Claim]
}

/** The first dot that nothing is known of any more: what comes before is the same on both sides, or there is a proof that it is not. */
export function forkedFrom({ claims: [one, other] }: ForkProof): number {
  return Math.min(one.first, other.first)
}

/** Whether two claims of one actor in one life contradict each other. Who signed them is not looked at. */
export function contradict(
  signing: Signing,
  life: LifeKey,
  actor: ActorId,
  [one, other]: readonly [Claim, Claim],
): boolean {
  const [oneEnd, otherEnd] = [one.first + one.length, other.first + other.length]
  if (one.first < otherEnd && other.first < oneEnd) return !sameClaim(one, other)
  const follows = (claim: Claim, before: Claim): boolean =>
    !sameBytes(claim.previous, claimDigest(signing, life, actor, before))
  if (otherEnd === one.first) return follows(one, other)
  return oneEnd === other.first && follows(other, one)
}

function sameClaim(one: Claim, other: Claim): boolean {
  return (
    one.first === other.first &&
    one.length === other.length &&
    sameBytes(one.previous, other.previous) &&
    sameBytes(one.content, other.content) &&
    sameBytes(one.signature, other.signature)
  )
}

/** Why something that looks like a proof is none. */
export function proofRefusal(signing: Signing, life: LifeKey, proof: ForkProof): ReplicationErrorCode | undefined {
  const { actor, claims } = proof
  if (!contradict(signing, life, actor, claims)) return 'REPLICATION_MALFORMED'
  for (const claim of claims) {
    const code = claimRefusal(signing, life, actor, claim)
    if (code !== undefined) return code
  }
  return undefined
}

export function writeProof(writer: Writer, { actor, claims }: ForkProof): void {
  writer.string(actor)
  for (const { first, length, previous, content, signature } of claims) {
    writer.varint(first)
    writer.varint(length)
    for (const bytes of [previous, content, signature]) writer.append(bytes)
  }
}

/** Its bytes are its own. */
export function readProof(reader: Reader): ForkProof {
  return { actor: readActor(reader), claims: [readClaim(reader), readClaim(reader)] }
}

function readClaim(reader: Reader): Claim {
  const first = reader.varint(limits.dotCounterMax)
  const length = reader.varint(limits.dotCounterMax)
  if (first === 0 || length === 0 || first + length - 1 > limits.dotCounterMax) reader.invalid('out of range')
  const bytes = (count: number): Uint8Array => reader.view(count).slice()
  return { first, length, previous: bytes(hashBytes), content: bytes(hashBytes), signature: bytes(signatureBytes) }
}

/** As a part of a life, to be kept with it. */
export function encodeProof(proof: ForkProof): Uint8Array {
  const writer = new Writer(512)
  writer.byte(KIND_PROOF)
  writeProof(writer, proof)
  return writer.finish()
}

export function isProof(part: Uint8Array): boolean {
  return part[0] === KIND_PROOF
}

/** Answers undefined for bytes that are none. */
export function decodeProof(part: Uint8Array): ForkProof | undefined {
  if (!isProof(part)) return undefined
  const reader = new Reader(part, 1)
  try {
    const proof = readProof(reader)
    reader.finish()
    return proof
  } catch (error) {
    if (error instanceof CoreError) return undefined
    throw error
  }
}
