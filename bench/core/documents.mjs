/**
 * The same types as fields of a document, 10,000 operations:
 *   `.txn`    all of them in one `doc.change`, whose bytes are taken;
 *   `.each`   one `doc.change` per operation, the bytes of each taken;
 *   `.apply`  those bytes applied one by one on another replica.
 */
import { Doc, defineSchema, gCounter, lww, orMap, orSet } from '../../packages/core/dist/index.js'
import { readRecord, writeRecord } from './floors.mjs'
import { actor, expect, expectBytes, strings } from './subject.mjs'

const OPS = 10_000
const incarnation = 'bench-incarnation'
const schema = defineSchema({ set: orSet(), map: orMap(), register: lww(), counter: gCounter() })
const texts = strings(OPS, 'value')

/** Per type: the operation on the document, the same on a plain `floor`, and whether the outcome is right. */
const kinds = {
  set: {
    mutate: (root, i) => root.set.add(texts[i]),
    size: (root) => root.set.size,
    floor: 'floor-map',
    plain: () => new Map(),
    set: (map, i) => map.set(texts[i], i),
    plainSize: (map) => map.size,
    expected: OPS,
  },
  map: {
    mutate: (root, i) => root.map.setLww(texts[i], i),
    size: (root) => root.map.size,
    floor: 'floor-map',
    plain: () => new Map(),
    set: (map, i) => map.set(texts[i], i),
    plainSize: (map) => map.size,
    expected: OPS,
  },
  register: {
    mutate: (root, i) => root.register.set(texts[i]),
    size: (root) => root.register.value,
    floor: 'floor-object',
    plain: () => ({ value: '', time: 0 }),
    set: (register, i) => {
      register.time += 1
      register.value = texts[i]
    },
    plainSize: (register) => register.value,
    expected: texts[OPS - 1],
  },
  counter: {
    mutate: (root) => root.counter.increment(),
    size: (root) => root.counter.value,
    floor: 'floor-typed-array',
    plain: () => new Float64Array(8),
    set: (counts) => {
      counts[0] += 1
    },
    plainSize: (counts) => counts[0],
    expected: OPS,
  },
}

const newDoc = (name) => new Doc({ schema, actor: actor(name), incarnation })

function changesOf({ mutate }) {
  const doc = newDoc('node1')
  return Array.from({ length: OPS }, (_, i) => doc.change((root) => mutate(root, i)))
}

function txn({ mutate, size, floor, plain, set, plainSize, expected }) {
  return [
    {
      name: 'joinery',
      ops: OPS,
      prepare: () => newDoc('node1'),
      run: (doc) => {
        const bytes = doc.change((root) => {
          for (let i = 0; i < OPS; i += 1) mutate(root, i)
        })
        return { doc, bytes }
      },
      check: ({ doc, bytes }) => {
        expect(size(doc.root), expected, 'document')
        expectBytes(bytes, 'change')
      },
    },
    {
      name: floor,
      ops: OPS,
      prepare: plain,
      run: (value) => {
        for (let i = 0; i < OPS; i += 1) set(value, i)
        return value
      },
      check: (value) => expect(plainSize(value), expected, 'floor'),
    },
  ]
}

function each({ mutate, size, plain, set, plainSize, expected }) {
  return [
    {
      name: 'joinery',
      ops: OPS,
      prepare: () => ({ doc: newDoc('node1'), sent: [] }),
      run: (start) => {
        for (let i = 0; i < OPS; i += 1) start.sent.push(start.doc.change((root) => mutate(root, i)))
        return start
      },
      check: ({ doc, sent }) => {
        expect(size(doc.root), expected, 'document')
        for (const bytes of sent) expectBytes(bytes, 'change')
      },
    },
    {
      name: 'floor-bytes',
      ops: OPS,
      prepare: () => ({ value: plain(), sent: [], id: actor().id }),
      run: (start) => {
        for (let i = 0; i < OPS; i += 1) {
          set(start.value, i)
          start.sent.push(writeRecord({ id: start.id, count: i }))
        }
        return start
      },
      check: ({ value }) => expect(plainSize(value), expected, 'floor'),
    },
  ]
}

function apply(kind) {
  const { size, plain, set, plainSize, expected } = kind
  const changes = changesOf(kind)
  const id = actor().id
  const records = Array.from({ length: OPS }, (_, count) => writeRecord({ id, count }))
  return [
    {
      name: 'joinery',
      ops: OPS,
      prepare: () => newDoc('node2'),
      run: (doc) => {
        for (let i = 0; i < OPS; i += 1) doc.apply(changes[i])
        return doc
      },
      check: (doc) => expect(size(doc.root), expected, 'document'),
    },
    {
      name: 'floor-bytes',
      ops: OPS,
      prepare: plain,
      run: (value) => {
        for (let i = 0; i < OPS; i += 1) set(value, readRecord(records[i]).count)
        return value
      },
      check: (value) => expect(plainSize(value), expected, 'floor'),
    },
  ]
}

export const docCases = Object.entries(kinds).flatMap(([name, kind]) => [
  { name: `doc.${name}.txn`, subjects: () => txn(kind) },
  { name: `doc.${name}.each`, subjects: () => each(kind) },
  { name: `doc.${name}.apply`, subjects: () => apply(kind) },
])
