/** Signed changes: what is not signed by its author is taken by nobody, and who signs two histories is found by everybody. */
import { Doc, openChange, orSet } from '@joinery/core'
import {
  decodeProof,
  forkedFrom,
  isProof,
  type LifeKey,
  MessageCodec,
  type Signing,
  sealOf,
} from '@joinery/sync/replication'
import { describe, expect, test } from 'vitest'
import { encodeTombstone } from '../../src/replication/documents/tombstone.ts'
import { encodeProof } from '../../src/replication/signing/fork-proof.ts'
import { life, Nodes, newActor } from './nodes.ts'
import { add, authorOf, push, Signers } from './signers.ts'

const codec = new MessageCodec()

function cluster(names: readonly string[], options = {}) {
  const signers = new Signers()
  // Of these everybody has a key, of others nobody.
  for (const name of [...names, 'm']) signers.of(name)
  const nodes = new Nodes(names, (name) => ({ signing: signers.of(name), ...options }))
  return { nodes, signing: signers.of('m'), signers }
}

function cut(nodes: Nodes, one: string, others: readonly string[]): void {
  for (const other of others) {
    nodes.network.cut(one, other)
    nodes.network.cut(other, one)
  }
}

/** Everybody has the same, as far as can be seen from outside. */
function expectEqual(nodes: Nodes, tags: readonly string[]): void {
  const engines = [...nodes.engines.entries()]
  expect(engines.map(([name]) => nodes.tags(name))).toEqual(engines.map(() => [...tags].sort()))
  expect(new Set(engines.map(([, engine]) => engine.status().digest)).size).toBe(1)
  const snapshots = engines.map(([, engine]) => Buffer.from(engine.document(life)?.snapshot() ?? []).toString('hex'))
  expect(new Set(snapshots).size).toBe(1)
}

/** What is on the store of a node. */
function stored(nodes: Nodes, node: string): Uint8Array[] {
  const writes = nodes.stores.get(node) ?? []
  const anew = writes.findLastIndex(({ kind }) => kind !== 'append')
  return writes.slice(Math.max(0, anew)).flatMap(({ parts }) => parts)
}

/** With another last byte, which is one of what was written. */
function altered(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[copy.length - 1] = (copy[copy.length - 1] as number) ^ 1
  return copy
}

/** Well-formed, and with another tag in it than `x`. */
function rotten(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[copy.lastIndexOf('x'.charCodeAt(0))] = 'z'.charCodeAt(0)
  return copy
}

const codes = (nodes: Nodes, node: string): string[] => nodes.outputs('peer-refused', node).map(({ code }) => code)

describe('signed changes', () => {
  test('come to everybody, and logs of them are not folded away', () => {
    const { nodes } = cluster(['a', 'b', 'c'], { limits: { foldBytesMin: 1 } })
    cut(nodes, 'c', ['a', 'b'])
    for (const tag of ['1', '2', '3']) nodes.edit('a', tag)
    nodes.run(3_000)
    nodes.edit('b', '4')
    nodes.run(3_000)
    nodes.network.heal()
    nodes.run(30_000)
    expectEqual(nodes, ['1', '2', '3', '4'])
    expect(nodes.stores.get('a')?.map(({ kind }) => kind)).not.toContain('replace')
    const signatures = stored(nodes, 'c').map((part) => openChange(part).header.signature?.length)
    expect(signatures).toEqual([96, 96, 96, 96])
    expect(nodes.outputs('peer-refused')).toEqual([])
  })

  test('are believed again after a start, and go on where they were', () => {
    const { nodes } = cluster(['a', 'b'])
    nodes.edit('a', 'x')
    nodes.run(3_000)
    nodes.restart('a', stored(nodes, 'a'))
    nodes.edit('a', 'y')
    nodes.run(5_000)
    expectEqual(nodes, ['x', 'y'])
    expect(nodes.outputs('peer-refused')).toEqual([])
  })

  const other: LifeKey = { document: 'other', incarnation: 'life' }
  const again: LifeKey = { document: 'd', incarnation: 'again' }
  const good = (signers: Signers, key = life) => add(authorOf(signers.of('m'), { key }), 'evil').changes

  test.each<[string, string, (signers: Signers) => readonly Uint8Array[], LifeKey?]>([
    ['without a signature', 'REPLICATION_UNSIGNED', () => add(authorOf(undefined), 'evil').changes],
    ['that were altered', 'REPLICATION_SIGNATURE', (signers) => good(signers).map(altered)],
    ['signed by another key', 'REPLICATION_SIGNATURE', (signers) => add(authorOf(signers.of('a')), 'evil').changes],
    ['of another document', 'REPLICATION_SIGNATURE', (signers) => good(signers), other],
    ['as a snapshot', 'REPLICATION_UNSIGNED', (signers) => [add(authorOf(signers.of('m')), 'evil').snapshot()]],
    [
      'of nobody who is known',
      'REPLICATION_SIGNER',
      (signers) => add(authorOf(signers.of('m'), { node: 'stranger' }), 'evil').changes,
    ],
    [
      'that are the first of their author, and name one before',
      'REPLICATION_SIGNATURE',
      (signers) => [chained(signers.of('m'), 'evil', new Uint8Array(32).fill(5))],
    ],
  ])('%s are refused as %s, and nothing else of that peer is', (_, code, changes, key = life) => {
    const { nodes, signers } = cluster(['a', 'b'])
    nodes.edit('a', 'x', key)
    nodes.run(3_000)
    push(nodes, 'b', changes(signers), key)
    nodes.run(3_000)
    expect(codes(nodes, 'b')).toEqual([code])
    expect(nodes.tags('b', key)).toEqual(['x'])
    push(nodes, 'b', add(authorOf(signers.of('m'), { key }), 'fine').changes, key)
    nodes.run(3_000)
    expect(nodes.tags('a', key)).toEqual(['fine', 'x'])
  })

  test('of another life of the same document are refused: that life is none of theirs', () => {
    const { nodes, signers } = cluster(['a'])
    nodes.edit('a', 'x', again)
    // The life is named inside of the change, so it is one of another document first of all.
    push(nodes, 'a', good(signers, again), life)
    push(nodes, 'a', good(signers), again)
    nodes.run(1_000)
    expect(codes(nodes, 'a').length).toBe(2)
    expect(nodes.tags('a', again)).toEqual(['x'])
  })

  test('end by what a node signed for this life, and by nothing else', () => {
    const { nodes, signers } = cluster(['a', 'b'])
    nodes.edit('a', 'x')
    nodes.edit('a', 'x', other)
    nodes.run(3_000)
    const { id } = authorOf(signers.of('m')).actor
    push(nodes, 'b', [encodeTombstone({ actor: id, timeMicros: 5 })], life, true)
    push(nodes, 'b', [encodeTombstone({ actor: id, timeMicros: 5, signature: new Uint8Array(64) })], life, true)
    nodes.end('a', other)
    nodes.run(3_000)
    push(nodes, 'b', stored(nodes, 'a').slice(-1), life, true)
    nodes.run(3_000)
    expect(codes(nodes, 'b')).toEqual(['REPLICATION_UNSIGNED', 'REPLICATION_SIGNATURE', 'REPLICATION_SIGNATURE'])
    expect(['a', 'b'].map((node) => nodes.engines.get(node)?.stateOf(other))).toEqual(['ended', 'ended'])
    expect(nodes.tags('b')).toEqual(['x'])
  })

  test('are not mixed with those of before: such a life is read, and neither written nor shared', () => {
    const { nodes } = cluster(['a', 'b'])
    nodes.restart('a', add(authorOf(undefined), 'old').changes)
    expect(nodes.outcome(nodes.edit('a', 'new'))).toBe('REPLICATION_UNSIGNED')
    nodes.run(10_000)
    expect([nodes.tags('a'), nodes.tags('b')]).toEqual([['old'], undefined])
    const digests = ['a', 'b'].map((name) => nodes.engines.get(name)?.status().digest)
    expect(digests[0]).toBe(digests[1])
    nodes.end('a')
    nodes.run(10_000)
    expect(nodes.engines.get('b')?.stateOf(life)).toBe('ended')
  })
})

/** Two changes, of which the second is the next one for whoever looks at chain checks, and says that it follows something else. */
function wrongDigest(signing: Signing): readonly [Uint8Array, Uint8Array] {
  const doc = new Doc({ actor: newActor('m'), incarnation: life.incarnation })
  return [chained(signing, '1', undefined, doc), chained(signing, '2', new Uint8Array(32).fill(5), doc)]
}

/** A change that says what it follows. */
function chained(
  signing: Signing,
  tag: string,
  head: Uint8Array | undefined,
  doc: Doc = new Doc({ actor: newActor('m'), incarnation: life.incarnation }),
): Uint8Array {
  doc.sealWith(sealOf(signing, life, () => head))
  return (doc.change(() => doc.field('tags', orSet<string>()).add(tag)) as Uint8Array).slice()
}

describe('an actor that signed two histories', () => {
  test('is found by everybody, ends at the fork, and others go on: also what followed one of the branches', () => {
    const { nodes, signing } = cluster(['a', 'b', 'c'])
    const one = add(authorOf(signing), 'before')
    for (const name of ['a', 'b', 'c']) push(nodes, name, one.changes)
    nodes.run(3_000)
    const two = add(one.copy(), 'right', 'right 2')
    add(one, 'left')
    cut(nodes, 'b', ['a', 'c'])
    push(nodes, 'a', one.changes)
    push(nodes, 'b', two.changes)
    nodes.run(3_000)
    expect([nodes.tags('a'), nodes.tags('b')]).toEqual([
      ['before', 'left'],
      ['before', 'right', 'right 2'],
    ])
    nodes.edit('a', 'after left')
    nodes.edit('b', 'after right')
    nodes.run(1_000)
    nodes.network.heal()
    nodes.run(20_000)
    expectEqual(nodes, ['after left', 'after right', 'before'])
    for (const name of ['a', 'b', 'c']) {
      const told = nodes.outputs('forked', name)
      expect(told.map(({ actor, life: where }) => [actor, where])).toEqual([[one.actor.id, life]])
      expect(forkedFrom(decodeProof(told[0]?.proof as Uint8Array) as never)).toBe(2)
      expect(nodes.engines.get(name)?.forks()).toEqual([{ life, actor: one.actor.id, from: 2 }])
    }
    // Nothing of either branch is taken any more, from nobody.
    push(nodes, 'c', add(two, 'later').changes)
    nodes.edit('c', 'end')
    nodes.run(5_000)
    expectEqual(nodes, ['after left', 'after right', 'before', 'end'])
  })

  test('is remembered after a start', () => {
    const { nodes, signing } = cluster(['a', 'b'])
    const one = add(authorOf(signing), 'before')
    const two = add(one.copy(), 'right')
    add(one, 'left')
    push(nodes, 'a', one.changes)
    push(nodes, 'a', two.changes)
    nodes.run(5_000)
    expectEqual(nodes, ['before'])
    expect(stored(nodes, 'a').filter(isProof)).toHaveLength(1)
    nodes.restart('a', stored(nodes, 'a'))
    expect(nodes.engines.get('a')?.forks()).toEqual([{ life, actor: one.actor.id, from: 2 }])
    nodes.run(5_000)
    push(nodes, 'a', add(two, 'more').changes)
    nodes.edit('a', 'x')
    nodes.run(5_000)
    expectEqual(nodes, ['before', 'x'])
  })

  test('with as many changes on each branch is found by comparing alone', () => {
    const { nodes, signing } = cluster(['a', 'b'])
    const one = add(authorOf(signing), '1', '2')
    const two = add(one.copy(), 'right')
    add(one, 'left')
    cut(nodes, 'a', ['b'])
    push(nodes, 'a', one.changes)
    push(nodes, 'b', two.changes)
    nodes.run(2_000)
    nodes.network.heal()
    nodes.run(20_000)
    expectEqual(nodes, ['1', '2'])
    expect(nodes.outputs('forked').length).toBe(2)
  })

  test('is found by what one branch says that it follows, also where that came first', () => {
    const { nodes, signing } = cluster(['a', 'b'])
    const one = add(authorOf(signing), 'before')
    const two = add(one.copy(), 'right', 'right 2')
    add(one, 'left')
    cut(nodes, 'a', ['b'])
    push(nodes, 'a', one.changes)
    push(nodes, 'a', two.changes.slice(2))
    push(nodes, 'b', one.changes.slice(0, 1))
    push(nodes, 'b', two.changes.slice(2))
    push(nodes, 'b', one.changes.slice(1))
    nodes.run(2_000)
    expect([nodes.tags('a'), nodes.tags('b')]).toEqual([['before'], ['before']])
    expect(nodes.outputs('peer-refused')).toEqual([])
    nodes.network.heal()
    nodes.run(10_000)
    expectEqual(nodes, ['before'])
  })

  test.each([
    ['in order', [0, 1]],
    ['the other way round', [1, 0]],
  ])('is found by its digests alone, where chain checks agree: %s', (_, order) => {
    const { nodes, signing } = cluster(['a'])
    const [first, second] = wrongDigest(signing)
    for (const i of order) push(nodes, 'a', [[first, second][i] as Uint8Array])
    nodes.edit('a', 'x')
    nodes.run(1_000)
    expect(nodes.tags('a')).toEqual(['x'])
    expect(
      nodes.engines
        .get('a')
        ?.forks()
        .map(({ from }) => from),
    ).toEqual([1])
  })

  test('is told of at once, and once', () => {
    const never = 600_000
    const limits = { antiEntropyMinMs: never, antiEntropyMaxMs: never, scrubMs: never }
    const { nodes, signing } = cluster(['a', 'b', 'c', 'd', 'e', 'f'], { limits })
    nodes.run(3_000)
    const one = add(authorOf(signing), 'before')
    const two = add(one.copy(), 'right')
    push(nodes, 'a', add(one, 'left').changes)
    nodes.run(2_000)
    push(nodes, 'b', two.changes)
    nodes.run(1_000)
    expectEqual(nodes, ['before'])
    const FORKS = 14
    const sent = nodes.sent.get(FORKS) ?? 0
    nodes.run(60_000)
    expect([nodes.sent.get(FORKS), nodes.outputs('forked').length]).toEqual([sent, 6])
  })

  test('ends before the lowest fork that there is a proof of', () => {
    const { nodes, signing } = cluster(['a', 'b', 'c'])
    const root = add(authorOf(signing), '1')
    const low = add(root.copy(), 'low', 'low 2')
    const high = add(root.copy(), '2', '3')
    const higher = add(high.copy(), 'other 4')
    add(high, '4')
    // One has both upper branches, the others one of the lower ones each.
    cut(nodes, 'c', ['a', 'b'])
    push(nodes, 'a', high.changes)
    push(nodes, 'a', higher.changes)
    push(nodes, 'c', low.changes)
    nodes.run(5_000)
    expect([nodes.tags('a'), nodes.tags('c')]).toEqual([
      ['1', '2', '3'],
      ['1', 'low', 'low 2'],
    ])
    nodes.edit('a', 'after 3')
    nodes.edit('c', 'after low')
    nodes.run(1_000)
    nodes.network.heal()
    nodes.run(20_000)
    expectEqual(nodes, ['1', 'after 3', 'after low'])
    expect(nodes.outputs('forked', 'a').length).toBeGreaterThan(1)
    expect(
      nodes.engines
        .get('b')
        ?.forks()
        .map(({ from }) => from),
    ).toEqual([2])
  })

  test('ends once what it wrote before is here, where the proof came first', () => {
    const { nodes, signing } = cluster(['a', 'b'])
    const one = add(authorOf(signing), '1', '2')
    const two = add(one.copy(), 'right')
    add(one, 'left')
    cut(nodes, 'a', ['b'])
    push(nodes, 'a', one.changes)
    push(nodes, 'a', two.changes)
    nodes.edit('a', 'x')
    nodes.edit('b', 'y')
    nodes.run(2_000)
    const [proof] = stored(nodes, 'a').filter(isProof).map(decodeProof)
    const bytes = codec.encode({ kind: 'forks', forks: [{ life, proof: proof as never }] })
    nodes.handle('b', { type: 'message', from: 'm', bytes })
    push(nodes, 'b', one.changes)
    nodes.run(2_000)
    expect(nodes.tags('b')).toEqual(['1', '2', 'y'])
    nodes.network.heal()
    nodes.run(20_000)
    expectEqual(nodes, ['1', '2', 'x', 'y'])
  })

  test('is this node itself: a copy of its disk wrote on, and it goes on under another actor', () => {
    const { nodes } = cluster(['a', 'b', 'c'])
    nodes.edit('a', 'before')
    nodes.run(3_000)
    const copy = stored(nodes, 'a')
    nodes.edit('a', 'first time')
    nodes.run(3_000)
    cut(nodes, 'a', ['b', 'c'])
    nodes.restart('a', copy)
    nodes.edit('a', 'second time')
    nodes.run(1_000)
    nodes.network.heal()
    nodes.run(20_000)
    expect(nodes.outputs('renewed', 'a')).toHaveLength(1)
    nodes.edit('a', 'from now on')
    nodes.run(10_000)
    expectEqual(nodes, ['before', 'from now on'])
  })
})

describe('a proof', () => {
  function send(nodes: Nodes, to: string, part: Uint8Array): void {
    const proof = decodeProof(part)
    if (proof === undefined) throw new Error('no proof')
    const bytes = codec.encode({ kind: 'forks', forks: [{ life, proof }] })
    nodes.handle(to, { type: 'message', from: 'm', bytes })
  }

  function proven() {
    const { nodes, signing, signers } = cluster(['a'])
    const one = add(authorOf(signing), '1')
    const two = add(one.copy(), 'right')
    push(nodes, 'a', add(one, 'left').changes)
    push(nodes, 'a', two.changes)
    nodes.run(1_000)
    return { part: stored(nodes, 'a').find(isProof) as Uint8Array, signers, changes: one.changes }
  }

  test('whose signatures are not those of its actor, or that proves nothing, is refused', () => {
    const { part, signers, changes } = proven()
    const nodes = new Nodes(['b'], (name) => ({ signing: signers.of(name) }))
    push(nodes, 'b', changes)
    nodes.run(1_000)
    const altered = part.slice()
    altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1
    send(nodes, 'b', altered)
    const proof = decodeProof(part)
    const [claim] = proof?.claims ?? []
    send(nodes, 'b', encodeProof({ ...proof, claims: [claim, claim] } as never))
    nodes.run(1_000)
    expect(codes(nodes, 'b')).toEqual(['REPLICATION_SIGNATURE', 'REPLICATION_MALFORMED'])
    expect(nodes.engines.get('b')?.forks()).toEqual([])
    send(nodes, 'b', part)
    nodes.run(1_000)
    expect(nodes.tags('b')).toEqual(['1'])
  })

  test('cut, or changed anywhere, is read or refused', () => {
    const { part } = proven()
    expect(encodeProof(decodeProof(part) as never)).toEqual(part)
    for (let length = 0; length < part.length; length += 1) expect(decodeProof(part.slice(0, length))).toBeUndefined()
    for (let at = 0; at < part.length; at += 1) {
      const broken = part.slice()
      broken[at] = (broken[at] as number) ^ 0xff
      decodeProof(broken)
    }
  })
})

describe('a signed document whose store gives back something else', () => {
  test('accuses nobody: it is got anew', () => {
    const { nodes } = cluster(['a', 'b', 'c'])
    nodes.edit('b', 'x')
    nodes.run(5_000)
    nodes.restart('a', stored(nodes, 'a').map(rotten))
    nodes.run(20_000)
    nodes.edit('a', 'y')
    nodes.run(5_000)
    expectEqual(nodes, ['x', 'y'])
    expect(nodes.outputs('forked')).toEqual([])
    expect(nodes.outputs('repaired', 'a')).toHaveLength(1)
  })
})

describe('where most peers say that a signed document is another', () => {
  /** Three that say the same of what one has: they are the majority. */
  function outvoted() {
    const { nodes } = cluster(['a', 'b', 'c', 'd'])
    nodes.edit('a', 'x')
    nodes.run(5_000)
    cut(nodes, 'a', ['b', 'c', 'd'])
    const before = nodes.outputs('load', 'a').length
    for (const from of ['b', 'c', 'd']) {
      const state = { high: 1, low: 2 }
      const message = { kind: 'checksum', life, item: itemOf(nodes, 'a'), state, answer: false } as const
      nodes.handle('a', { type: 'message', from, bytes: codec.encode(message) })
    }
    nodes.run(4_000)
    expect(nodes.outputs('load', 'a').length).toBe(before + 1)
    return nodes
  }

  test('it reads its own again, and its signatures decide', () => {
    const nodes = outvoted()
    const writes = nodes.stores.get('a')?.length
    nodes.handle('a', { type: 'loaded', life, parts: stored(nodes, 'a') })
    nodes.edit('a', 'y')
    nodes.network.heal()
    nodes.run(5_000)
    expectEqual(nodes, ['x', 'y'])
    expect(
      nodes.stores
        .get('a')
        ?.slice(writes)
        .map(({ kind }) => kind),
    ).toEqual(['append'])
  })

  test('it gets it anew where they are not those of their authors', () => {
    const nodes = outvoted()
    const [part] = stored(nodes, 'a')
    nodes.handle('a', { type: 'loaded', life, parts: [rotten(part as Uint8Array)] })
    expect(nodes.outcome(nodes.edit('a', 'lost?'))).toBe('REPLICATION_DAMAGED')
    nodes.network.heal()
    nodes.run(10_000)
    nodes.edit('a', 'y')
    nodes.run(5_000)
    expectEqual(nodes, ['x', 'y'])
    expect(nodes.outputs('repaired', 'a')).toHaveLength(1)
  })
})

/** What stands for the life in what a node sends about it. */
function itemOf(nodes: Nodes, node: string): { high: number; low: number } {
  // There is one life, so the root is its item.
  const digest = nodes.engines.get(node)?.status().digest ?? ''
  return { high: Number.parseInt(digest.slice(0, 8), 16), low: Number.parseInt(digest.slice(8), 16) }
}
