/** Counters by definition: the sum of the increments that no removal of a key above had seen. */
import { type BoundedCounter, boundedCounter, type GCounter, gCounter, type PnCounter, pnCounter } from '@joinery/core'
import fc from 'fast-check'
import { unlessRefused } from '../assert.ts'
import type { Stamped, Tagged, View } from '../oracle/tagged.ts'
import { type Model, same } from './model.ts'

/** Small steps mostly; the large one passes 2^53 - 1 when two replicas take it. */
const steps: fc.Arbitrary<number> = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 52, 2 ** 53 - 1) },
)

const refusals = ['CORE_LIMIT_EXCEEDED', 'CORE_PRECONDITION_FAILED'] as const

/** An entry is a running total: who has seen a later increment of an actor has seen its earlier ones. */
function observed(op: Stamped, ops: readonly Stamped[], resets: readonly Stamped[]): boolean {
  const later = ops.filter(({ actor, id }) => actor === op.actor && id >= op.id)
  return resets.some((reset) => later.some(({ id }) => reset.seen.has(id)))
}

function sum<Op>({ ops, resets }: View<Op>, amount: (op: Op) => number): bigint {
  const alive = ops.filter((op) => !observed(op, ops, resets))
  return alive.reduce((total, { op }: Tagged<Op>) => total + BigInt(amount(op)), 0n)
}

function toJson(total: bigint): number | string {
  return total <= 2n ** 53n - 1n && total >= 1n - 2n ** 53n ? Number(total) : total.toString()
}

export interface Count {
  readonly by: number
}

export const gCounterModel: Model<GCounter, Count> = {
  name: 'gcounter',
  spec: gCounter(),
  ops: fc.record({ by: steps }),
  perform: (counter, op) =>
    unlessRefused(refusals, () => {
      counter.increment(op.by)
      return op
    }),
  evaluate: (view) => toJson(sum(view, ({ by }) => by)),
  canonical: same,
  empty: 0,
  blank: 0,
  identified: true,
}

export interface UpDown {
  readonly type: 'up' | 'down'
  readonly by: number
}

export const pnCounterModel: Model<PnCounter, UpDown> = {
  ...gCounterModel,
  name: 'pncounter',
  spec: pnCounter(),
  ops: fc.record({ type: fc.constantFrom('up', 'down'), by: steps }),
  perform: (counter, op) =>
    unlessRefused(refusals, () => {
      if (op.type === 'up') counter.increment(op.by)
      else counter.decrement(op.by)
      return op
    }),
  // Ups and downs are two totals of their own.
  evaluate: ({ ops, ...rest }) => {
    const total = (type: UpDown['type']): bigint =>
      sum({ ...rest, ops: ops.filter(({ op }) => op.type === type) }, ({ by }) => by)
    return toJson(total('up') - total('down'))
  },
}

export type Credit =
  | { readonly type: 'gain'; readonly by: number }
  | { readonly type: 'spend'; readonly by: number }
  | { readonly type: 'transfer'; readonly to: number; readonly by: number }

/** Receivers of transfers; some of them never appear otherwise. */
const receivers = ['node~---------------1', '\uff5e~---------------1', 'zoe~---------------1']

const credits: fc.Arbitrary<Credit> = fc.oneof(
  fc.record({ type: fc.constant('gain' as const), by: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ type: fc.constant('spend' as const), by: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    type: fc.constant('transfer' as const),
    to: fc.nat(receivers.length - 1),
    by: fc.integer({ min: 1, max: 6 }),
  }),
)

export const boundedCounterModel: Model<BoundedCounter, Credit> = {
  ...gCounterModel,
  name: 'bcounter',
  spec: boundedCounter(),
  ops: credits,
  perform: (counter, op) =>
    unlessRefused(refusals, () => {
      const before = counter.rights()
      if (op.type === 'gain') counter.increment(op.by)
      else if (op.type === 'spend') counter.decrement(op.by)
      else counter.transfer(receivers[op.to] as Parameters<BoundedCounter['transfer']>[0], op.by)
      if (before < 0 || counter.rights() < 0) throw new Error('rights below zero')
      return op
    }),
  evaluate: ({ ops }) => {
    const total = ops.reduce((sum, { op }) => sum + (op.type === 'gain' ? op.by : op.type === 'spend' ? -op.by : 0), 0)
    if (total < 0) throw new Error('the bounded counter went below its bound')
    return total
  },
}
