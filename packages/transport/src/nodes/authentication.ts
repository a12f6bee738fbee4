/**
 * How nodes know that the other end is one of them. Either way the connection is TLS 1.3 with a certificate of an Ed25519 key at
 * both ends, and nothing is said before it stands.
 *
 * - By key: the certificate carries the key of the node, TLS proves that its owner is there, and a list says whose it is.
 * - By secret, for a start: certificates carry keys made for the occasion, and each end proves that it knows the secret of the
 *   cluster by a MAC over what TLS exports of this very connection (RFC 9266). The secret is not sent, a proof is of no use
 *   anywhere else or later, and who sits in between has two connections with different exports. Whoever knows the secret may call
 *   itself by any name.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { selfSignedCertificate } from './certificate.ts'
import { TransportError, type TransportRefusal } from './errors.ts'
import type { Hello } from './hello.ts'
import { type AllowList, generateIdentity, type NodeIdentity, type NodePublicKey } from './identity.ts'
import { secretBytesMin } from './limits.ts'

export type Role = 'dialled' | 'accepted'

/** What both ends of a connection have and nobody else: TLS exporter, and greetings as they were sent. */
export interface ProofContext {
  readonly exported: Uint8Array
  /** Of the end that proves. */
  readonly role: Role
  readonly hello: Uint8Array
  readonly otherHello: Uint8Array
}

export interface Authentication {
  readonly privateKey: KeyObject
  /** PEM. */
  readonly certificate: string
  /** Looks at the key of the other end before anything is said. */
  checkKey(key: NodePublicKey | undefined): TransportRefusal | undefined
  /** Looks at who it says it is. */
  checkHello(key: NodePublicKey, hello: Hello): TransportRefusal | undefined
  /** Where the key alone does not prove it. */
  readonly prove?: (context: ProofContext) => Uint8Array
}

export interface KeyAuthenticationOptions {
  readonly identity: NodeIdentity
  /** Asked at every connection, so that the list may change. */
  readonly allow: () => AllowList
}

export function keyAuthentication({ identity, allow }: KeyAuthenticationOptions): Authentication {
  return {
    privateKey: identity.privateKey,
    certificate: selfSignedCertificate(identity.privateKey),
    checkKey: (key) => (key !== undefined && allow().has(key) ? undefined : 'TRANSPORT_KEY_UNKNOWN'),
    checkHello: (key, { node }) => (allow().get(key) === node ? undefined : 'TRANSPORT_NAME_MISMATCH'),
  }
}

/** @param secret at least 32 bytes that cannot be guessed. Throws `TRANSPORT_IDENTITY`. */
export function secretAuthentication(secret: Uint8Array): Authentication {
  if (secret.length < secretBytesMin) {
    throw new TransportError('TRANSPORT_IDENTITY', `a secret has at least ${secretBytesMin} bytes`)
  }
  const { privateKey } = generateIdentity()
  return {
    privateKey,
    certificate: selfSignedCertificate(privateKey),
    checkKey: (key) => (key === undefined ? 'TRANSPORT_TLS' : undefined),
    checkHello: () => undefined,
    prove({ exported, role, hello, otherHello }) {
      const mac = createHmac('sha256', secret).update(`joinery node 1 ${role}\n`).update(exported)
      // Greetings have lengths in them, but where one ends and the other begins is not told by either.
      return mac
        .update(Uint8Array.of(hello.length >> 8, hello.length & 255))
        .update(hello)
        .update(otherHello)
        .digest()
    },
  }
}

/** Takes as long whatever the difference. */
export function sameProof(expected: Uint8Array, given: Uint8Array): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given)
}
