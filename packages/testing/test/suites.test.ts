/** The suites themselves: that they fail when they should, and say how to look at it again. */
import type { Patch } from '@joinery/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SequenceOp, Tagged, TestRunner } from '../src/index.ts'
import {
  checkHistories,
  FugueOracle,
  Inventory,
  Mirror,
  seededRandom,
  standaloneTypes,
  testLattice,
} from '../src/index.ts'

/** Runs tests as they are defined, and keeps what they threw. */
function immediately(): { runner: TestRunner; errors: unknown[] } {
  const errors: unknown[] = []
  return {
    errors,
    runner: {
      describe: (_, define) => define(),
      test: (_, run) => {
        try {
          run()
        } catch (error) {
          errors.push(error)
        }
      },
    },
  }
}

describe('a failing history', () => {
  test('is shrunk, and printed with how to replay it and what to keep', () => {
    const check = () =>
      checkHistories('lattice example', fc.array(fc.nat(9), { maxLength: 30, size: 'max' }), 200, (numbers) => {
        if (numbers.length > 2) throw new Error('too many')
      })
    expect(check).toThrow(/^lattice example: too many\nreplay: JOINERY_SEED=\d+ JOINERY_PATH=\S+ npx vitest run -t /)
    expect(check).toThrow('{"suite":"lattice example","scenario":[0,0,0]}')
  })

  test('of a type whose definition says something else makes the suite fail', () => {
    const { runner, errors } = immediately()
    const honest = standaloneTypes.gcounter!
    const subject = { ...honest, model: { ...honest.model, evaluate: () => 0 } }
    testLattice('gcounter', { runner, subject, runs: 20 })
    expect(errors).toHaveLength(1)
    expect(String(errors[0])).toContain('is not what its definition says')
  })

  test('of a type that only grows under whole states makes the suite fail', () => {
    const { runner, errors } = immediately()
    const honest = standaloneTypes.orset!
    const subject = { ...honest, decode: honest.create }
    testLattice('orset', { runner, subject: subject as typeof honest, runs: 20 })
    expect(String(errors[0])).toContain('lattice orset')
  })
})

test('a passing suite says what it tried', () => {
  const { runner, errors } = immediately()
  const lines: string[] = []
  testLattice('gset', { runner, subject: standaloneTypes.gset!, runs: 5, report: (line) => lines.push(line) })
  expect(errors).toEqual([])
  expect(lines).toEqual([expect.stringMatching(/^inventory lattice gset: 5 histories, \d+ operations, \d+ deltas/)])
  expect(new Inventory('nothing').line()).toBe('inventory nothing: ')
})

test('one seed gives one sequence of choices', () => {
  const draw = (seed: number) => seededRandom(seed).shuffle([1, 2, 3, 4, 5, 6, 7, 8])
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
  expect([...draw(3)].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  const dice = seededRandom(9)
  expect(new Set(Array.from({ length: 200 }, () => dice.below(6)))).toEqual(new Set([0, 1, 2, 3, 4, 5]))
})

describe('the mirror', () => {
  const mirrored = (json: object, ...patches: Patch[]) => {
    const mirror = new Mirror(json as never)
    mirror.apply(patches)
    return mirror.toJSON()
  }

  test('builds what a patch goes into where it is not there yet', () => {
    expect(mirrored({}, { type: 'add', path: ['map', 'k'], elem: 1 })).toEqual({ map: { k: [1] } })
    expect(mirrored({}, { type: 'insert', path: ['t'], index: 0, value: 'ab' })).toEqual({ t: 'ab' })
  })

  test('refuses patches that do not fit', () => {
    expect(() => mirrored({ l: [] }, { type: 'set', path: ['l', 0, 'x'], value: 1 })).toThrow('not there')
    expect(() => mirrored({ s: [] }, { type: 'remove', path: ['s'], elem: 1 })).toThrow('not there')
    expect(() => mirrored({ t: 'a' }, { type: 'delete', path: ['t'], index: 1, count: 1 })).toThrow('beyond')
  })
})

describe('the Fugue oracle', () => {
  const insert = (id: number, actor: string, at: number, seen: number[]): Tagged<SequenceOp> => ({
    id,
    actor: `${actor}~----------------`,
    time: 0,
    change: id,
    seen: new Set(seen),
    op: { type: 'insert', at, count: 1 },
  })
  const order = (ops: Tagged<SequenceOp>[]) =>
    new FugueOracle({ ops, resets: [], removable: false }).visible().map(({ by }) => by.id)

  test('keeps what two wrote backwards at one place apart', () => {
    const ops = [insert(1, 'a', 0, []), insert(2, 'b', 0, []), insert(3, 'a', 0, [1]), insert(4, 'b', 0, [2])]
    expect(order(ops)).toEqual([3, 1, 4, 2])
  })

  test('takes an author who lacks the parent of an element not to have seen the element', () => {
    const ops = [insert(1, 'a', 0, []), insert(2, 'a', 1, [1]), insert(3, 'c', 0, [2])]
    expect(order(ops)).toEqual([1, 2, 3])
  })
})
