/** Keys, secrets and lists of keys as files. What is secret is for the eyes of its owner alone, or is not used. */
import { type BigIntStats, readFileSync, statSync, writeFileSync } from 'node:fs'
import {
  type AllowList,
  identityPem,
  type NodeIdentity,
  parseAllowList,
  readIdentity,
  TransportError,
} from '@joinery/transport/nodes'
import { NodeError } from './errors.ts'
import { keyFileBytesMax } from './limits.ts'

/** Group and others, any right. */
const OTHERS = 0o077n
const OWNER_ONLY = 0o600
const SECRET_BYTES = 32

/** Writes a new key. A file that is there is never written over. Throws `NODE_KEY_FILE`. */
export function writeIdentity(path: string, identity: NodeIdentity): void {
  writeNew(path, identityPem(identity))
}

/** Writes a new secret. A file that is there is never written over. Throws `NODE_KEY_FILE`. */
export function writeSecret(path: string, randomBytes: (count: number) => Uint8Array): void {
  writeNew(path, `${Buffer.from(randomBytes(SECRET_BYTES)).toString('base64url')}\n`)
}

/** Throws `NODE_KEY_FILE`, also where others than the owner may read the file. */
export function readIdentityFile(path: string): NodeIdentity {
  const text = readSecretText(path)
  return speaking(path, () => readIdentity(text))
}

/** The bytes of a secret, as they stand in the file without the end of its line. Throws `NODE_KEY_FILE`. */
export function readSecretFile(path: string): Uint8Array {
  return Buffer.from(readSecretText(path).trim(), 'utf8')
}

/**
 * A list of nodes that may change while it is used: it is read again when its file is another one. A list that cannot be read leaves
 * the one before in force, and `onWarning` is told. Throws `NODE_KEY_FILE` where it cannot be read the first time.
 */
export function allowListFile(path: string, onWarning: (error: NodeError) => void): () => AllowList {
  let seen = stamp(path)
  let list = speaking(path, () => parseAllowList(readText(path)))
  return () => {
    try {
      const now = stamp(path)
      if (now === seen) return list
      seen = now
      list = speaking(path, () => parseAllowList(readText(path)))
    } catch (error) {
      if (!(error instanceof NodeError)) throw error
      onWarning(error)
    }
    return list
  }
}

function stamp(path: string): string {
  const { ino, size, mtimeNs } = stats(path)
  return `${ino} ${size} ${mtimeNs}`
}

function stats(path: string): BigIntStats {
  return speaking(path, () => statSync(path, { bigint: true }))
}

function readSecretText(path: string): string {
  if (process.platform !== 'win32' && (stats(path).mode & OTHERS) !== 0n) {
    throw new NodeError('NODE_KEY_FILE', `${path} can be read by others than its owner: chmod 600 it`)
  }
  return readText(path)
}

function readText(path: string): string {
  if (stats(path).size > BigInt(keyFileBytesMax)) {
    throw new NodeError('NODE_KEY_FILE', `${path} has more than ${keyFileBytesMax} bytes`)
  }
  return speaking(path, () => readFileSync(path, 'utf8'))
}

function writeNew(path: string, text: string): void {
  speaking(path, () => writeFileSync(path, text, { flag: 'wx', mode: OWNER_ONLY }))
}

/** Says which file it is about. */
function speaking<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    const isOurs = cause instanceof TransportError || typeof (cause as NodeJS.ErrnoException).code === 'string'
    if (!isOurs || cause instanceof NodeError) throw cause
    const why = cause instanceof TransportError ? cause.message : (cause as NodeJS.ErrnoException).code
    throw new NodeError('NODE_KEY_FILE', `${path}: ${why}`, { cause })
  }
}
