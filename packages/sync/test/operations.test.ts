import { type Actor, actorId, Doc, HybridClock, type JsonValue, Rga, replicaId, Text } from '@joinery/core'
import { describe, expect, test } from 'vitest'
import {
  applyToDocument,
  type DocumentType,
  documentTypes,
  documentValue,
  type Operation,
  type OperationContext,
  putDocument,
  rootOf,
} from '../src/index.ts'

const nowMicros = 1_800_000_000_000_000
const context: OperationContext = { node: 'phone', nowMicros, driftMsMax: 60_000 }

function document(): Doc {
  const actor: Actor = {
    id: actorId(replicaId('server'), new Uint8Array(12)),
    clock: new HybridClock(() => nowMicros / 1000),
  }
  return new Doc({ actor, incarnation: 'incarnation' })
}

/** The value after some operations, each a change of its own; or the code of the refusal, which must have changed nothing. */
function after(type: DocumentType, ops: readonly Operation[], using: OperationContext = context): JsonValue {
  const doc = document()
  for (const op of ops) {
    const before = doc.snapshot()
    try {
      doc.change(() => {
        applyToDocument(doc, type, op, using)
      })
    } catch (error) {
      expect(doc.snapshot()).toEqual(before)
      return (error as { code: string }).code
    }
  }
  return documentValue(doc, type)
}

describe('operations', () => {
  const cases: [DocumentType, Operation[], JsonValue][] = [
    ['lww', [{ set: { a: [1] } }], { a: [1] }],
    ['mvreg', [{ set: 1 }, { set: 2 }], [2]],
    [
      'orset',
      [
        { type: 'add', elem: 'a' },
        { type: 'add', elem: 'b' },
        { type: 'remove', elem: 'a' },
      ],
      ['b'],
    ],
    [
      'gset',
      [
        { type: 'add', elem: { b: 1, a: 2 } },
        { type: 'add', elem: { a: 2, b: 1 } },
      ],
      [{ a: 2, b: 1 }],
    ],
    [
      '2pset',
      [
        { type: 'add', elem: 1 },
        { type: 'remove', elem: 1 },
        { type: 'add', elem: 1 },
      ],
      'PRECONDITION_FAILED',
    ],
    ['gcounter', [{ type: 'increment' }, { type: 'increment', by: 4 }], 5],
    ['pncounter', [{ type: 'decrement', by: 3 }, { type: 'increment' }], -2],
    [
      'bcounter',
      [
        { type: 'increment', by: 3 },
        { type: 'decrement', by: 4 },
      ],
      'PRECONDITION_FAILED',
    ],
    ['ewflag', [{ type: 'enable' }], true],
    ['dwflag', [{ type: 'enable' }, { type: 'disable' }], false],
    [
      'ormap',
      [
        { type: 'set', key: 'k', value: 1 },
        { type: 'set', key: 'l', value: 2 },
        { type: 'remove', key: 'k' },
      ],
      { l: 2 },
    ],
    ['ormap', [{ type: 'update', key: 'n', of: 'text', op: { type: 'insert', index: 0, text: 'x' } }], { n: 'x' }],
    ['ormap', [{ type: 'update', key: 'n', of: 'gset', op: { type: 'add', elem: 1 } }], 'OP_INVALID'],
    [
      'rga',
      [
        { type: 'insert', index: 0, values: [1, 2, 3] },
        { type: 'delete', index: 1 },
      ],
      [1, 3],
    ],
    [
      'text',
      [
        { type: 'insert', after: null, text: 'abc' },
        { type: 'delete', index: 0, count: 2 },
      ],
      'c',
    ],
    ['text', [{ type: 'insert', index: 1, text: 'x' }], 'POSITION_INVALID'],
    [
      'text',
      [
        { type: 'insert', index: 0, text: '😀' },
        { type: 'delete', index: 0, count: 1 },
      ],
      'POSITION_INVALID',
    ],
    ['doc', [{ path: ['title'], of: 'lww', set: 'x' }], { title: 'x' }],
    ['doc', [{ path: ['todos', 't1', 'title'], of: 'lww', set: 'x' }], { todos: { t1: { title: 'x' } } }],
    ['doc', [{ path: ['a', 'b'], of: ['ormap', 'orset'], type: 'add', elem: 1 }], { a: { b: [1] } }],
    ['doc', [{ type: 'add', elem: 1 }], 'OP_INVALID'],
    ['orset', [{ type: 'add', elem: 1, path: ['x'] }], 'OP_INVALID'],
    ['orset', [{ type: 'add', element: 1 }], 'OP_INVALID'],
    ['orset', [{ type: 'increment' }], 'OP_INVALID'],
    ['gcounter', [{ type: 'decrement' }], 'OP_INVALID'],
    ['lww', [{ set: '\ud800' }], 'VALUE_INVALID'],
  ]
  test.each(cases)('%s %j', (type, ops, expected) => {
    expect(after(type, ops)).toEqual(expected)
  })

  test('every type is covered', () => {
    expect(new Set(cases.map(([type]) => type))).toEqual(new Set(documentTypes))
  })
})

describe('timestamps', () => {
  const older: Operation = { set: 'older', ts_unix_ns: '1700000000000001999' }
  const newer: Operation = { set: 'newer', ts_unix_ns: '1700000000000002000' }

  test('microseconds of digits are kept, and the larger wins in any order', () => {
    expect(after('lww', [older, newer])).toBe('newer')
    expect(after('lww', [newer, older])).toBe('newer')
  })

  test('the drift bound holds at its value and not one past', () => {
    const bound = BigInt(nowMicros) * 1000n + 60_000_000_000n
    expect(after('lww', [{ set: 1, ts_unix_ns: `${bound}` }])).toBe(1)
    expect(after('lww', [{ set: 1, ts_unix_ns: `${bound + 1000n}` }])).toBe('CLOCK_SKEW')
  })

  test.each([-1, 1.5, '1e9', 'now', true, null])('%j is not a time', (ts) => {
    expect(after('lww', [{ set: 1, ts_unix_ns: ts }])).toBe('OP_INVALID')
  })
})

describe('indices in an older document', () => {
  /** Applies operations as an author who saw `ids`, and answers value and operations as they took effect. */
  function asSeen(doc: Doc, type: 'rga' | 'text', ids: string[] | undefined, ops: readonly Operation[]): JsonValue[] {
    const seen = { ids }
    return ops.map((op) => {
      let effective = op
      doc.change(() => {
        effective = applyToDocument(doc, type, op, { ...context, seenIds: () => seen })
      })
      return effective
    })
  }

  test('count in what the author saw, and are logged as ids', () => {
    const doc = document()
    doc.change(() => putDocument(doc, 'text', 'hello', context))
    const root = rootOf(doc, 'text')
    const ids = root instanceof Text ? root.ids() : []
    doc.change(() => {
      applyToDocument(doc, 'text', { type: 'insert', index: 0, text: '>> ' }, context)
    })
    const effective = asSeen(
      doc,
      'text',
      [...ids],
      [
        { type: 'insert', index: 5, text: '!' },
        { type: 'delete', index: 0, count: 1 },
        { type: 'insert', index: 4, text: '?' },
      ],
    )
    expect(documentValue(doc, 'text')).toBe('>> ello?!')
    expect(effective[0]).toEqual({ type: 'insert', text: '!', after: ids[4] })
    expect(effective[1]).toEqual({ type: 'delete', ids: [ids[0]] })
  })

  test('ids need no past, indices do', () => {
    const doc = document()
    doc.change(() => putDocument(doc, 'rga', [1, 2, 3], context))
    const root = rootOf(doc, 'rga')
    const ids = root instanceof Rga ? root.ids() : []
    asSeen(doc, 'rga', undefined, [{ type: 'delete', ids: [ids[1] as string] }])
    expect(documentValue(doc, 'rga')).toEqual([1, 3])
    expect(() => asSeen(doc, 'rga', undefined, [{ type: 'delete', index: 0 }])).toThrow(
      expect.objectContaining({ code: 'SINCE_COMPACTED' }),
    )
  })
})
