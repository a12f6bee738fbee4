/** The key pair that a node is known by, and the list of those who may speak to it. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { TransportError } from './errors.ts'
import { nodeNameBytesMax } from './limits.ts'

/** `ed25519:` and the 32 bytes of the public key in base64url: what is written into the lists of others. */
export type NodePublicKey = `ed25519:${string}`

export interface NodeIdentity {
  readonly publicKey: NodePublicKey
  /** Ed25519. Never leaves the node. */
  readonly privateKey: KeyObject
}

/** Names of nodes by their keys: who may connect, and as whom. */
export type AllowList = ReadonlyMap<NodePublicKey, string>

export function generateIdentity(): NodeIdentity {
  return identityOf(generateKeyPairSync('ed25519').privateKey)
}

/** Reads a private key in PEM, as `identityPem` writes it. Throws `TRANSPORT_IDENTITY`. */
export function readIdentity(pem: string): NodeIdentity {
  try {
    return identityOf(createPrivateKey(pem))
  } catch (cause) {
    if (cause instanceof TransportError) throw cause
    // Not with its cause: that may quote what it was given.
    throw new TransportError('TRANSPORT_IDENTITY', 'this is no private key in PEM')
  }
}

/** The private key in PEM (PKCS 8), to be kept where nobody else can read it. */
export function identityPem({ privateKey }: NodeIdentity): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

function identityOf(privateKey: KeyObject): NodeIdentity {
  const publicKey = publicKeyText(createPublicKey(privateKey))
  if (publicKey === undefined) throw new TransportError('TRANSPORT_IDENTITY', 'a node has an Ed25519 key')
  return { privateKey, publicKey }
}

/** Undefined for a key of another kind. */
export function publicKeyText(key: KeyObject): NodePublicKey | undefined {
  if (key.asymmetricKeyType !== 'ed25519') return undefined
  return `ed25519:${key.export({ format: 'jwk' }).x ?? ''}`
}

const KEY_BYTES = 32
const keyShape = /^ed25519:[A-Za-z0-9_-]{43}$/

/** Checks what somebody typed or pasted. Throws `TRANSPORT_IDENTITY`. */
export function parsePublicKey(text: string): NodePublicKey {
  const isKey = keyShape.test(text) && Buffer.from(text.slice(8), 'base64url').length === KEY_BYTES
  if (!isKey) throw new TransportError('TRANSPORT_IDENTITY', `${JSON.stringify(text)} is not the public key of a node`)
  return text as NodePublicKey
}

/**
 * Reads a list of nodes: a line each, `NAME ed25519:…`. Empty lines and what follows `#` say nothing. Throws
 * `TRANSPORT_IDENTITY`, with the number of the line: a list that is read in part would let in others than its writer meant.
 */
export function parseAllowList(text: string): AllowList {
  const names = new Map<NodePublicKey, string>()
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const [name, key, ...rest] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (name === undefined || name === '') continue
    const wrong = (what: string) => new TransportError('TRANSPORT_IDENTITY', `line ${at + 1} ${what}`)
    if (key === undefined || rest.length > 0) throw wrong('is not a name and a key')
    if (!keyShape.test(key)) throw wrong('has no key of a node')
    if (Buffer.byteLength(name) > nodeNameBytesMax) throw wrong(`has a name of more than ${nodeNameBytesMax} bytes`)
    if (names.has(parsePublicKey(key))) throw wrong('has a key that stands above already')
    names.set(parsePublicKey(key), name)
  }
  return names
}
