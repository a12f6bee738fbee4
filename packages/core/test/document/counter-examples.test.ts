/** Small histories that each made a rule necessary: documents. */
import {
  boundedCounter,
  type CoreError,
  Doc,
  defineSchema,
  type FieldSpecs,
  gCounter,
  gSet,
  list,
  lww,
  mvRegister,
  type OrMap,
  orMap,
  orSet,
  pnCounter,
  type Schema,
  struct,
  text,
  twoPhaseSet,
} from '@joinery/core'
import { testActor } from '@joinery/testing'
import { describe, expect, test } from 'vitest'

const refused = (code: CoreError['code']) => expect.objectContaining({ code })

/** Replicas `a`, `b`, … of one document. */
function replicas<S extends FieldSpecs>(count: number, schema: Schema<S>): Doc<S>[] {
  return Array.from(
    { length: count },
    (_, i) => new Doc({ schema, incarnation: 'life', actor: testActor(String.fromCharCode(97 + i)) }),
  )
}

function sync(from: Doc<never>, to: Doc<never>): void {
  to.apply(from.changesSince(to.version()) ?? from.snapshot())
}

/** Everyone gets everything, by bundles and by snapshots; all must end equal. */
function converge<S extends FieldSpecs>(docs: readonly Doc<S>[]): void {
  for (const from of docs) for (const to of docs) sync(from as Doc<never>, to as Doc<never>)
  for (const from of docs) for (const to of docs) to.apply(from.snapshot())
  for (const doc of docs) {
    expect(doc.snapshot()).toEqual(docs[0]?.snapshot())
    expect(doc.versionHash()).toBe(docs[0]?.versionHash())
    expect(doc.toJSON()).toEqual(docs[0]?.toJSON())
  }
}

describe('below a removable key', () => {
  test('the write that lost by time is kept: its winner may be removed', () => {
    const [a, b, c] = replicas(3, defineSchema({ map: orMap(lww<string>()) })) as [Doc, Doc, Doc]
    const map = (doc: Doc) => doc.root.map as OrMap<{ set(value: string): void }>
    const loser = a.change(() => map(a).open('k').set('loser'), { timeMicros: 10 }) as Uint8Array
    const winner = b.change(() => map(b).open('k').set('winner'), { timeMicros: 20 }) as Uint8Array
    c.apply(winner)
    const removal = c.change(() => map(c).remove('k')) as Uint8Array
    // One replica drops the loser in favour of a winner that is then removed; the other never sees them side by side.
    a.apply(winner)
    a.apply(removal)
    c.apply(loser)
    expect([a.toJSON(), c.toJSON()]).toEqual([{ map: { k: 'loser' } }, { map: { k: 'loser' } }])
    expect(a.snapshot()).toEqual(c.snapshot())
  })

  test('a removal takes away the increments it had seen, and no other', () => {
    const [a, b] = replicas(2, defineSchema({ map: orMap(pnCounter()) }))
    a!.change(({ map }) => map.open('k').increment(5))
    sync(a as never, b as never)
    b!.change(({ map }) => map.open('k').increment(2))
    a!.change(({ map }) => map.remove('k'))
    converge([a!, b!])
    expect(a!.toJSON()).toEqual({ map: { k: 2 } })
    b!.change(({ map }) => map.remove('k'))
    b!.change(({ map }) => map.open('k').decrement(1))
    converge([a!, b!])
    expect(a!.toJSON()).toEqual({ map: { k: -1 } })
  })

  test('two removals that saw different sums take away the larger once', () => {
    const [a, b, c] = replicas(3, defineSchema({ map: orMap(gCounter()) }))
    a!.change(({ map }) => map.open('k').increment(1))
    sync(a as never, b as never)
    a!.change(({ map }) => map.open('k').increment(2))
    sync(a as never, c as never)
    b!.change(({ map }) => map.remove('k'))
    c!.change(({ map }) => map.remove('k'))
    a!.change(({ map }) => map.open('k').increment(4))
    converge([a!, b!, c!])
    expect(a!.toJSON()).toEqual({ map: { k: 4 } })
  })

  test('a removal below a key refreshes the presence of the key', () => {
    const [a, b] = replicas(2, defineSchema({ map: orMap(orSet<string>()) }))
    a!.change(({ map }) => map.open('k').add('x'))
    sync(a as never, b as never)
    a!.change(({ map }) => map.remove('k'))
    b!.change(({ map }) => map.open('k').remove('x'))
    converge([a!, b!])
    expect(a!.toJSON()).toEqual({ map: { k: [] } })
  })

  test('of an update that was concurrent with a removal, only its own part comes back', () => {
    const [a, b] = replicas(2, defineSchema({ map: orMap(struct({ title: lww<string>(), tags: orSet<string>() })) }))
    a!.change(({ map }) => {
      map.open('k').title.set('old')
      map.open('k').tags.add('old')
    })
    sync(a as never, b as never)
    a!.change(({ map }) => map.remove('k'))
    b!.change(({ map }) => map.open('k').tags.add('new'))
    converge([a!, b!])
    expect((a!.toJSON() as { map: { k: object } }).map.k).toMatchObject({ tags: ['new'] })
    expect(a!.root.map.open('k').title.value).toBeUndefined()
  })

  test('one key with two types has both values: the younger shows, the other keeps its edits', () => {
    const [a, b] = replicas(2, defineSchema({ map: orMap() }))
    a!.change(({ map }) => map.open('k', gCounter()).increment(), { timeMicros: 10 })
    b!.change(({ map }) => map.open('k', orSet<string>()).add('x'), { timeMicros: 20 })
    converge([a!, b!])
    expect(a!.toJSON()).toEqual({ map: { k: ['x'] } })
    expect(a!.root.map.conflicts('k')).toEqual([1])
    a!.change(({ map }) => map.open('k', gCounter()).increment(), { timeMicros: 30 })
    converge([a!, b!])
    expect(b!.toJSON()).toEqual({ map: { k: 2 } })
    expect(b!.root.map.conflicts('k')).toEqual([['x']])
  })

  test('a removed text is hidden, its ids stay: what is written into it meanwhile comes back alone, in place', () => {
    const [a, b, c] = replicas(3, defineSchema({ map: orMap(text()) }))
    a!.change(({ map }) => map.open('k').insert(0, 'hello'))
    sync(a as never, b as never)
    sync(a as never, c as never)
    a!.change(({ map }) => map.remove('k'))
    expect(a!.toJSON()).toEqual({ map: {} })
    b!.change(({ map }) => map.open('k').insert(5, '!'))
    c!.change(({ map }) => map.open('k').insert(0, '>'))
    converge([a!, b!, c!])
    expect(a!.toJSON()).toEqual({ map: { k: '>!' } })
  })

  test('types that cannot be reset are refused, at any depth and from any side', () => {
    for (const type of [gSet(), twoPhaseSet(), boundedCounter()]) {
      expect(() => orMap(type)).toThrow(refused('CORE_SCHEMA_INVALID'))
      expect(() => orMap(struct({ deep: struct({ type }) }))).toThrow(refused('CORE_SCHEMA_INVALID'))
      const [doc] = replicas(1, defineSchema({ map: orMap() }))
      expect(() => doc!.change(({ map }) => map.open('k', type))).toThrow(refused('CORE_SCHEMA_INVALID'))
    }
  })
})

describe('sequences', () => {
  test('an insertion into text that somebody deletes survives', () => {
    const [a, b] = replicas(2, defineSchema({ notes: text() }))
    a!.change(({ notes }) => notes.insert(0, 'abcd'))
    sync(a as never, b as never)
    a!.change(({ notes }) => notes.delete(0, 4))
    b!.change(({ notes }) => notes.insert(2, 'X'))
    converge([a!, b!])
    expect(a!.toJSON()).toEqual({ notes: 'X' })
  })

  test('runs written at one place at one time are not interleaved, forwards or backwards', () => {
    const [a, b] = replicas(2, defineSchema({ forwards: text(), backwards: text() }))
    for (const [doc, letters] of [[a!, 'abc'] as const, [b!, 'xyz'] as const]) {
      for (const [i, letter] of [...letters].entries()) {
        doc.change(({ forwards, backwards }) => {
          forwards.insert(i, letter)
          backwards.insert(0, letter)
        })
      }
    }
    converge([a!, b!])
    expect(a!.root.forwards.toString()).toBe('abcxyz')
    expect(['cbazyx', 'zyxcba']).toContain(a!.root.backwards.toString())
  })

  test('deleting an element of a list wins over concurrent edits inside it', () => {
    const [a, b] = replicas(2, defineSchema({ items: list(struct({ title: lww<string>(), tags: orSet<string>() })) }))
    a!.change(({ items }) => items.create().title.set('x'))
    sync(a as never, b as never)
    a!.change(({ items }) => items.delete(0))
    b!.change(({ items }) => items.get(0)?.tags.add('y'))
    converge([a!, b!])
    expect(a!.toJSON()).toEqual({ items: [] })
  })

  test('who stays with an element that was deleted is told so', () => {
    const [a] = replicas(1, defineSchema({ items: list(struct({ title: lww<string>() })) }))
    a!.change(({ items }) => items.create())
    const item = a!.root.items.get(0)
    a!.change(({ items }) => items.delete(0))
    expect(() => a!.change(() => item?.title.set('late'))).toThrow(refused('CORE_PRECONDITION_FAILED'))
  })
})

describe('documents', () => {
  test('fields that a schema does not know survive its edits', () => {
    const [a] = replicas(1, defineSchema({ title: lww<string>(), votes: gCounter() }))
    const old = new Doc({
      schema: defineSchema({ title: lww<string>() }),
      incarnation: 'life',
      actor: testActor('old'),
    })
    a!.change(({ votes }) => votes.increment(3))
    sync(a as never, old as never)
    old.change(({ title }) => title.set('x'))
    const reloaded = Doc.load(old.snapshot(), { actor: old.actor })
    sync(reloaded as never, a as never)
    expect(a!.toJSON()).toEqual({ title: 'x', votes: 3 })
  })

  test('two valid halves may exceed any limit together', () => {
    const [a, b] = replicas(2, defineSchema({ total: gCounter() }))
    for (const doc of [a!, b!]) doc.change(({ total }) => total.increment(Number.MAX_SAFE_INTEGER))
    converge([a!, b!])
    expect(a!.toJSON()).toEqual({ total: '18014398509481982' })
    expect(() => a!.change(({ total }) => total.increment())).toThrow(refused('CORE_LIMIT_EXCEEDED'))
  })

  test('handles stay good over a change that failed', () => {
    const [a, b] = replicas(2, defineSchema({ items: list(struct({ title: lww<string>() })) }))
    a!.change(({ items }) => items.create().title.set('before'))
    const item = a!.root.items.get(0)
    const fail = () =>
      a!.change(({ items }) => {
        items.create(0).title.set('never')
        throw new Error('changed my mind')
      })
    expect(fail).toThrow('changed my mind')
    a!.change(() => item?.title.set('after'))
    expect(a!.toJSON()).toEqual({ items: [{ title: 'after' }] })
    converge([a!, b!])
  })

  test('a change that failed leaves no trace of whom it named', () => {
    const [a] = replicas(1, defineSchema({ credit: boundedCounter() }))
    a!.change(({ credit }) => credit.increment(5))
    const before = a!.snapshot()
    const fail = () =>
      a!.change(({ credit }) => {
        credit.transfer(testActor('zoe').id, 1)
        throw new Error('changed my mind')
      })
    expect(fail).toThrow('changed my mind')
    expect(a!.snapshot()).toEqual(before)
  })

  test('operations that have nothing to do make no change', () => {
    const [a] = replicas(1, defineSchema({ map: orMap(orSet<string>()), notes: text(), value: mvRegister() }))
    const bytes = a!.change(({ map, notes }) => {
      map.remove('k')
      map.open('k').remove('x')
      notes.insert(0, '')
    })
    expect([bytes, a!.toJSON()]).toEqual([undefined, {}])
  })
})
