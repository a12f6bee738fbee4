import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CausalContext, subtractRuns } from '../../src/causality/causal-context.ts'
import { dotActor, dotCounter, packDot } from '../../src/causality/dot.ts'

/** The model: a set of dots, each by itself. */
type Dots = Set<number>

const run = fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 30 }), fc.nat(6))
const adds = fc.array(run, { maxLength: 40 })

function build(all: readonly (readonly [number, number, number])[]): { context: CausalContext; dots: Dots } {
  const context = new CausalContext()
  const dots: Dots = new Set()
  for (const [actor, first, more] of all) {
    context.add(actor, first, first + more)
    for (let counter = first; counter <= first + more; counter += 1) dots.add(packDot(actor, counter))
  }
  return { context, dots }
}

function listed(context: CausalContext, actor: number): number[] {
  const runs = context.runs(actor)
  const all: number[] = []
  for (let i = 0; i < runs.length; i += 2) {
    for (let counter = runs[i]!; counter <= runs[i + 1]!; counter += 1) all.push(counter)
  }
  return all
}

function expectSame(context: CausalContext, dots: Dots): void {
  for (let actor = 0; actor < 4; actor += 1) {
    const own = [...dots].filter((dot) => dotActor(dot) === actor).map(dotCounter)
    own.sort((a, b) => a - b)
    expect(listed(context, actor)).toEqual(own)
    expect(context.isEmpty(actor)).toBe(own.length === 0)
    let prefix = 0
    while (dots.has(packDot(actor, prefix + 1))) prefix += 1
    expect(context.prefix(actor)).toBe(prefix)
    const runs = context.runs(actor)
    // Compacted: runs neither overlap nor touch.
    for (let i = 2; i < runs.length; i += 2) expect(runs[i]!).toBeGreaterThan(runs[i - 1]! + 1)
    for (let counter = 1; counter <= 40; counter += 1) {
      expect(context.has(packDot(actor, counter))).toBe(dots.has(packDot(actor, counter)))
    }
  }
}

describe('causal context', () => {
  it('is a set of dots', () => {
    fc.assert(fc.property(adds, (all) => expectSame(...(Object.values(build(all)) as [CausalContext, Dots]))))
  })

  it('join is union, and leaves the other as it is', () => {
    fc.assert(
      fc.property(adds, adds, (a, b) => {
        const one = build(a)
        const other = build(b)
        one.context.join(other.context)
        expectSame(one.context, new Set([...one.dots, ...other.dots]))
        expectSame(other.context, other.dots)
        one.context.join(other.context)
        expectSame(one.context, new Set([...one.dots, ...other.dots]))
      }),
    )
  })

  it('covers a stretch when it has each of its dots', () => {
    fc.assert(
      fc.property(adds, run, (all, [actor, first, more]) => {
        const { context, dots } = build(all)
        const each = Array.from({ length: more + 1 }, (_, i) => dots.has(packDot(actor, first + i)))
        expect(context.covers(packDot(actor, first), more + 1)).toBe(each.every(Boolean))
      }),
    )
  })

  it('advance raises the prefix over what is in the way', () => {
    fc.assert(
      fc.property(adds, fc.integer({ min: 1, max: 40 }), (all, counter) => {
        const { context, dots } = build(all)
        context.advance(1, counter)
        for (let i = 1; i <= counter; i += 1) dots.add(packDot(1, i))
        expectSame(context, dots)
      }),
    )
  })

  it('clear forgets everything', () => {
    const { context } = build([
      [0, 1, 3],
      [2, 9, 1],
    ])
    context.clear()
    expectSame(context, new Set())
  })

  it('dots keep actor and counter apart up to their bounds', () => {
    for (const actor of [0, 1, 2 ** 20 - 1]) {
      for (const counter of [1, 2 ** 31, 2 ** 32 - 1]) {
        const dot = packDot(actor, counter)
        expect(Number.isSafeInteger(dot)).toBe(true)
        expect([dotActor(dot), dotCounter(dot)]).toEqual([actor, counter])
      }
    }
  })
})

describe('subtractRuns', () => {
  it('is the difference of the sets', () => {
    fc.assert(
      fc.property(adds, adds, (a, b) => {
        const left = build(a)
        const right = build(b)
        const rest = subtractRuns(left.context.runs(1), right.context.runs(1))
        const expected = listed(left.context, 1).filter((counter) => !right.dots.has(packDot(1, counter)))
        const got: number[] = []
        for (let i = 0; i < rest.length; i += 2) for (let c = rest[i]!; c <= rest[i + 1]!; c += 1) got.push(c)
        expect(got).toEqual(expected)
      }),
    )
  })
})
