/** The engine of a node, a few of them at a time. What random histories show is the simulator's affair. */
import { Doc, readChange } from '@joinery/core'
import { MessageCodec, replicationLimits } from '@joinery/sync/replication'
import { seededRandom } from '@joinery/testing'
import { describe, expect, test } from 'vitest'
import { compression, life, Nodes } from './nodes.ts'
import { add, authorOf, push } from './signers.ts'

/** Number of the message that asks for more of a sketch. */
const MORE = 5

describe('a local write', () => {
  test('is acknowledged when it is durable, and told of only then', () => {
    const nodes = new Nodes(['a', 'b'])
    nodes.run(5_000)
    nodes.failing.add('a')
    const ticket = nodes.edit('a', 'x')
    nodes.run(3_000)
    expect(nodes.outcome(ticket)).toBeUndefined()
    expect(nodes.tags('b')).toBeUndefined()
    nodes.failing.delete('a')
    nodes.run(2_000)
    expect(nodes.outcome(ticket)).toBe('admitted')
    expect(nodes.tags('b')).toEqual(['x'])
    expect(nodes.outputs('replicated').map(({ by, counter }) => [by, counter])).toEqual([['b', 1]])
  })

  test('that changes nothing is acknowledged at once, and one that throws is refused with what it threw', () => {
    const nodes = new Nodes(['a'])
    expect(nodes.outcome(nodes.write('a', () => undefined))).toBe('admitted')
    const ticket = nodes.write('a', () => {
      throw Object.assign(new Error('mine'), { code: 'MINE' })
    })
    expect(nodes.outcome(ticket)).toBe('MINE')
  })

  test('waits for somebody who confirms it, for as long as it takes', () => {
    const nodes = new Nodes(['a'])
    nodes.edit('a', 'x')
    nodes.run(100_000)
    expect(nodes.engines.get('a')?.status().pushes).toBe(1)
    nodes.open('b')
    nodes.handle('a', { type: 'peer', node: 'b', region: 'r', address: 'b' })
    nodes.run(20_000)
    expect(nodes.tags('b')).toEqual(['x'])
    expect(nodes.engines.get('a')?.status().pushes).toBe(0)
  })

  test('is refused where there is no room for more documents, or for more that is not stored', () => {
    const nodes = new Nodes(['a'], { limits: { livesMax: 2, unstoredBytesMax: 300 } })
    const of = (document: string) => nodes.edit('a', 'x', { document, incarnation: 'life' })
    const [first, second, third] = [of('1'), of('2'), of('3')]
    nodes.run(100)
    expect([first, second, third].map((ticket) => nodes.outcome(ticket))).toEqual([
      'admitted',
      'admitted',
      'REPLICATION_FULL',
    ])
    nodes.failing.add('a')
    const tickets = Array.from({ length: 9 }, () => of('1'))
    nodes.run(100)
    expect(tickets.map((ticket) => nodes.outcome(ticket))).toContain('REPLICATION_BUSY')
  })
})

describe('a life that has ended', () => {
  test('ends everywhere, takes nothing more, and stays ended for who was away', () => {
    const nodes = new Nodes(['a', 'b', 'c'])
    nodes.edit('a', 'x')
    nodes.run(5_000)
    for (const other of ['a', 'b']) {
      nodes.network.cut('c', other)
      nodes.network.cut(other, 'c')
    }
    nodes.edit('c', 'late')
    expect(nodes.end('a')).toBeGreaterThan(0)
    nodes.end('b')
    nodes.run(60_000)
    expect(nodes.outcome(nodes.edit('b', 'y'))).toBe('REPLICATION_ENDED')
    nodes.network.heal()
    nodes.run(60_000)
    const engines = [...nodes.engines.values()]
    expect(engines.map((engine) => engine.stateOf(life))).toEqual(['ended', 'ended', 'ended'])
    expect(new Set(engines.map((engine) => engine.status().digest)).size).toBe(1)
    expect(nodes.stores.get('c')?.at(-1)?.kind).toBe('end')
  })
})

describe('a snapshot that somebody lacks', () => {
  test('leaves between own writes, however many come', () => {
    const nodes = new Nodes(['a', 'b'], { limits: { foldBytesMin: 1 } })
    nodes.network.cut('a', 'b')
    nodes.network.cut('b', 'a')
    for (const tag of ['1', '2', '3']) nodes.edit('a', tag)
    nodes.run(2_000)
    // Loaded from a snapshot it has no changes to send.
    nodes.restart('a', nodes.stores.get('a')?.at(-1)?.parts ?? [])
    nodes.network.heal()
    let tickets: number[] = []
    for (let ms = 0; ms < 10_000; ms += 2) {
      tickets = [nodes.edit('a', `${ms}`), ...tickets.slice(0, 9)]
      nodes.run(2)
    }
    expect(nodes.tags('b')).toEqual(expect.arrayContaining(['1', '2', '3', '0', '5000']))
    nodes.run(100)
    expect(tickets.map((ticket) => nodes.outcome(ticket))).toEqual(tickets.map(() => 'admitted'))
  })
})

describe('changes that come before what they follow', () => {
  const key = (i: number) => ({ document: `d${i}`, incarnation: 'life' })
  const written = (i: number) => add(authorOf(undefined, { key: key(i) }), 'first', 'second').changes

  test('are kept up to a bound over all documents, and taken when there is room', () => {
    const nodes = new Nodes(['a'], { limits: { earlyBytesMax: 300 } })
    const all = Array.from({ length: 10 }, (_, i) => written(i))
    const size = all[0]?.[1]?.length ?? 0
    for (const [i, changes] of all.entries()) push(nodes, 'a', changes.slice(1), key(i))
    expect(nodes.engines.get('a')?.status().early).toBe(Math.floor(300 / size))
    const refused = nodes.outputs('peer-refused').map(({ code }) => code)
    expect(refused).toEqual(new Array(10 - Math.floor(300 / size)).fill('REPLICATION_BUSY'))
    // What follows what is here needs no room.
    for (const [i, changes] of all.entries()) push(nodes, 'a', changes, key(i))
    nodes.run(1_000)
    for (const i of all.keys()) expect(nodes.tags('a', key(i))).toEqual(['first', 'second'])
    expect(nodes.engines.get('a')?.status().early).toBe(0)
  })

  test('are asked for more and more rarely, dropped when nobody has what they follow, and taken when somebody does', () => {
    const nodes = new Nodes(['a', 'b'])
    nodes.edit('a', 'x', key(1))
    nodes.run(3_000)
    for (const i of [0, 1]) push(nodes, 'a', written(i).slice(1), key(i))
    nodes.run(300_000)
    const WANT = 13
    const sent = nodes.sent.get(WANT) ?? 0
    expect(sent).toBeGreaterThan(0)
    expect(sent).toBeLessThan(4_000)
    expect(nodes.engines.get('a')?.status().early).toBe(0)
    expect(nodes.engines.get('a')?.stateOf(key(0))).toBe('absent')
    nodes.run(300_000)
    expect(nodes.sent.get(WANT)).toBe(sent)
    push(nodes, 'a', written(0), key(0))
    nodes.run(3_000)
    expect([nodes.tags('a', key(0)), nodes.tags('b', key(0))]).toEqual([
      ['first', 'second'],
      ['first', 'second'],
    ])
    expect(nodes.tags('b', key(1))).toEqual(['x'])
  })
})

describe('what is too large for a message', () => {
  test.each([0, 0.2])('travels in pieces, with %f of the messages lost', (loss) => {
    const nodes = new Nodes(['a', 'b'])
    nodes.run(3_000)
    nodes.network.faults.loss = loss
    const text = Array.from({ length: 900_000 }, (_, i) => String.fromCharCode(97 + ((i * i) % 23))).join('')
    nodes.write('a', (document) =>
      document.change((root) => (root as { body: { set(text: string): void } }).body.set(text)),
    )
    nodes.run(60_000)
    expect((nodes.engines.get('b')?.document(life)?.toJSON() as { body: string } | undefined)?.body.length).toBe(
      900_000,
    )
  })
})

describe('many documents that are too large for a message', () => {
  test('all come to a node that begins with nothing, though repair has little room', () => {
    const documents = 24
    const limits = { transfersBytesMax: 1_200_000, repairBytesPerSecondMax: 1_000_000, repairBurstBytesMax: 1_500_000 }
    const nodes = new Nodes(['a', 'b'], { limits })
    nodes.network.cut('a', 'b')
    nodes.network.cut('b', 'a')
    // Nothing that deflates well.
    const random = seededRandom(5)
    const text = Array.from({ length: 400_000 }, () => String.fromCharCode(33 + random.below(94))).join('')
    const keys = Array.from({ length: documents }, (_, i) => ({ document: `d${i}`, incarnation: 'life' }))
    for (const key of keys) {
      nodes.write(
        'a',
        (doc) => doc.change((root) => (root as { body: { set(text: string): void } }).body.set(text)),
        key,
      )
    }
    nodes.run(10_000)
    nodes.network.heal()
    nodes.run(60_000)
    const got = keys.filter((key) => nodes.engines.get('b')?.stateOf(key) === 'alive')
    expect(got).toEqual(keys)
  })
})

describe('a store that is damaged', () => {
  test('gets its life anew from peers, as another actor, and replaces what it had', () => {
    const nodes = new Nodes(['a', 'b', 'c'])
    nodes.edit('a', 'x')
    nodes.run(5_000)
    nodes.handle('a', { type: 'damaged', life })
    expect(nodes.outcome(nodes.edit('a', 'lost?'))).toBe('REPLICATION_DAMAGED')
    nodes.run(20_000)
    expect(nodes.tags('a')).toEqual(['x'])
    expect(nodes.outputs('repaired', 'a')).toHaveLength(1)
    expect(nodes.stores.get('a')?.at(-1)?.kind).toBe('replace')
    nodes.edit('a', 'y')
    nodes.run(5_000)
    expect(nodes.tags('c')).toEqual(['x', 'y'])
    const writers = nodes.stores.get('c')?.flatMap(({ parts }) => parts.map((part) => readChange(part).header.actor))
    expect(new Set(writers).size).toBe(2)
  })
})

describe('a store that was put back from an old copy, unnoticed', () => {
  test('goes on under another actor as soon as others tell what it had written, and has that again', () => {
    const nodes = new Nodes(['a', 'b'])
    nodes.edit('a', 'old')
    nodes.run(5_000)
    const copy = nodes.stores.get('a')?.flatMap(({ parts }) => parts) ?? []
    nodes.edit('a', 'since')
    nodes.run(5_000)
    nodes.restart('a', copy)
    nodes.run(30_000)
    expect(nodes.outputs('renewed', 'a')).toHaveLength(1)
    expect(nodes.tags('a')).toEqual(['old', 'since'])
    nodes.edit('a', 'new')
    nodes.run(5_000)
    expect(nodes.tags('b')).toEqual(['new', 'old', 'since'])
    expect(nodes.outputs('forked')).toEqual([])
  })

  test('writes nothing more under that actor, to no document that is open', () => {
    const nodes = new Nodes(['a', 'b'])
    const others = ['e', 'f'].map((document) => ({ document, incarnation: 'life' }))
    nodes.edit('a', 'old')
    nodes.run(5_000)
    const copy = nodes.stores.get('a')?.flatMap(({ parts }) => parts) ?? []
    nodes.edit('a', 'since')
    nodes.run(5_000)
    nodes.network.cut('b', 'a')
    nodes.restart('a', copy)
    for (const other of others) nodes.edit('a', 'mine', other)
    nodes.run(5_000)
    const actorsOf = () => [life, ...others].map((key) => nodes.engines.get('a')?.document(key)?.actor.id)
    const before = actorsOf()
    nodes.network.heal()
    nodes.run(30_000)
    expect(nodes.outputs('renewed', 'a')).toHaveLength(1)
    for (const [i, actor] of actorsOf().entries()) expect(actor).not.toBe(before[i])
    for (const other of others) nodes.edit('a', 'more', other)
    nodes.run(5_000)
    expect(others.map((other) => nodes.tags('b', other))).toEqual(others.map(() => ['mine', 'more']))
  })
})

describe('what has silently gone wrong in memory', () => {
  /** Changes an element behind the engine's back, in the bytes of the stored change and nowhere else. */
  function corrupted(names: readonly string[]) {
    const nodes = new Nodes(names)
    nodes.edit('a', 'x')
    nodes.run(10_000)
    const document = nodes.engines.get('b')?.document(life)
    if (!(document instanceof Doc)) throw new Error('not there')
    Object.defineProperty(document, 'snapshot', { value: () => new Uint8Array([1, 2, 3]) })
    nodes.run(300_000)
    return nodes
  }

  test('is outvoted by those who have the same version, and fetched anew', () => {
    const nodes = corrupted(['a', 'b', 'c', 'd'])
    expect(nodes.outputs('repaired').length).toBe(1)
    expect(nodes.outputs('repaired', 'b').length).toBe(1)
    expect(nodes.tags('b')).toEqual(['x'])
  })

  test('is only told of where nobody can decide', () => {
    const nodes = corrupted(['a', 'b'])
    expect(nodes.outputs('repaired')).toEqual([])
    expect(nodes.outputs('diverged').length).toBeGreaterThan(0)
  })
})

describe('a peer that sends what cannot be taken', () => {
  test('is told of, and changes nothing', () => {
    const nodes = new Nodes(['a', 'b'])
    nodes.edit('a', 'x')
    nodes.run(3_000)
    const before = nodes.engines.get('a')?.status().digest
    const codec = new MessageCodec(compression)
    const changes = (parts: readonly Uint8Array[], ended = false) =>
      codec.encode({
        kind: 'changes',
        push: 1,
        hops: 0,
        cause: 'live',
        told: [],
        foreign: false,
        more: false,
        lives: [{ ...life, ended, parts }],
      })
    const sent = [
      new Uint8Array([9, 9, 9]),
      new Uint8Array([1, 99]),
      new Uint8Array(replicationLimits.messageBytesMax + 1).fill(1),
      changes([new Uint8Array([0x13, 0, 1, 2])]),
      changes([new Uint8Array([0x14, 0, 1, 2])]),
      changes([new Uint8Array([0x77])]),
      changes([new Uint8Array([0x1e, 255])], true),
    ]
    for (const bytes of sent) nodes.handle('a', { type: 'message', from: 'b', bytes })
    expect(nodes.outputs('peer-refused', 'a').map(({ code }) => code)).toEqual([
      'REPLICATION_VERSION',
      'REPLICATION_MALFORMED',
      'REPLICATION_TOO_LARGE',
      'CORE_DECODE_TRUNCATED',
      'CORE_DECODE_TRUNCATED',
      'CORE_DECODE_INVALID',
      'REPLICATION_MALFORMED',
    ])
    expect(nodes.engines.get('a')?.status().digest).toBe(before)
    expect(nodes.tags('a')).toEqual(['x'])
  })
})

describe('membership', () => {
  test('finds who is gone, and who came back', () => {
    const nodes = new Nodes(['a', 'b', 'c', 'd'])
    nodes.run(5_000)
    const gone = nodes.engines.get('d') as typeof nodes.engines extends Map<string, infer E> ? E : never
    nodes.engines.delete('d')
    nodes.run(60_000)
    const states = (name: string) =>
      Object.fromEntries(
        nodes.engines
          .get(name)
          ?.members()
          .map(({ node, state }) => [node, state]) ?? [],
      )
    expect(states('a').d).toBe('dead')
    expect(states('b').d).toBe('dead')
    nodes.engines.set('d', gone)
    nodes.handle('d', { type: 'wake' })
    nodes.run(60_000)
    expect(states('a').d).toBe('alive')
    expect(states('d').a).toBe('alive')
  })

  test('tells where somebody is found now who never seemed gone', () => {
    const nodes = new Nodes(['a', 'b', 'c'], { address: 'before' })
    nodes.run(10_000)
    nodes.told.length = 0
    nodes.open('c', { address: 'after' })
    for (const node of ['a', 'b']) nodes.handle('c', { type: 'peer', node, region: 'r', address: 'before' })
    nodes.run(10_000)
    for (const name of ['a', 'b']) {
      const found = nodes.engines
        .get(name)
        ?.members()
        .find(({ node }) => node === 'c')
      expect(found).toMatchObject({ address: 'after', state: 'alive' })
      expect(nodes.outputs('member', name)).toContainEqual({
        type: 'member',
        node: 'c',
        state: 'alive',
        address: 'after',
      })
    }
  })

  test('does not look for who has left', () => {
    const nodes = new Nodes(['a', 'b', 'c'])
    nodes.run(5_000)
    nodes.handle('c', { type: 'leave' })
    nodes.run(5_000)
    expect(
      nodes.engines
        .get('a')
        ?.members()
        .find(({ node }) => node === 'c')?.state,
    ).toBe('left')
  })
})

describe('names as long as they may be', () => {
  test('of many documents at once are told in several messages', () => {
    // What is pushed is forgotten, so that it is found by comparing.
    const nodes = new Nodes(['a', 'b'], { limits: { pushesMax: 1 } })
    const random = seededRandom(7)
    const name = () => Array.from({ length: 500 }, () => String.fromCharCode(33 + random.below(90))).join('')
    nodes.network.cut('a', 'b')
    nodes.network.cut('b', 'a')
    for (let i = 0; i < 700; i += 1) nodes.edit('a', 'x', { document: name(), incarnation: 'life' })
    nodes.run(10_000)
    nodes.network.heal()
    nodes.run(120_000)
    const [a, b] = [...nodes.engines.values()].map((engine) => engine.status())
    expect([b?.lives, b?.digest]).toEqual([700, a?.digest])
  })
})

describe('a difference whose reading was broken off', () => {
  test.each([1, 2, 3])('after %i questions is read again from the beginning', (questions) => {
    // What is pushed is forgotten, so that it is found by comparing.
    const nodes = new Nodes(['a', 'b'], { limits: { pushesMax: 1 } })
    const parted = () => {
      nodes.network.cut('a', 'b')
      nodes.network.cut('b', 'a')
    }
    parted()
    for (let i = 0; i < 300; i += 1) nodes.edit('a', 'x', { document: `document ${i}`, incarnation: 'life' })
    nodes.run(20_000)
    nodes.network.heal()
    let asked = 0
    for (let before = 0, i = 0; asked < questions && i < 60_000; i += 1) {
      nodes.run(1)
      const bytes = nodes.sent.get(MORE) ?? 0
      if (bytes > before) asked += 1
      before = bytes
    }
    expect(asked).toBe(questions)
    parted()
    nodes.run(5_000)
    nodes.network.heal()
    nodes.run(60_000)
    const digests = [...nodes.engines.values()].map((engine) => engine.status().digest)
    expect(new Set(digests).size).toBe(1)
  })
})

describe('a difference that takes longer to read than a round lasts', () => {
  test('is read on, round after round', () => {
    const nodes = new Nodes(['a', 'b'], { limits: { pushesMax: 1 } })
    nodes.network.cut('a', 'b')
    nodes.network.cut('b', 'a')
    for (let i = 0; i < 3_000; i += 1) nodes.edit('a', 'x', { document: `document ${i}`, incarnation: 'life' })
    nodes.run(10_000)
    Object.assign(nodes.network.faults.delayMs, { min: 280, max: 300 })
    nodes.network.heal()
    nodes.run(90_000)
    const digests = [...nodes.engines.values()].map((engine) => engine.status().digest)
    expect(new Set(digests).size).toBe(1)
  })
})

describe('a member that left', () => {
  test('is a member again when it comes back under its name', () => {
    const nodes = new Nodes(['a', 'b', 'c'])
    nodes.run(10_000)
    nodes.handle('c', { type: 'leave' })
    nodes.engines.delete('c')
    nodes.run(30_000)
    nodes.restart('c', [])
    nodes.run(30_000)
    for (const node of ['a', 'b']) {
      const news = nodes.engines
        .get(node)
        ?.members()
        .find((member) => member.node === 'c')
      expect({ node, state: news?.state }).toEqual({ node, state: 'alive' })
    }
  })
})
