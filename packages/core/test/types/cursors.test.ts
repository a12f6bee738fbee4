/** Positions that stay with their neighbour, and elements that move. */
import { describe, expect, it } from 'vitest'
import { allTypes, Doc, defineSchema, list, Rga, specOf, Text, text } from '../../src/index.ts'
import { testActor } from '../fuzz/actors.ts'
import { refusal } from '../fuzz/harness.ts'

describe('cursors', () => {
  it('stay with the element that follows, or with the one before', () => {
    const value = new Text(testActor('a'))
    value.insert(0, 'hello')
    const following = value.cursorAt(2)
    const former = value.cursorAt(2, 'former')
    value.insert(2, '--')
    expect([value.resolveCursor(following), value.resolveCursor(former)]).toEqual([4, 2])
    value.delete(0, 2)
    expect([value.resolveCursor(following), value.resolveCursor(former)]).toEqual([2, 0])
    value.delete(0, 4)
    expect([value.toString(), value.resolveCursor(following), value.resolveCursor(former)]).toEqual(['o', 1 - 1, 0])
  })

  it('at the ends stay at the ends', () => {
    const value = new Text(testActor('a'))
    const [start, end] = [value.cursorAt(0, 'former'), value.cursorAt(0)]
    value.insert(0, 'abc')
    expect([value.resolveCursor(start), value.resolveCursor(end)]).toEqual([0, 3])
  })

  it('mean the same place on every replica', () => {
    const schema = defineSchema({ body: text() })
    const open = (name: string) => new Doc({ schema, incarnation: 'life', actor: testActor(name) })
    const [a, b] = [open('a'), open('b')]
    b.apply(a.change(({ body }) => body.insert(0, 'one two')) as Uint8Array)
    const cursor = a.root.body.cursorAt(4)
    b.change(({ body }) => body.insert(0, 'zero '))
    expect(b.root.body.resolveCursor(cursor)).toBe(9)
  })

  it('refuse what is none, and positions outside', () => {
    const value = new Text(testActor('a'))
    expect(refusal(() => value.resolveCursor('5'))?.code).toBe('CORE_POSITION_INVALID')
    expect(refusal(() => value.resolveCursor('>7@nobody'))?.code).toBe('CORE_POSITION_INVALID')
    expect(refusal(() => value.cursorAt(1))?.code).toBe('CORE_POSITION_INVALID')
  })

  it('go along with an element that moves', () => {
    const items = new Rga(testActor('a'))
    items.push('a', 'b', 'c')
    const cursor = items.cursorAt(0)
    items.move(0, 2)
    expect([items.toJSON(), items.resolveCursor(cursor)]).toEqual([['b', 'c', 'a'], 2])
  })
})

describe('moves', () => {
  const three = (): [Rga, Rga] => {
    const a = new Rga(testActor('a'))
    a.push('x', 'y', 'z')
    const b = Rga.decode(a.encode(), testActor('b'))
    return [a, b]
  }
  const exchange = (a: Rga, b: Rga): void => {
    const [fromA, fromB] = [a.takeDelta(), b.takeDelta()]
    a.join(fromB)
    b.join(fromA)
    expect(Buffer.from(a.encode()).equals(Buffer.from(b.encode()))).toBe(true)
  }

  it.each([
    [0, 2, ['y', 'z', 'x']],
    [2, 0, ['z', 'x', 'y']],
    [1, 1, ['x', 'y', 'z']],
    [0, 1, ['y', 'x', 'z']],
  ] as const)('from %i to %i', (from, to, expected) => {
    const [a, b] = three()
    const id = a.idAt(from)
    a.move(from, to)
    expect([a.toJSON(), a.indexOf(id)]).toEqual([expected, to])
    exchange(a, b)
  })

  it('of one element by two replicas end at one place', () => {
    const [a, b] = three()
    a.move(0, 2)
    b.move(0, 1)
    exchange(a, b)
    expect(a.length).toBe(3)
    expect([...(a.toJSON() as string[])].sort()).toEqual(['x', 'y', 'z'])
  })

  it('do not bring back what somebody deleted meanwhile', () => {
    const [a, b] = three()
    a.move(0, 2)
    b.delete(0)
    exchange(a, b)
    expect(a.toJSON()).toEqual(['y', 'z'])
    expect(Rga.decode(a.encode(), testActor('c')).toJSON()).toEqual(['y', 'z'])
  })

  it('keep what was edited inside meanwhile', () => {
    const spec = specOf<Text>('text')
    const a = new Rga(testActor('a'), spec, allTypes)
    a.create().insert(0, 'task')
    a.create().insert(0, 'other')
    const b = Rga.decode<Text>(a.encode(), testActor('b'), spec, allTypes)
    a.move(0, 1)
    b.get(0)?.insert(4, ' done')
    const [fromA, fromB] = [a.takeDelta(), b.takeDelta()]
    a.join(fromB)
    b.join(fromA)
    expect([a.toJSON(), b.toJSON()]).toEqual([
      ['other', 'task done'],
      ['other', 'task done'],
    ])
  })

  it('made after another wins over it, whatever the clocks say', () => {
    const schema = defineSchema({ items: list<string>() })
    const ahead = new Doc({ schema, incarnation: 'life', actor: testActor('ahead', 1, 9e12) })
    const behind = new Doc({ schema, incarnation: 'life', actor: testActor('behind', 1, 1) })
    behind.apply(ahead.change(({ items }) => items.push('a', 'b', 'c')) as Uint8Array)
    behind.apply(ahead.change(({ items }) => items.move(0, 2)) as Uint8Array)
    ahead.apply(behind.change(({ items }) => items.move(2, 0)) as Uint8Array)
    expect([ahead.toJSON(), behind.toJSON()]).toEqual([{ items: ['a', 'b', 'c'] }, { items: ['a', 'b', 'c'] }])
  })

  it('refuse positions outside of the list', () => {
    const [a] = three()
    for (const [from, to] of [
      [3, 0],
      [0, 3],
      [-1, 0],
    ] as const) {
      expect(refusal(() => a.move(from, to))?.code).toBe('CORE_POSITION_INVALID')
    }
  })
})
