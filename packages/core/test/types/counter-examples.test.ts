/** Small histories that each made a rule necessary: stand-alone values. */
import {
  allTypes,
  BoundedCounter,
  type CoreError,
  EnableWinsFlag,
  GCounter,
  gCounter,
  LwwRegister,
  MvRegister,
  mvRegister,
  OrMap,
  OrSet,
  orSet,
  PnCounter,
  type Text,
  text,
} from '@joinery/core'
import { TestWall, testActor } from '@joinery/testing'
import { describe, expect, test } from 'vitest'

const refused = (code: CoreError['code']) => expect.objectContaining({ code })

describe('delta', () => {
  test('vouches for its own dots only, not for what its author had merely seen', () => {
    const a = new OrSet<string>(testActor('a'))
    const b = new OrSet<string>(testActor('b'))
    a.add('x')
    const first = a.takeDelta()
    b.join(first)
    b.add('y')
    const second = b.takeDelta()
    const late = new OrSet<string>(testActor('c'))
    late.join(second)
    late.join(first)
    expect([...late.values()].sort()).toEqual(['x', 'y'])
  })

  /** The whole state shows a pending addition, somebody removes it, and only then the delta is taken. */
  test.each([
    [
      'set',
      () => new OrSet<string>(testActor('a')),
      () => new OrSet<string>(testActor('b')),
      () => new OrSet<string>(testActor('c')),
    ],
    ['map', () => new OrMap(testActor('a')), () => new OrMap(testActor('b')), () => new OrMap(testActor('c'))],
  ] as const)('of a %s names what others removed of it before it was taken', (_, makeA, makeB, makeC) => {
    const [a, b] = [makeA(), makeB()]
    if (a instanceof OrSet) a.add('x')
    else a.setLww('x', 1)
    const shown = a.encode()
    b.join(shown)
    b.remove('x')
    a.join(b.takeDelta())
    const taken = a.takeDelta()
    const [first, second] = [makeC(), makeC()]
    for (const part of [shown, taken]) first.join(part)
    for (const part of [taken, shown]) second.join(part)
    expect(first.encode()).toEqual(second.encode())
    expect(first.toJSON()).toEqual(a.toJSON())
  })

  test('of what a whole state had shown before says all that changed since', () => {
    const a = new LwwRegister<string>(testActor('a'))
    const b = new LwwRegister<string>(testActor('b'))
    a.set('shown')
    b.join(a.encode())
    a.set('newer')
    b.join(a.takeDelta())
    expect(b.value).toBe('newer')
  })

  test('of what a whole state had shown before says what was removed since', () => {
    const a = new OrSet<string>(testActor('a'))
    const b = new OrSet<string>(testActor('b'))
    a.add('x')
    b.join(a.encode())
    a.remove('x')
    b.join(a.takeDelta())
    expect(b.size).toBe(0)
    expect(b.encode()).toEqual(a.encode())
  })

  test('after a whole state had shown a counter that was removed since, counts anew', () => {
    const make = (name: string) => new OrMap<GCounter>(testActor(name), gCounter())
    const [a, b] = [make('a'), make('b')]
    a.open('k').increment(5)
    b.join(a.encode())
    a.remove('k')
    a.open('k').increment(1)
    b.join(a.takeDelta())
    expect(b.toJSON()).toEqual({ k: 1 })
  })

  test('a removal that arrives before what it removes is not forgotten, also across whole states', () => {
    const a = new OrSet<string>(testActor('a'))
    a.add('x')
    const addition = a.takeDelta()
    a.remove('x')
    const removal = a.takeDelta()
    const early = new OrSet<string>(testActor('b'))
    early.join(removal)
    const third = new OrSet<string>(testActor('c'))
    third.join(early.encode())
    third.join(addition)
    expect(third.size).toBe(0)
  })
})

describe('sets', () => {
  test('adding wins over a removal that has not seen it', () => {
    const [a, b] = [new OrSet<string>(testActor('a')), new OrSet<string>(testActor('b'))]
    a.add('x')
    b.join(a.takeDelta())
    a.remove('x')
    b.add('x')
    const [fromA, fromB] = [a.takeDelta(), b.takeDelta()]
    a.join(fromB)
    b.join(fromA)
    expect([a.has('x'), b.has('x')]).toEqual([true, true])
  })

  test('-0 is 0, and an object is the same element whatever the order of its keys', () => {
    const set = new OrSet(testActor('a'))
    set.add(-0)
    set.add({ b: 1, a: [-0] })
    expect([...set.values()].map((elem) => Object.is(elem, 0))).toEqual([true, false])
    expect([set.has(0), set.has({ a: [0], b: 1 })]).toEqual([true, true])
  })
})

describe('registers', () => {
  test('one time is decided by replica id as bytes, then epoch, then counter', () => {
    const at = { timeMicros: 1_000_000 }
    // U+FF5E comes before U+1D4B3 by bytes and behind it by UTF-16 units.
    const writers = [testActor('node', 1), testActor('node', 2), testActor('\uff5e'), testActor('\u{1d4b3}')]
    const deltas = writers.map((actor, i) => {
      const register = new LwwRegister<number>(actor)
      register.set(i, at)
      return register.takeDelta()
    })
    for (let upTo = 1; upTo <= writers.length; upTo += 1) {
      const reader = new LwwRegister<number>(testActor('reader'))
      for (const delta of deltas.slice(0, upTo).reverse()) reader.join(delta)
      expect(reader.value).toBe(upTo - 1)
    }
    const one = new LwwRegister<string>(testActor('a'))
    one.set('first', at)
    one.takeDelta()
    one.set('second', at)
    expect(one.value).toBe('second')
  })

  test('a write comes after everything its author had read, also from a clock ahead', () => {
    const ahead = new LwwRegister<string>(testActor('ahead', 1, new TestWall(30_000)))
    const behind = new LwwRegister<string>(testActor('behind', 1, new TestWall(1)))
    ahead.set('read')
    behind.join(ahead.takeDelta())
    behind.set('written')
    expect(behind.value).toBe('written')
    ahead.join(behind.takeDelta())
    expect(ahead.value).toBe('written')
  })

  test('a multi-value register and a flag are overwritten by who has seen them, whatever the clocks say', () => {
    const [fast, slow] = [testActor('fast', 1, new TestWall(9_000_000)), testActor('slow', 1, new TestWall(1))]
    const [a, b] = [new MvRegister<string>(fast), new MvRegister<string>(slow)]
    a.set('seen')
    b.join(a.takeDelta())
    b.set('resolved')
    expect(b.values).toEqual(['resolved'])
    const [on, off] = [new EnableWinsFlag(fast), new EnableWinsFlag(slow)]
    on.enable()
    off.join(on.takeDelta())
    off.disable()
    expect(off.value).toBe(false)
  })

  test('of writes with times of their own in one delta the youngest wins, at the root and below a key', () => {
    const root = new LwwRegister<string>(testActor('a'))
    const map = new OrMap(testActor('a'))
    for (const [value, timeMicros] of [['young', 20] as const, ['old', 10] as const]) {
      root.set(value, { timeMicros })
      map.setLww('k', value, { timeMicros })
    }
    expect([root.value, map.getLww('k')]).toEqual(['young', 'young'])
  })
})

describe('counters', () => {
  test('two valid halves may exceed what a number can say: the total is read as bigint', () => {
    const [a, b] = [new GCounter(testActor('a')), new GCounter(testActor('b'))]
    a.increment(Number.MAX_SAFE_INTEGER)
    b.increment(Number.MAX_SAFE_INTEGER)
    a.join(b.takeDelta())
    expect(a.bigValue).toBe(2n * BigInt(Number.MAX_SAFE_INTEGER))
    expect(() => a.value).toThrow(refused('CORE_VALUE_UNSAFE'))
    expect(a.toJSON()).toBe('18014398509481982')
    expect(() => a.increment()).toThrow(refused('CORE_LIMIT_EXCEEDED'))
    const [up, down] = [new PnCounter(testActor('a')), new PnCounter(testActor('b'))]
    up.increment(Number.MAX_SAFE_INTEGER)
    down.increment(Number.MAX_SAFE_INTEGER)
    down.decrement(Number.MAX_SAFE_INTEGER - 2)
    up.join(down.takeDelta())
    expect(() => up.value).toThrow(refused('CORE_VALUE_UNSAFE'))
    up.decrement(2)
    expect(up.value).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('rights go to a known form of actor only, also to one that never wrote', () => {
    const a = new BoundedCounter(testActor('a'))
    a.increment(5)
    expect(() => a.transfer('nobody' as never, 1)).toThrow(refused('CORE_ID_INVALID'))
    const zoe = testActor('zoe')
    a.transfer(zoe.id, 3)
    const hers = new BoundedCounter(zoe)
    hers.join(a.takeDelta())
    expect([a.rights(), hers.rights(), hers.value]).toEqual([2, 3, 5])
    expect(BoundedCounter.decode(a.encode(), testActor('b')).encode()).toEqual(a.encode())
  })
})

test('a bounded counter that lost its state may not spend what it handed on', () => {
  const [a, b] = [new BoundedCounter(testActor('a')), new BoundedCounter(testActor('b'))]
  a.increment(5)
  a.transfer(testActor('b').id, 5)
  b.join(a.takeDelta())
  b.transfer(testActor('c').id, 5)
  const reborn = new BoundedCounter(testActor('b'))
  expect(() => reborn.join(b.encode())).toThrow(refused('CORE_ACTOR_REUSED'))
  expect(reborn.rights()).toBe(0)
})

describe('refused operations change nothing', () => {
  test('values that have no canonical form', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '\ud800', { a: '\udc00' }, [undefined], 1n]) {
      const map = new OrMap(testActor('a'), orSet())
      expect(() => map.open('k').add(value as never)).toThrow(refused('CORE_VALUE_INVALID'))
      expect(() => map.setLww('l', value as never)).toThrow(refused('CORE_VALUE_INVALID'))
      expect(map.encode()).toEqual(new OrMap(testActor('b')).encode())
    }
  })

  test('an operation that was refused, or had nothing to do, does not make a key present', () => {
    const words = new OrMap<Text>(testActor('a'), text())
    expect(() => words.open('k').insert(9, 'x')).toThrow(refused('CORE_POSITION_INVALID'))
    expect(() => words.open('k').delete(0, 1)).toThrow(refused('CORE_POSITION_INVALID'))
    const counts = new OrMap<GCounter>(testActor('a'), gCounter())
    expect(() => counts.open('k').increment(-1)).toThrow(refused('CORE_VALUE_INVALID'))
    const sets = new OrMap<OrSet>(testActor('a'), orSet())
    expect(sets.open('k').remove('absent')).toBe(false)
    expect([words.size, counts.size, sets.size]).toEqual([0, 0, 0])
  })
})

describe('below a removable key', () => {
  test('a removal takes away also what has arrived and cannot show yet', () => {
    const make = (name: string) => new OrMap<Text>(testActor(name), text())
    const [a, b, c] = [make('a'), make('b'), make('c')]
    a.open('k').insert(0, '1')
    const first = a.takeDelta()
    a.open('k').insert(0, '2')
    c.join(a.takeDelta())
    c.remove('k')
    b.open('k').insert(0, '3')
    for (const delta of [b.takeDelta(), c.takeDelta(), first]) {
      a.join(delta)
      c.join(delta)
    }
    expect(a.toJSON()).toEqual({ k: '13' })
    expect(c.toJSON()).toEqual({ k: '13' })
  })

  test('a counter that was removed before anything else of its actor arrived is not lost from a whole state', () => {
    const make = (name: string) => new OrMap<GCounter>(testActor(name), gCounter())
    const [a, b, c, d] = [make('a'), make('b'), make('c'), make('d')]
    a.open('k').increment()
    const first = a.takeDelta()
    b.join(first)
    b.open('k').increment()
    b.takeDelta()
    b.remove('k')
    c.join(b.takeDelta())
    d.join(c.encode())
    d.join(first)
    expect(d.toJSON()).toEqual({ k: 0 })
  })

  test('a removal that overtook its write leaves no trace once the write has come', () => {
    const make = (name: string) => new OrMap<MvRegister>(testActor(name), mvRegister(), allTypes)
    const [a, b] = [make('a'), make('b')]
    a.open('k').set('x')
    const first = a.takeDelta()
    a.remove('k')
    b.join(a.takeDelta())
    b.join(first)
    expect(b.encode()).toEqual(a.encode())
  })
})
