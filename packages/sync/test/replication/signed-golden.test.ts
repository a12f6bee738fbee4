/** Two signed changes, a proof and an end as bytes: for whoever writes a node in another language. The key is that of RFC 8032, 7.1. */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type ActorId, actorId, Doc, HybridClock, openChange, orSet, replicaId } from '@joinery/core'
import { changeDigest, changeRefusal, decodeProof, forkedFrom, type Signing } from '@joinery/sync/replication'
import { Author } from '@joinery/testing'
import { expect, test } from 'vitest'
import { readTombstone, signTombstone, tombstoneRefusal } from '../../src/replication/documents/tombstone.ts'
import { claimOf } from '../../src/replication/signing/claim.ts'
import { encodeProof, proofRefusal } from '../../src/replication/signing/fork-proof.ts'
import { voidChange } from '../../src/replication/signing/void-change.ts'

const SECRET = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const life = { document: 'page', incarnation: '1' }
const actor: ActorId = actorId(replicaId('paris'), new Uint8Array(12).fill(1))

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const privateKey = createPrivateKey({
  key: Buffer.concat([PKCS8, Buffer.from(SECRET, 'hex')]),
  format: 'der',
  type: 'pkcs8',
})
const publicKey = createPublicKey(privateKey)
const signing: Signing = {
  hash: (...parts) => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest()),
  sign: (digest) => new Uint8Array(sign(null, digest, privateKey)),
  verify: (_, digest, signature) => verify(null, digest, publicKey, signature),
}

function author(): Author {
  const clock = new HybridClock(() => 1_767_225_600_000)
  return new Author({ actor: { id: actor, clock }, life, signing })
}

function written(): Record<string, string> {
  const add = (to: Author, tag: string) => to.write((doc) => doc.field('tags', orSet<string>()).add(tag))
  const one = add(author(), 'one')
  const two = add(one.copy(), 'three')
  add(one, 'two')
  const [first, second, other] = [...one.changes, ...two.changes.slice(1)].map((bytes) => openChange(bytes))
  const claims = [second, other].map((change) => change && claimOf(signing, change))
  const proof = encodeProof({ actor, claims } as never)
  const tombstone = signTombstone(signing, life, { actor, timeMicros: 1_767_225_600_000_000 })
  const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')
  return {
    secret: SECRET,
    document: life.document,
    first: hex(first?.bytes),
    'digest of first': hex(first && changeDigest(signing, life, first)),
    second: hex(second?.bytes),
    'digest of second': hex(second && changeDigest(signing, life, second)),
    proof: hex(proof),
    void: hex(voidChange(life.incarnation, actor, 2, 0xdeadbeef)),
    tombstone: hex(tombstone),
  }
}

const path = new URL('golden/signed.json', import.meta.url)
if (process.env.JOINERY_UPDATE_GOLDEN) {
  mkdirSync(new URL('golden', import.meta.url), { recursive: true })
  writeFileSync(path, `${JSON.stringify(written(), undefined, 2)}\n`)
}
const golden = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
const bytes = (name: string): Uint8Array => Uint8Array.from(Buffer.from(golden[name] as string, 'hex'))

test('what is signed is written as ever', () => {
  expect(written()).toEqual(golden)
})

test('what was signed is believed as ever', () => {
  for (const name of ['first', 'second']) expect(changeRefusal(signing, life, openChange(bytes(name)))).toBeUndefined()
  const end = readTombstone(bytes('tombstone'))
  expect(end && tombstoneRefusal(signing, life, end)).toBeUndefined()
  expect(end && tombstoneRefusal(signing, { ...life, incarnation: '2' }, end)).toBe('REPLICATION_SIGNATURE')
  const proof = decodeProof(bytes('proof'))
  expect(proof && [proofRefusal(signing, life, proof), forkedFrom(proof)]).toEqual([undefined, 2])
  expect(proof && proofRefusal(signing, { ...life, document: 'other' }, proof)).toBe('REPLICATION_SIGNATURE')
})

test('a void change follows what comes before and owns all dots there can be', () => {
  const clock = new HybridClock(() => 0)
  const doc = new Doc({ actor: { id: actorId(replicaId('b'), new Uint8Array(12)), clock }, incarnation: '1' })
  doc.apply(bytes('first'))
  doc.apply(voidChange('1', actor, 2, doc.checkOf(actor)))
  expect([doc.known(actor), doc.toJSON()]).toEqual([0xffff_ffff, { tags: ['one'] }])
  expect(openChange(bytes('void')).header).toMatchObject({ first: 2, length: 0xffff_fffe, previous: 0xdeadbeef })
})
