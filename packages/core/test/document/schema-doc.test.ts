/** Documents that know the types of their schema only. */
import { describe, expect, it } from 'vitest'
import {
  allTypes,
  Doc,
  defineSchema,
  ewFlag,
  list,
  lww,
  orMap,
  pnCounter,
  SchemaDoc,
  struct,
  text,
} from '../../src/index.ts'
import { testActor } from '../fuzz/actors.ts'
import { refusal } from '../fuzz/harness.ts'

const INCARNATION = 'life'
const schema = defineSchema({
  body: text(),
  cells: orMap(struct({ log: list(lww<string>()) })),
})
const wider = defineSchema({ body: text(), votes: pnCounter() })

const open = (name: string) => new SchemaDoc({ schema, actor: testActor(name), incarnation: INCARNATION })

describe('SchemaDoc', () => {
  it('takes in all that its schema names, however deep, and is equal to a Doc', () => {
    const doc = new Doc({ schema, actor: testActor('a'), incarnation: INCARNATION })
    doc.change(({ body, cells }) => {
      body.insert(0, 'text')
      cells.open('k').log.create(0).set('line')
    })
    const narrow = open('b')
    for (const bytes of [doc.changesSince(narrow.version())!, doc.snapshot()]) narrow.apply(bytes)
    expect(narrow.toJSON()).toEqual({ body: 'text', cells: { k: { log: ['line'] } } })
    expect(narrow.snapshot()).toEqual(doc.snapshot())
    const loaded = SchemaDoc.load(doc.snapshot(), { schema, actor: testActor('c') })
    loaded.change(({ body }) => body.insert(4, '!'))
    expect(loaded.at(doc.version()).toJSON()).toEqual(doc.toJSON())
  })

  it('keeps changes of types it was not told of, and refuses what it would lose them by', () => {
    const doc = new Doc({ schema: wider, actor: testActor('a'), incarnation: INCARNATION })
    const bytes = doc.change(({ body, votes }) => {
      body.insert(0, 'text')
      votes.increment()
    })!
    const narrow = open('b')
    expect(narrow.apply(bytes).changed).toBe(true)
    expect(narrow.toJSON()).toEqual({ body: 'text' })
    expect(refusal(() => narrow.snapshot())?.code).toBe('CORE_FORMAT_UNSUPPORTED')
    expect(refusal(() => open('c').apply(doc.snapshot()))?.code).toBe('CORE_FORMAT_UNSUPPORTED')
    const other = new Doc({ schema: wider, actor: testActor('d'), incarnation: INCARNATION })
    other.apply(narrow.changesSince(other.version())!)
    expect(other.toJSON()).toEqual(doc.toJSON())
  })

  it('takes a table of types, as does a Doc', () => {
    const doc = new Doc({ schema: wider, actor: testActor('a'), incarnation: INCARNATION })
    doc.change(({ votes }) => votes.increment(3))
    const told = new SchemaDoc({ schema, types: allTypes, actor: testActor('b'), incarnation: INCARNATION })
    told.apply(doc.snapshot())
    expect(told.toJSON()).toEqual({ votes: 3 })
    const none = new Doc({ types: () => undefined, actor: testActor('c'), incarnation: INCARNATION })
    expect(refusal(() => none.apply(doc.snapshot()))?.code).toBe('CORE_FORMAT_UNSUPPORTED')
  })

  it('undoes', () => {
    const doc = open('a')
    const undo = doc.undoManager({ groupMs: 0 })
    doc.change(({ cells }) => cells.open('k').log.create(0).set('line'))
    doc.change(({ cells }) => cells.remove('k'))
    undo.undo()
    expect(doc.toJSON()).toEqual({ cells: { k: { log: ['line'] } } })
  })

  it('brings back a flag that was off', () => {
    const flags = defineSchema({ flags: orMap(ewFlag()) })
    const doc = new SchemaDoc({ schema: flags, actor: testActor('a'), incarnation: INCARNATION })
    const undo = doc.undoManager({ groupMs: 0 })
    doc.change(({ flags }) => flags.open('off').disable())
    doc.change(({ flags }) => flags.remove('off'))
    undo.undo()
    expect(doc.toJSON()).toEqual({ flags: { off: false } })
  })
})
