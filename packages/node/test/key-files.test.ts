import { randomBytes } from 'node:crypto'
import { chmodSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity } from '@joinery/transport/nodes'
import { expect, test } from 'vitest'
import {
  allowListFile,
  clusterKeys,
  readIdentityFile,
  readSecretFile,
  writeIdentity,
  writeSecret,
} from '../src/index.ts'
import { keyFileBytesMax } from '../src/limits.ts'
import { temporaryDirectory } from './nodes.ts'

function refused(attempt: () => unknown): string {
  try {
    attempt()
    return 'taken'
  } catch (error) {
    expect(error).toMatchObject({ code: 'NODE_KEY_FILE' })
    return (error as Error).message
  }
}

test('keys and secrets are for their owner alone, and never written over', () => {
  const directory = temporaryDirectory()
  const [key, secret] = [join(directory, 'key'), join(directory, 'secret')]
  const identity = generateIdentity()
  writeIdentity(key, identity)
  writeSecret(secret, randomBytes)
  expect([statSync(key).mode & 0o777, statSync(secret).mode & 0o777]).toEqual([0o600, 0o600])
  expect(readIdentityFile(key).publicKey).toBe(identity.publicKey)
  expect(readSecretFile(secret)).toHaveLength(43)
  expect(refused(() => writeIdentity(key, generateIdentity()))).toMatch(/EEXIST/)
  expect(refused(() => writeSecret(secret, randomBytes))).toMatch(/EEXIST/)
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(key, mode)
    expect(refused(() => readIdentityFile(key))).toMatch(/chmod 600/)
  }
  expect(refused(() => readIdentityFile(join(directory, 'none')))).toMatch(/ENOENT/)
  expect(refused(() => readIdentityFile(secret))).toMatch(/no private key/)
})

test('a list of nodes changes while it is used, and one that cannot be read leaves it as it was', () => {
  const path = join(temporaryDirectory(), 'nodes')
  const [one, two] = [generateIdentity().publicKey, generateIdentity().publicKey]
  const warnings: string[] = []
  let seconds = 1_000_000_000
  const put = (text: string): void => {
    writeFileSync(path, text)
    seconds += 1
    utimesSync(path, seconds, seconds)
  }
  expect(refused(() => allowListFile(path, () => {}))).toMatch(/ENOENT/)
  put(`a ${one}\n`)
  const allow = allowListFile(path, ({ message }) => void warnings.push(message))
  expect([...allow()]).toEqual([[one, 'a']])
  put(`a ${one}\nb ${two}\n`)
  expect([...allow()].map(([, name]) => name)).toEqual(['a', 'b'])
  put(`a ${one}\nb\n`)
  expect([...allow()].map(([, name]) => name)).toEqual(['a', 'b'])
  expect(warnings).toEqual([expect.stringMatching(/line 2/)])
  put(`b ${two}\n`)
  expect([...allow()].map(([, name]) => name)).toEqual(['b'])
  put(`b ${two}\n`.padEnd(keyFileBytesMax, '\n'))
  expect(allow().size).toBe(1)
  put(`${'\n'.repeat(keyFileBytesMax)}\n`)
  expect(allow().size, 'one byte too long').toBe(1)
  expect(warnings.at(-1)).toMatch(/more than/)
})

test('nodes agree on what they derive only if name and secret are the same', () => {
  const secret = randomBytes(32)
  const keys = clusterKeys('ours', secret)
  expect(keys.digestKey).toHaveLength(16)
  expect(clusterKeys('ours', secret)).toEqual(keys)
  for (const other of [clusterKeys('ours'), clusterKeys('theirs', secret), clusterKeys('ours', randomBytes(32))]) {
    expect(other.cluster).not.toBe(keys.cluster)
    expect(Buffer.from(other.digestKey).equals(keys.digestKey)).toBe(false)
  }
  expect(keys.cluster).not.toContain(Buffer.from(keys.digestKey).toString('hex').slice(0, 8))
})
