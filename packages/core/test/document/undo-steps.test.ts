/** Steps of undo that outlive the process: kept as JSON, and handed to the document when it is loaded again. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  Doc,
  defineSchema,
  ewFlag,
  type JsonValue,
  list,
  lww,
  orMap,
  orSet,
  pnCounter,
  struct,
  text,
  type UndoManager,
} from '../../src/index.ts'
import { testActor } from '../fuzz/actors.ts'
import { refusal } from '../fuzz/harness.ts'

const record = struct({ name: text(), tags: orSet<string>(), votes: pnCounter() })
const schema = defineSchema({
  title: lww<string>(),
  body: text(),
  items: list(record),
  values: list(),
  cells: orMap(lww<JsonValue>()),
  notes: orMap(record),
  tags: orSet<JsonValue>(),
  votes: pnCounter(),
  open: ewFlag(),
})
type Root = Doc<(typeof schema)['fields']>['root']

const open = (name: string) => new Doc({ schema, incarnation: 'life', actor: testActor(name) })

interface Session {
  doc: ReturnType<typeof open>
  undo: UndoManager
}

const begin = (doc: Session['doc'], steps?: JsonValue): Session => ({
  doc,
  undo: doc.undoManager({ groupMs: 0, ...(steps !== undefined && { steps }) }),
})

/** The same in another process: from bytes and text. */
function reopened({ doc, undo }: Session): Session {
  const steps = JSON.parse(JSON.stringify(undo.steps())) as JsonValue
  return begin(Doc.load([doc.snapshot()], { schema, actor: testActor('a') }), steps)
}

function edit(root: Root, [kind, at, size]: readonly [number, number, number]): void {
  const { body, items, values, cells, notes, tags, votes } = root
  const key = ['x', 'y', 'z'][at % 3] as string
  const spot = (length: number): number => (length === 0 ? 0 : at % length)
  const edits = [
    () => body.insert(at % (body.length + 1), 'abcdef'.slice(0, size)),
    () => body.delete(at % (body.length + 1), Math.min(size, body.length - (at % (body.length + 1)))),
    () => items.create(spot(items.length)).name.insert(0, `${size}`),
    () => items.length > 0 && items.delete(spot(items.length)),
    () => items.length > 0 && items.get(spot(items.length))?.name.insert(0, '!'),
    () => items.length > 0 && items.get(spot(items.length))?.tags.add(key),
    () => items.length > 1 && items.move(spot(items.length), size % items.length),
    () => values.insert(spot(values.length), { at }, size),
    () => values.length > 0 && values.delete(spot(values.length)),
    () => cells.setLww(key, { size }),
    () => cells.remove(key),
    () => notes.open(key).votes.increment(size + 1),
    () => notes.open(key).name.insert(0, 'n'),
    () => notes.remove(key),
    () => tags.add({ key }),
    () => tags.remove({ key }),
    () => votes.increment(size + 1),
    () => root.open.enable(),
    () => root.title.set(`${at}`),
  ]
  edits[kind]?.()
}
const KINDS = 19

describe('steps that were kept', () => {
  it('lead back and forth as those of the first process do, wherever it ends', () => {
    const changes = fc.array(fc.tuple(fc.nat(KINDS - 1), fc.nat(20), fc.nat(6)), { minLength: 1, maxLength: 25 })
    fc.assert(
      fc.property(changes, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (steps, ends) => {
        const shown = (mayEnd: boolean): string[] => {
          let session = begin(open('a'))
          const seen: string[] = []
          const take = (): void => {
            seen.push(JSON.stringify(session.doc.toJSON()))
            if (mayEnd && ends[seen.length % ends.length]) session = reopened(session)
          }
          session.doc.change(({ body, items }) => {
            body.insert(0, 'the beginning')
            for (const name of ['one', 'two', 'three']) items.create().name.insert(0, name)
          })
          for (const step of steps) {
            session.doc.change((root) => edit(root, step))
            take()
          }
          for (let turn = 0; turn < 2; turn += 1) {
            for (; session.undo.canUndo; take()) session.undo.undo()
            for (; session.undo.canRedo; take()) session.undo.redo()
          }
          return seen
        }
        expect(shown(true)).toEqual(shown(false))
      }),
      { numRuns: process.env.JOINERY_SOAK ? 2_000 : 30 },
    )
  })

  it('leave alone what others wrote, and bring back what was deleted among it', () => {
    const [a, b] = [begin(open('a')), open('b')]
    const share = (bytes: Uint8Array | undefined): void => void (bytes && b.apply(bytes))
    share(a.doc.change(({ body }) => body.insert(0, 'one two')))
    share(a.doc.change(({ body }) => body.delete(0, 4)))
    a.doc.apply(b.change(({ body }) => body.insert(3, '!')) as Uint8Array)
    const later = reopened(a)
    share(later.undo.undo())
    expect(later.doc.root.body.toString()).toBe('one two!')
    share(later.undo.undo())
    expect([later.doc.root.body.toString(), b.root.body.toString()]).toEqual(['!', '!'])
  })

  it('hold under another actor too, and for all actors before it', () => {
    const session = begin(open('a'))
    session.doc.change((root) => {
      root.title.set('one')
      root.body.insert(0, 'text')
    })
    const steps = session.undo.steps()
    const other = begin(Doc.load([session.doc.snapshot()], { schema, actor: testActor('c') }), steps)
    other.doc.change((root) => root.title.set('two'))
    const last = begin(Doc.load([other.doc.snapshot()], { schema, actor: testActor('d') }), other.undo.steps())
    last.undo.undo()
    expect(last.doc.root.title.value).toBe('one')
    last.undo.undo()
    expect([last.doc.root.title.value ?? null, last.doc.root.body.toString()]).toEqual([null, ''])
  })

  it('are the youngest, where not all are wanted', () => {
    const session = begin(open('a'))
    for (const letter of 'abc') session.doc.change(({ body }) => body.insert(body.length, letter))
    const later = begin(Doc.load([session.doc.snapshot()], { schema, actor: testActor('a') }), session.undo.steps(2))
    while (later.undo.canUndo) later.undo.undo()
    expect(later.doc.root.body.toString()).toBe('a')
    expect(session.undo.steps(0)).toMatchObject({ done: [], undone: [] })
  })

  it.each([
    null,
    'steps',
    {},
    { format: 2, done: [], undone: [], copies: [], actors: [] },
    { format: 1, done: [[1]], undone: [], copies: [], actors: [] },
    { format: 1, done: [[1, [[['title', 7], []]]]], undone: [], copies: [], actors: [] },
    { format: 1, done: [], undone: [], copies: [['1', '2', 1]], actors: [] },
    { format: 1, done: [], undone: [], copies: [], actors: [1] },
    { format: 1, done: [], undone: [], copies: [['1@a', '2@a', 0]], actors: [] },
    { format: 1, done: [], undone: [], copies: [['1@a', '2@a', 1e15]], actors: [] },
    { format: 1, done: [], undone: [], copies: [['1@a', '2@a', '1']], actors: [] },
  ])('are refused when they are none: %j', (steps) => {
    const doc = open('a')
    expect(refusal(() => doc.undoManager({ steps })).code).toBe('CORE_VALUE_INVALID')
    expect(doc.undoManager().canUndo).toBe(false)
  })
})
