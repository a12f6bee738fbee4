/** The past of a document, and undo. */
import { describe, expect, it } from 'vitest'
import { Doc, defineSchema, list, lww, struct, text, VersionVector } from '../../src/index.ts'
import { testActor } from '../fuzz/actors.ts'
import { refusal } from '../fuzz/harness.ts'

const schema = defineSchema({
  title: lww<string>(),
  body: text(),
  items: list(struct({ name: text(), done: lww<boolean>() })),
})
const open = (name: string) => new Doc({ schema, incarnation: 'life', actor: testActor(name) })

describe('history', () => {
  it('shows the document as it was', () => {
    const doc = open('a')
    const versions = ['one', 'two', 'three'].map((word) => {
      doc.change(({ body }) => body.insert(body.length, word))
      return doc.version()
    })
    expect(versions.map((version) => doc.at(version).root.body.toString())).toEqual(['one', 'onetwo', 'onetwothree'])
    expect(doc.at(new VersionVector()).toJSON()).toEqual({})
    expect(doc.diff(versions[0]!, versions[2]!)).toEqual([
      { type: 'insert', path: ['body'], index: 3, value: 'two' },
      { type: 'insert', path: ['body'], index: 6, value: 'three' },
    ])
    expect(doc.diff(versions[1]!, versions[1]!)).toEqual([])
  })

  it('refuses versions it does not have, and differences backwards', () => {
    const doc = open('a')
    doc.change(({ body }) => body.insert(0, 'x'))
    const before = doc.version()
    doc.change(({ body }) => body.insert(1, 'y'))
    expect(refusal(() => doc.diff(doc.version(), before))?.code).toBe('CORE_PRECONDITION_FAILED')
    doc.compact()
    expect(refusal(() => doc.at(before))?.code).toBe('CORE_PRECONDITION_FAILED')
    expect(doc.at(doc.version()).root.body.toString()).toBe('xy')
    const other = open('b')
    expect(refusal(() => other.at(before))?.code).toBe('CORE_PRECONDITION_FAILED')
  })
})

describe('undo', () => {
  it('takes back what was typed and deleted, and does it again', () => {
    const doc = open('a')
    const undo = doc.undoManager({ groupMs: 0 })
    doc.change(({ body }) => body.insert(0, 'hello world'))
    doc.change(({ body }) => body.delete(0, 6))
    expect(undo.undo()).toBeInstanceOf(Uint8Array)
    expect(doc.root.body.toString()).toBe('hello world')
    undo.undo()
    expect([doc.root.body.toString(), undo.canUndo, undo.canRedo]).toEqual(['', false, true])
    undo.redo()
    expect(doc.root.body.toString()).toBe('hello world')
    undo.redo()
    expect([doc.root.body.toString(), undo.canRedo]).toEqual(['world', false])
    undo.undo()
    doc.change(({ body }) => body.insert(0, '> '))
    expect([doc.root.body.toString(), undo.canRedo]).toEqual(['> hello world', false])
  })

  it('leaves alone what others wrote', () => {
    const [a, b] = [open('a'), open('b')]
    const undo = a.undoManager()
    b.apply(a.change(({ body }) => body.insert(0, 'mine')) as Uint8Array)
    a.apply(b.change(({ body }) => body.insert(2, '-theirs-')) as Uint8Array)
    b.apply(undo.undo() as Uint8Array)
    expect([a.root.body.toString(), b.root.body.toString()]).toEqual(['-theirs-', '-theirs-'])
    b.apply(undo.redo() as Uint8Array)
    expect(a.root.body.toString()).toBe(b.root.body.toString())
    expect(a.root.body.toString()).toContain('-theirs-')
  })

  it('brings back an element with what was inside, and takes back a move', () => {
    const doc = open('a')
    doc.change(({ items }) => {
      for (const name of ['one', 'two', 'three']) {
        const item = items.create()
        item.name.insert(0, name)
        item.done.set(true)
      }
    })
    const undo = doc.undoManager({ groupMs: 0 })
    const before = doc.toJSON()
    doc.change(({ items }) => items.delete(1))
    undo.undo()
    expect(doc.toJSON()).toEqual(before)
    doc.change(({ items }) => items.move(0, 2))
    undo.undo()
    expect(doc.toJSON()).toEqual(before)
    undo.redo()
    expect(doc.root.items.get(2)?.name.toString()).toBe('one')
  })

  it('groups what is done in one go', () => {
    const doc = open('a')
    const undo = doc.undoManager({ groupMs: 10_000 })
    for (const letter of 'abc') doc.change(({ body }) => body.insert(body.length, letter))
    undo.stopGrouping()
    doc.change(({ body }) => body.insert(3, '!'))
    undo.undo()
    expect(doc.root.body.toString()).toBe('abc')
    undo.undo()
    expect(doc.root.body.toString()).toBe('')
    expect(undo.undo()).toBeUndefined()
  })
})
