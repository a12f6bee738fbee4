import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ActorTable } from '../../src/causality/actor.ts'
import {
  type ActorId,
  actorId,
  compareActorIds,
  limits,
  parseActorId,
  replicaId,
  replicaOf,
  VersionVector,
} from '../../src/index.ts'
import { newActor } from '../../src/system.ts'
import { refusal } from '../fuzz/harness.ts'

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
const epoch = fc.uint8Array({ minLength: 12, maxLength: 12 })
const actor = fc.tuple(name, epoch).map(([replica, bytes]) => actorId(replicaId(replica), bytes))

function codeOf(make: () => unknown): string | undefined {
  return refusal(make)?.code
}

describe('actor ids', () => {
  it('are a replica id and 96 bits', () => {
    fc.assert(
      fc.property(name, epoch, epoch, (replica, a, b) => {
        const id = actorId(replicaId(replica), a)
        expect(parseActorId(id)).toBe(id)
        expect(replicaOf(id)).toBe(replica)
        const other = actorId(replicaId(replica), b)
        // Epochs compare as the numbers they are.
        expect(Math.sign(compareActorIds(id, other))).toBe(Buffer.compare(a, b))
        expect(id === other).toBe(Buffer.compare(a, b) === 0)
      }),
    )
  })

  it('compare by the bytes of the replica id first', () => {
    fc.assert(
      fc.property(actor, actor, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(replicaOf(a)), Buffer.from(replicaOf(b)))
        if (bytes !== 0) expect(Math.sign(compareActorIds(a, b))).toBe(bytes)
        expect(Math.sign(compareActorIds(b, a))).toBe(-Math.sign(compareActorIds(a, b)) + 0)
      }),
    )
  })

  it('a name may hold the mark itself', () => {
    const id = actorId(replicaId('a~b~'), new Uint8Array(12))
    expect(replicaOf(parseActorId(id))).toBe('a~b~')
  })

  it('refuses names that are empty, too long by one byte, or malformed', () => {
    expect(codeOf(() => replicaId('x'.repeat(limits.replicaIdBytesMax)))).toBeUndefined()
    expect(codeOf(() => replicaId('ä'.repeat(limits.replicaIdBytesMax / 2)))).toBeUndefined()
    for (const bad of ['', 'x'.repeat(129), `${'ä'.repeat(64)}x`, '\ud800', 7 as unknown as string]) {
      expect(codeOf(() => replicaId(bad))).toBe('CORE_ID_INVALID')
    }
    expect(codeOf(() => actorId(replicaId('a'), new Uint8Array(11)))).toBe('CORE_ID_INVALID')
  })

  it('refuses what is not an actor id', () => {
    const good = actorId(replicaId('a'), new Uint8Array(12))
    for (const bad of [
      '',
      '~',
      good.slice(1),
      good.slice(0, -1),
      `${good.slice(0, -1)}!`,
      good.replace('~', '-'),
      'a~',
    ]) {
      expect(codeOf(() => parseActorId(bad))).toBe('CORE_ID_INVALID')
    }
  })

  it('are new each time', () => {
    const made = Array.from({ length: 100 }, () => newActor('node1').id)
    expect(new Set(made).size).toBe(100)
    for (const id of made) expect(replicaOf(parseActorId(id))).toBe('node1')
  })
})

describe('actor table', () => {
  const ids = Array.from({ length: 20 }, (_, i) => actorId(replicaId(`r${i}`), new Uint8Array(12).fill(i)))

  it('numbers actors in order of appearance, once each', () => {
    const table = new ActorTable()
    expect(ids.map((id) => table.intern(id))).toEqual(ids.map((_, i) => i))
    expect(ids.map((id) => table.intern(id))).toEqual(ids.map((_, i) => i))
    expect(ids.map((id) => table.find(id))).toEqual(ids.map((_, i) => i))
    expect(table.compare(3, 7)).toBe(compareActorIds(ids[3]!, ids[7]!))
  })

  it('forgets the youngest on request', () => {
    const table = new ActorTable()
    for (const id of ids) table.intern(id)
    table.truncate(5)
    expect(table.find(ids[5]!)).toBeUndefined()
    expect(table.intern(ids[9]!)).toBe(5)
    expect(table.ids.length).toBe(6)
  })
})

describe('version vector', () => {
  const names = ['a', 'b', 'c'].map((text) => actorId(replicaId(text), new Uint8Array(12)))
  const vector = fc
    .array(fc.nat(3), { minLength: 3, maxLength: 3 })
    .map((counters) => new VersionVector(counters.map((counter, i) => [names[i] as ActorId, counter])))
  const opposite = { equal: 'equal', before: 'after', after: 'before', concurrent: 'concurrent' } as const

  it('compares as the order of sets of dots', () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const within = (x: VersionVector, y: VersionVector): boolean => names.every((id) => x.get(id) <= y.get(id))
        const order = a.compare(b)
        expect(order === 'equal' || order === 'before').toBe(within(a, b))
        expect(order === 'equal' || order === 'after').toBe(within(b, a))
        expect(b.compare(a)).toBe(opposite[order])
        expect(a.compare(a)).toBe('equal')
      }),
      { numRuns: 500 },
    )
  })

  it('join is the least upper bound', () => {
    fc.assert(
      fc.property(vector, vector, vector, (a, b, c) => {
        const joined = a.join(b)
        for (const each of [a, b]) expect(['equal', 'before']).toContain(each.compare(joined))
        const above = ['equal', 'before'].includes(a.compare(c)) && ['equal', 'before'].includes(b.compare(c))
        if (above) expect(['equal', 'before']).toContain(joined.compare(c))
        expect(joined.toJSON()).toEqual(b.join(a).toJSON())
      }),
      { numRuns: 500 },
    )
  })

  it('has one form: ascending, nothing at 0, and tells dots from it', () => {
    const all = new VersionVector([
      [names[2]!, 3],
      [names[0]!, 0],
      [names[1]!, 1],
    ])
    expect([...all.entries()]).toEqual([
      [names[1], 1],
      [names[2], 3],
    ])
    expect(all.size).toBe(2)
    expect(all.contains({ actor: names[2]!, counter: 3 })).toBe(true)
    expect(all.contains({ actor: names[2]!, counter: 4 })).toBe(false)
    expect(all.contains({ actor: names[0]!, counter: 1 })).toBe(false)
  })
})
