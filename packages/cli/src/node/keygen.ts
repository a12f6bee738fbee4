/** `joinery node keygen`: keys and secrets that only their owner reads. */
import { writeIdentity, writeSecret } from '@joinery/node'
import { generateIdentity } from '@joinery/transport/nodes'
import type { Environment } from '../environment.ts'

/** Prints the public key alone, for `KEY=$(joinery node keygen …)`. */
export function generateKey(path: string, { stdout }: Environment): void {
  const identity = generateIdentity()
  writeIdentity(path, identity)
  stdout.write(`${identity.publicKey}\n`)
}

/** Prints nothing: a secret is not shown. */
export function generateSecret(path: string, { random }: Environment): void {
  writeSecret(path, random)
}
