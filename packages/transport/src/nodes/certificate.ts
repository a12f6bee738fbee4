/**
 * A certificate that says nothing but the key it carries: TLS wants one, and nodes know each other by their keys. It is made from
 * the key alone, so the same key has the same certificate for ever, and no clock can make it invalid.
 */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { der, derTag, derText } from './der.ts'

/** RFC 8410: the key and the signature have one name, without parameters. */
const ED25519 = Uint8Array.of(0x2b, 0x65, 0x70)
/** `commonName`, RFC 5280 appendix A. */
const COMMON_NAME = Uint8Array.of(0x55, 0x04, 0x03)
const VERSION_3 = Uint8Array.of(2)
const SERIAL = Uint8Array.of(1)
/** RFC 5280 section 4.1.2.5: the time of certificates without a last day. */
const WITHOUT_END = '99991231235959Z'
const BEGINNING = '200101000000Z'
const LINE = 64

/** The certificate of an Ed25519 key, in PEM. */
export function selfSignedCertificate(privateKey: KeyObject): string {
  const { sequence, set, integer, objectId, utf8String, context0, bitString, utcTime, generalizedTime } = derTag
  const algorithm = der(sequence, der(objectId, ED25519))
  const commonName = der(sequence, der(objectId, COMMON_NAME), derText(utf8String, 'joinery node'))
  const name = der(sequence, der(set, commonName))
  const validity = der(sequence, derText(utcTime, BEGINNING), derText(generalizedTime, WITHOUT_END))
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const version = der(context0, der(integer, VERSION_3))
  const body = der(sequence, version, der(integer, SERIAL), algorithm, name, validity, name, publicKey)
  // A string of bits begins with how many of its last byte are not used.
  const signature = der(bitString, Uint8Array.of(0), sign(null, body, privateKey))
  return pem(der(sequence, body, algorithm, signature))
}

function pem(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64')
  const lines = text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
