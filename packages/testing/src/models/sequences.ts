/** Lists and texts by definition: what the Fugue tree of all insertions shows. */
import { type JsonValue, list, type Rga, type Text, text } from '@joinery/core'
import fc from 'fast-check'
import { unlessRefused } from '../assert.ts'
import { type Element, FugueOracle, nameOf, type SequenceOp } from '../oracle/fugue.ts'
import { narrow, type Tagged, type View } from '../oracle/tagged.ts'
import { type AnyModel, type Model, same } from './model.ts'

export type ListOp =
  | { readonly type: 'insert'; readonly at: number; readonly values: readonly JsonValue[] }
  | { readonly type: 'delete'; readonly at: number; readonly count: number }
  | MoveOp

export type MoveOp = { readonly type: 'move'; readonly at: number; readonly to: number }

const positions = fc.nat(30)

const deletions = fc.record({
  type: fc.constant('delete' as const),
  at: positions,
  count: fc.integer({ min: 1, max: 4 }),
})

const moves = fc.record({ type: fc.constant('move' as const), at: positions, to: positions })

/** Moves an element of a list, positions brought into range; undefined when it stays where it is. */
function performMove(rga: Rga<unknown>, op: MoveOp): MoveOp | undefined {
  if (rga.length === 0) return undefined
  const done = { ...op, at: op.at % rga.length, to: op.to % rga.length }
  if (done.at === done.to) return undefined
  rga.move(done.at, done.to)
  return done
}

/** Brings a deletion into range; undefined when there is nothing to delete. */
function inRange<Op extends { at: number; count: number }>(op: Op, length: number): Op | undefined {
  if (length === 0) return undefined
  const at = op.at % length
  return { ...op, at, count: Math.min(op.count, length - at) }
}

function shape(op: ListOp): SequenceOp {
  return op.type === 'insert' ? { type: 'insert', at: op.at, count: op.values.length } : op
}

function shown<Op>(view: View<Op>, toSequence: (op: Op) => SequenceOp): Element[] {
  return new FugueOracle({ ...view, ops: view.ops.map((op) => narrow(op, toSequence(op.op))) }).visible()
}

function opsById<Op>({ ops }: View<Op>): Map<number, Op> {
  return new Map(ops.map(({ id, op }) => [id, op]))
}

export const listModel: Model<Rga, ListOp> = {
  name: 'rga',
  spec: list(),
  ops: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('insert' as const),
        at: positions,
        values: fc.array(fc.oneof(fc.nat(99), fc.constantFrom<JsonValue[]>('x', null, { a: 1 })), {
          minLength: 1,
          maxLength: 3,
        }),
      }),
    },
    { weight: 1, arbitrary: deletions },
    { weight: 1, arbitrary: moves },
  ),
  perform: (rga, op) => {
    if (op.type === 'move') return performMove(rga as Rga<unknown>, op)
    if (op.type === 'delete') {
      const done = inRange(op, rga.length)
      if (done !== undefined) rga.delete(done.at, done.count)
      return done
    }
    const at = op.at % (rga.length + 1)
    rga.insert(at, ...op.values)
    return { ...op, at }
  },
  evaluate: (view) => {
    const ops = opsById(view)
    return shown(view, shape).map(
      ({ by, index }) => (ops.get(by.id) as { values: readonly JsonValue[] }).values[index]!,
    )
  },
  canonical: same,
  empty: [],
  blank: [],
  identified: true,
}

export type TextOp =
  | { readonly type: 'insert'; readonly at: number; readonly text: string }
  | { readonly type: 'delete'; readonly at: number; readonly count: number }

function textShape(op: TextOp): SequenceOp {
  return op.type === 'insert' ? { type: 'insert', at: op.at, count: op.text.length } : op
}

export const textModel: Model<Text, TextOp> = {
  ...listModel,
  name: 'text',
  spec: text(),
  ops: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('insert' as const),
        at: positions,
        text: fc.constantFrom('a', 'bc', 'def', '\u{1f600}', 'é'),
      }),
    },
    { weight: 1, arbitrary: deletions },
  ),
  // A position inside a surrogate pair is refused.
  perform: (value, op) =>
    unlessRefused(['CORE_POSITION_INVALID'], () => {
      if (op.type === 'delete') {
        const done = inRange(op, value.length)
        if (done !== undefined) value.delete(done.at, done.count)
        return done
      }
      const at = op.at % (value.length + 1)
      value.insert(at, op.text)
      return { ...op, at }
    }),
  evaluate: (view) => {
    const ops = opsById(view)
    const units = shown(view, textShape).map(({ by, index }) => (ops.get(by.id) as { text: string }).text[index])
    return units.join('')
  },
  empty: '',
  blank: '',
}

export type NestedOp<Op> =
  | { readonly type: 'create'; readonly at: number }
  | { readonly type: 'delete'; readonly at: number; readonly count: number }
  | { readonly type: 'inside'; readonly at: number; readonly op: Op }
  | MoveOp

function nestedShape(op: NestedOp<unknown>): SequenceOp {
  if (op.type === 'create') return { type: 'insert', at: op.at, count: 1 }
  return op.type === 'inside' ? { type: 'inside', at: op.at } : op
}

/** A list of containers. What is done inside an element counts as long as the element shows. */
export function listOf(inner: AnyModel): Model<Rga<unknown>, NestedOp<unknown>> {
  return {
    ...listModel,
    name: `rga(${inner.name})`,
    spec: list(inner.spec),
    ops: fc.oneof(
      { weight: 2, arbitrary: fc.record({ type: fc.constant('create' as const), at: positions }) },
      { weight: 1, arbitrary: deletions },
      { weight: 1, arbitrary: moves },
      { weight: 4, arbitrary: fc.record({ type: fc.constant('inside' as const), at: positions, op: inner.ops }) },
    ),
    perform: (rga, op) => {
      if (op.type === 'move') return performMove(rga, op)
      if (op.type === 'delete') {
        const done = inRange(op, rga.length)
        if (done !== undefined) rga.delete(done.at, done.count)
        return done
      }
      const at = op.at % (op.type === 'create' ? rga.length + 1 : Math.max(1, rga.length))
      if (op.type === 'create') {
        rga.create(at)
        return { ...op, at }
      }
      if (rga.length === 0) return undefined
      const done: unknown = inner.perform(rga.get(at), op.op)
      return done === undefined ? undefined : { ...op, at, op: done }
    },
    evaluate: (view) => {
      const oracle = new FugueOracle({ ...view, ops: view.ops.map((op) => narrow(op, nestedShape(op.op))) })
      const inside = view.ops.flatMap((tagged) => (tagged.op.type === 'inside' ? [narrow(tagged, tagged.op.op)] : []))
      const target = (op: Tagged<unknown>): string | undefined =>
        oracle.targets(narrow(op, { type: 'inside', at: atOf(view, op.id) }))[0]
      return oracle.visible().map((element) => {
        const ops = inside.filter((op) => target(op) === nameOf(element))
        return inner.evaluate({ ops, resets: [], removable: false })
      })
    },
    canonical: (json) => (json as readonly JsonValue[]).map((item) => inner.canonical(item)),
    identified: true,
  }
}

function atOf(view: View<NestedOp<unknown>>, id: number): number {
  return (view.ops.find((op) => op.id === id) as Tagged<NestedOp<unknown>>).op.at
}
