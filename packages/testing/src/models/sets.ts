/** Sets by definition. */
import { type GSet, gSet, type JsonValue, type OrSet, orSet, type TwoPhaseSet, twoPhaseSet } from '@joinery/core'
import fc from 'fast-check'
import { unlessRefused } from '../assert.ts'
import { seenByAny } from '../oracle/tagged.ts'
import { type Model, sortedSet } from './model.ts'

/** Few, so that replicas meet on them; among them some that are easily taken for one another. */
const elements: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue[]>(
  'a',
  'b',
  1,
  '1',
  { b: 1, a: [0] },
  [['a', 0]],
  null,
)

function unique(values: readonly JsonValue[]): JsonValue {
  return sortedSet([...new Map(values.map((value) => [keyOf(value), value])).values()])
}

/** Objects are equal whatever the order of their keys. */
function keyOf(value: JsonValue): string {
  return JSON.stringify(value, (_, item: JsonValue) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
}

const canonical = (json: JsonValue): JsonValue =>
  sortedSet((json as JsonValue[]).map((elem) => JSON.parse(keyOf(elem))))

const setModel = { canonical, empty: [], blank: [], identified: true }

export interface Add {
  readonly elem: JsonValue
}

export const gSetModel: Model<GSet, Add> = {
  ...setModel,
  name: 'gset',
  spec: gSet(),
  ops: fc.record({ elem: elements }),
  // Adding what is there already is nothing to tell others.
  perform: (set, op) => {
    if (set.has(op.elem)) return undefined
    set.add(op.elem)
    return op
  },
  evaluate: ({ ops }) => canonical(unique(ops.map(({ op }) => op.elem))),
  identified: false,
}

export interface AddRemove {
  readonly type: 'add' | 'remove'
  readonly elem: JsonValue
}

const addsAndRemoves = fc.record({ type: fc.constantFrom<AddRemove['type'][]>('add', 'add', 'remove'), elem: elements })

export const twoPhaseSetModel: Model<TwoPhaseSet, AddRemove> = {
  ...setModel,
  name: '2pset',
  spec: twoPhaseSet(),
  ops: addsAndRemoves,
  perform: (set, op) =>
    unlessRefused(['CORE_PRECONDITION_FAILED'], () => {
      if (op.type === 'remove') return set.remove(op.elem) ? op : undefined
      if (set.has(op.elem)) return undefined
      set.add(op.elem)
      return op
    }),
  evaluate: ({ ops }) => {
    const removed = new Set(ops.filter(({ op }) => op.type === 'remove').map(({ op }) => keyOf(op.elem)))
    return canonical(unique(ops.map(({ op }) => op.elem).filter((elem) => !removed.has(keyOf(elem)))))
  },
  identified: false,
}

/**
 * An element is in the set when one of its additions was seen by no removal. An addition takes the place of those that its
 * author had seen: this matters where deltas arrive out of order, and only there.
 */
export const orSetModel: Model<OrSet, AddRemove> = {
  ...setModel,
  name: 'orset',
  spec: orSet(),
  ops: addsAndRemoves,
  perform: (set, op) => {
    if (op.type === 'remove') return set.remove(op.elem) ? op : undefined
    set.add(op.elem)
    return op
  },
  evaluate: ({ ops, resets }) => {
    const live = ops.flatMap((tagged) => {
      const { op } = tagged
      if (op.type !== 'add') return []
      const later = ops.filter((other) => keyOf(other.op.elem) === keyOf(op.elem))
      return seenByAny(tagged, [...later, ...resets]) ? [] : [op.elem]
    })
    return canonical(unique(live))
  },
}
