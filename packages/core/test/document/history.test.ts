/** The past of a document, and undo. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checksum32 } from '../../src/codec/checksum.ts'
import {
  boundedCounter,
  Doc,
  defineSchema,
  ewFlag,
  list,
  lww,
  orMap,
  orSet,
  pnCounter,
  struct,
  text,
  VersionVector,
} from '../../src/index.ts'
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

describe('what a document still has of its past', () => {
  it('brings back the state before a change that failed, also behind joined snapshots', () => {
    const [a, b, c] = [open('a'), open('b'), open('c')]
    a.change(({ body, items }) => {
      body.insert(0, 'of a')
      items.create().name.insert(0, 'one')
    })
    c.change(({ items }) => items.create().name.insert(0, 'two'))
    b.change(({ body }) => body.insert(0, 'of b '))
    for (const other of [a, c]) {
      b.apply(other.snapshot())
      b.change(({ items }) => items.move(0, items.length - 1))
    }
    const before = Buffer.from(b.snapshot())
    const failing = () =>
      b.change(({ body, items }) => {
        body.delete(0, 3)
        items.delete(0)
        throw new Error('of the caller')
      })
    expect(failing).toThrow('of the caller')
    expect(before.equals(b.snapshot())).toBe(true)
    expect(b.at(b.version()).toJSON()).toEqual(b.toJSON())
  })

  it('stays whole when a receiver transfers what it was given, if copies were asked for', () => {
    const doc = new Doc({ schema, incarnation: 'life', actor: testActor('a'), copies: true })
    const bytes = doc.change(({ body }) => body.insert(0, 'x')) as Uint8Array
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    expect(bytes.length).toBe(0)
    doc.change(({ body }) => body.insert(1, 'y'))
    expect(doc.at(doc.version()).root.body.toString()).toBe('xy')
  })

  it('refuses a stored snapshot with a byte changed, and one made to deceive at the first edit', () => {
    const doc = open('a')
    doc.change(({ body }) => body.insert(0, 'abc'))
    const snapshot = doc.snapshot()
    const load = (bytes: Uint8Array) => Doc.load(bytes, { schema, actor: testActor('b') })
    const damaged = snapshot.slice()
    damaged[damaged.length - 1]! ^= 1
    expect(refusal(() => load(damaged))?.code).toBe('CORE_DECODE_INVALID')
    const forged = snapshot.slice()
    // The parent of the only run: a left child of the root, which there is none of.
    forged[forged.length - 4] = 0
    const check = checksum32(forged, 0, 6)
    for (let i = 0; i < 4; i += 1) forged[2 + i] = check >>> (8 * i)
    const loaded = load(forged)
    expect(loaded.root.body.toString()).toBe('abc')
    const edit = () => loaded.change(({ body }) => body.insert(0, 'x'))
    expect([refusal(edit)?.code, refusal(edit)?.code]).toEqual(['CORE_DECODE_INVALID', 'CORE_DECODE_INVALID'])
    expect(loaded.root.body.toString()).toBe('abc')
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

  it('takes back writes, counts, additions, removals and keys of maps, only where they still show', () => {
    const all = defineSchema({
      title: lww<string>(),
      done: ewFlag(),
      votes: pnCounter(),
      stock: boundedCounter(),
      tags: orSet<string>(),
      cells: orMap(lww<number>()),
      notes: orMap(struct({ body: text(), tags: orSet<string>() })),
    })
    const start = (name: string) => new Doc({ schema: all, incarnation: 'life', actor: testActor(name) })
    const [a, b] = [start('a'), start('b')]
    const first = a.change((root) => {
      root.title.set('one')
      root.tags.add('old')
      root.cells.setLww('x', 1)
      root.notes.open('n').body.insert(0, 'note')
      root.notes.open('n').tags.add('t')
    })
    b.apply(first as Uint8Array)
    const before = a.toJSON()
    const undo = a.undoManager()
    a.change((root) => {
      root.title.set('two')
      root.title.set('three')
      root.done.enable()
      root.votes.increment(3)
      root.stock.increment(5)
      root.tags.remove('old')
      root.tags.add('new')
      root.cells.setLww('x', 2)
      root.cells.setLww('y', 3)
      root.notes.remove('n')
      root.notes.open('m').body.insert(0, 'other')
    })
    const after = a.toJSON()
    undo.undo()
    expect(a.toJSON()).toEqual({ ...(before as object), votes: 0, stock: 0 })
    undo.redo()
    expect(a.toJSON()).toEqual(after)
    a.change((root) => root.title.set('mine'))
    a.apply(b.change((root) => root.title.set('theirs'), { timeMicros: 9e15 }) as Uint8Array)
    undo.undo()
    expect(a.root.title.value).toBe('theirs')
  })

  it('of random changes leads back to where it began, and redo to where it ended', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(20), fc.nat(6)), { minLength: 1, maxLength: 25 }), (steps) => {
        const doc = open('a')
        doc.change(({ body, items, title }) => {
          title.set('')
          body.insert(0, 'the beginning')
          for (const name of ['one', 'two', 'three']) items.create().name.insert(0, name)
        })
        const before = JSON.stringify(doc.toJSON())
        const undo = doc.undoManager({ groupMs: 0 })
        for (const step of steps) doc.change((root) => edit(root, step))
        const after = JSON.stringify(doc.toJSON())
        while (undo.canUndo) undo.undo()
        expect(JSON.stringify(doc.toJSON())).toBe(before)
        while (undo.canRedo) undo.redo()
        expect(JSON.stringify(doc.toJSON())).toBe(after)
      }),
    )
  })
})

type Root = ReturnType<typeof open>['root']

function edit({ body, items, title }: Root, [kind, at, size]: readonly [number, number, number]): void {
  const from = at % (body.length + 1)
  const index = items.length === 0 ? 0 : at % items.length
  if (kind === 0) body.insert(from, 'abcdef'.slice(0, size))
  else if (kind === 1) body.delete(from, Math.min(size, body.length - from))
  else if (kind === 2) items.create(index).name.insert(0, `${size}`)
  else if (kind === 3 && items.length > 0) items.delete(index)
  else if (kind === 4 && items.length > 0) items.get(index)?.name.insert(0, '!')
  else title.set(`${at}`)
}
