import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  generateIdentity,
  identityPem,
  parseAllowList,
  parsePublicKey,
  readIdentity,
  secretAuthentication,
} from '../../src/nodes.ts'
import { codeOf } from '../../src/testing/suite-node.ts'
import { Keys, wireTransport } from './networks.ts'

const key = generateIdentity().publicKey
const other = generateIdentity().publicKey

describe('identities', () => {
  test('are the same after they were written and read', () => {
    const identity = generateIdentity()
    expect(identity.publicKey).toMatch(/^ed25519:[\w-]{43}$/)
    expect(readIdentity(identityPem(identity)).publicKey).toBe(identity.publicKey)
    expect(parsePublicKey(identity.publicKey)).toBe(identity.publicKey)
  })

  test('of another kind, and what is none, are refused without being quoted', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    for (const pem of ['', 'secret words', rsa as string]) {
      expect(codeOf(() => readIdentity(pem))).toBe('TRANSPORT_IDENTITY')
      expect(() => readIdentity(pem)).not.toThrow(/secret/)
    }
    for (const text of ['', key.slice(0, -1), `${key}A`, key.slice(8), `ed25519:${'!'.repeat(43)}`]) {
      expect(
        codeOf(() => parsePublicKey(text)),
        text,
      ).toBe('TRANSPORT_IDENTITY')
    }
  })

  test('a secret that can be guessed is refused', () => {
    expect(codeOf(() => secretAuthentication(new Uint8Array(32)))).toBeUndefined()
    expect(codeOf(() => secretAuthentication(new Uint8Array(31)))).toBe('TRANSPORT_IDENTITY')
  })

  test('names have a length', () => {
    const keys = new Keys()
    const make = (settings: object) => () =>
      wireTransport('tcp', keys.authentication('a'), { node: 'a', region: 'r', ...settings })
    for (const name of ['node', 'region', 'cluster']) {
      expect(codeOf(make({ [name]: 'x'.repeat(128) })), name).toBeUndefined()
      expect(codeOf(make({ [name]: 'x'.repeat(129) })), name).toBe('TRANSPORT_IDENTITY')
      expect(codeOf(make({ [name]: '' })), name).toBe('TRANSPORT_IDENTITY')
    }
    expect(codeOf(make({ advertise: 'elsewhere' }))).toBe('TRANSPORT_ADDRESS')
  })
})

describe('lists of nodes', () => {
  test('have a name and a key in each line', () => {
    const list = parseAllowList(`# ours\nnode1 ${key}\n\n  node2\t${other}  # in the cellar\r\n`)
    expect([...list]).toEqual([
      [key, 'node1'],
      [other, 'node2'],
    ])
    expect(parseAllowList('').size).toBe(0)
  })

  test.each([
    ['a name alone', 'node1'],
    ['a key alone', key],
    ['a key that is none', 'node1 ed25519:abc'],
    ['more than a name and a key', `node1 ${key} more`],
    ['one key twice', `node1 ${key}\nnode2 ${key}`],
    ['a name that is too long', `${'x'.repeat(129)} ${key}`],
  ])('with %s are refused whole', (_, text) => {
    expect(codeOf(() => parseAllowList(`ok ${other}\n${text}`))).toBe('TRANSPORT_IDENTITY')
  })
})
