/** Messages of nodes: every kind comes back as it was, and no bytes make a decoder do anything but read or refuse. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type ActorId, actorId, replicaId } from '@joinery/core'
import { type Message, MessageCodec, ReplicationError, replicationLimits } from '@joinery/sync/replication'
import { seededRandom } from '@joinery/testing'
import { describe, expect, test } from 'vitest'
import { kinds } from '../../src/replication/messages/messages.ts'
import type { Claim } from '../../src/replication/signing/claim.ts'
import type { Compression } from '../../src/session/compression.ts'

const compression: Compression = {
  deflate: (bytes) => new Uint8Array(deflateRawSync(bytes)),
  inflate: (bytes, length) => new Uint8Array(inflateRawSync(bytes, { maxOutputLength: Math.max(1, length) })),
}
const codec = new MessageCodec(compression)
const hash = { high: 0xdeadbeef, low: 7 }
const life = { document: 'züge', incarnation: 'first' }
const actor: ActorId = actorId(replicaId('a'), new Uint8Array(12))
const news = { node: 'b', region: 'eu', address: 'b:1', incarnation: 3, state: 'suspect' } as const
const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 7)
const claim = (first: number, length: number): Claim => ({
  first,
  length,
  previous: bytes.slice(0, 32),
  content: bytes.slice(1, 33),
  signature: bytes.slice(2, 66),
})

const messages: readonly Message[] = [
  {
    kind: 'changes',
    push: 9,
    hops: 3,
    cause: 'repair',
    told: [1, 0xffff],
    foreign: true,
    more: true,
    lives: [{ ...life, ended: false, parts: [bytes, bytes.slice(1)] }],
  },
  {
    kind: 'changes',
    push: 0,
    hops: 0,
    cause: 'live',
    told: [],
    foreign: false,
    more: false,
    lives: [{ ...life, ended: true, parts: [] }],
  },
  { kind: 'ack', pushes: [1, 2 ** 40] },
  { kind: 'digest', root: hash, count: 12, from: 16, cells: [{ count: -3, sum: hash, check: 0xffff_ffff }] },
  { kind: 'equal', root: hash },
  { kind: 'more', root: hash, from: 16, count: 8 },
  {
    kind: 'frontiers',
    complete: true,
    answer: true,
    unknown: [hash],
    lives: [{ ...life, ended: false, after: '', through: actor, entries: [{ actor, counter: 5, check: 1 }] }],
  },
  {
    kind: 'ranges',
    from: hash,
    ranges: [
      { end: hash, count: 4, sum: hash },
      { count: 1, sum: { high: 0, low: 0 }, items: [hash] },
    ],
  },
  { kind: 'want', life, ranges: [{ actor, from: 2, to: 9 }] },
  { kind: 'part', life, ended: false, transfer: hash, total: 1000, offset: 300, bytes },
  { kind: 'want-part', life, transfer: hash, offset: 600 },
  { kind: 'checksum', life, item: hash, state: hash, answer: true },
  { kind: 'ping', sequence: 4, target: 'c', news: [news] },
  { kind: 'pong', sequence: 4, target: '', news: [] },
  { kind: 'forks', forks: [{ life, proof: { actor, claims: [claim(3, 2), claim(5, 1)] } }] },
  { kind: 'presence', news: [{ node: 'b', sequence: 300, state: bytes.slice(0, 9) }] },
]

describe('golden messages', () => {
  const path = new URL('golden/messages.json', import.meta.url)
  // Plain ones: what deflating makes of them is zlib's affair.
  const written = Object.fromEntries(
    messages.map((message, i) => [
      `${i} ${message.kind}`,
      Buffer.from(new MessageCodec().encode(message)).toString('hex'),
    ]),
  )
  if (process.env.JOINERY_UPDATE_GOLDEN) {
    mkdirSync(new URL('golden', import.meta.url), { recursive: true })
    writeFileSync(path, `${JSON.stringify(written, undefined, 2)}\n`)
  }
  const golden = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>

  test('are written as ever', () => {
    expect(written).toEqual(golden)
  })

  test('are read as ever', () => {
    const read = Object.values(golden).map((hex) => new MessageCodec().decode(Uint8Array.from(Buffer.from(hex, 'hex'))))
    expect(read).toEqual(messages)
  })

  test('there is one of every kind', () => {
    expect(new Set(messages.map(({ kind }) => kind))).toEqual(new Set(Object.keys(kinds)))
  })
})

describe('messages', () => {
  test.each(messages.map((message) => [message.kind, message] as const))('%s comes back as it was', (_, message) => {
    expect(codec.decode(codec.encode(message))).toEqual(message)
    expect(new MessageCodec().decode(new MessageCodec().encode(message))).toEqual(message)
  })

  test('are deflated from 256 bytes on, and those that would not become smaller are not', () => {
    const long = codec.encode(messages[0] as Message)
    expect(long.length).toBeLessThan(100)
    expect(new MessageCodec().encode(messages[0] as Message).length).toBeGreaterThan(600)
    expect(codec.measured.plain).toBeGreaterThan(3 * codec.measured.deflated)
  })

  test('of another version are told apart from broken ones', () => {
    const encoded = codec.encode(messages[2] as Message)
    encoded[0] = 2
    expect(refusal(() => codec.decode(encoded))).toBe('REPLICATION_VERSION')
    expect(refusal(() => codec.decode(new Uint8Array(0)))).toBe('REPLICATION_MALFORMED')
  })

  test('above their limit are neither sent nor read', () => {
    const part = (size: number): Message => ({
      kind: 'part',
      life,
      ended: false,
      transfer: hash,
      total: size,
      offset: 0,
      bytes: new Uint8Array(size),
    })
    const plain = new MessageCodec()
    const overhead = plain.encode(part(100_000)).length - 100_000
    const largest = plain.encode(part(replicationLimits.messageBytesMax - overhead))
    expect(largest.length).toBe(replicationLimits.messageBytesMax)
    expect(plain.decode(largest).kind).toBe('part')
    expect(refusal(() => plain.encode(part(replicationLimits.messageBytesMax - overhead + 1)))).toBe(
      'REPLICATION_TOO_LARGE',
    )
    expect(refusal(() => plain.decode(new Uint8Array(replicationLimits.messageBytesMax + 1)))).toBe(
      'REPLICATION_TOO_LARGE',
    )
  })

  test('that would inflate to more than they say, or than is allowed, are refused', () => {
    const bomb = deflateRawSync(new Uint8Array(10_000_000))
    const claiming = (length: number): Uint8Array => {
      const head = [1, 0x81]
      for (let rest = length; ; rest = Math.floor(rest / 128)) {
        head.push(rest > 127 ? (rest % 128) + 128 : rest)
        if (rest < 128) break
      }
      return Uint8Array.from([...head, ...bomb])
    }
    expect(refusal(() => codec.decode(claiming(1000)))).toBe('REPLICATION_MALFORMED')
    expect(refusal(() => codec.decode(claiming(replicationLimits.inflatedBytesMax + 1)))).toBe('REPLICATION_MALFORMED')
    expect(refusal(() => new MessageCodec().decode(claiming(1000)))).toBe('REPLICATION_MALFORMED')
  })

  test('cut, or changed anywhere, are read or refused', () => {
    const random = seededRandom(7)
    for (const message of messages) {
      const encoded = new MessageCodec().encode(message)
      for (let length = 0; length < encoded.length; length += 1) attempt(encoded.subarray(0, length))
      for (let i = 0; i < 2000; i += 1) {
        const broken = encoded.slice()
        for (let left = 1 + random.below(3); left > 0; left -= 1)
          broken[random.below(broken.length)] = random.below(256)
        attempt(broken)
      }
    }
  })

  test('that announce more than they hold allocate nothing for it', () => {
    // A list of 2^40 confirmations in eight bytes.
    expect(refusal(() => codec.decode(Uint8Array.from([1, 2, 128, 128, 128, 128, 128, 32])))).toBe(
      'REPLICATION_MALFORMED',
    )
  })
})

function attempt(encoded: Uint8Array): void {
  try {
    codec.decode(encoded)
  } catch (error) {
    expect(error).toBeInstanceOf(ReplicationError)
  }
}

function refusal(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return (error as ReplicationError).code
  }
  return undefined
}
