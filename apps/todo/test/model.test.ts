/** What becomes of a list that two change without seeing each other. */
import { Doc } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { describe, expect, it } from 'vitest'
import { filterItems, tagsIn } from '../src/model/filter.ts'
import {
  addItem,
  addTag,
  checkItem,
  itemsOf,
  type ListRoot,
  moveItem,
  notesOf,
  removeItem,
  removeTag,
  renameItem,
} from '../src/model/items.ts'
import { initialsOf, isKnown, join, leave, membersOf } from '../src/model/people.ts'
import { parseItems, parseTag } from '../src/model/quick-add.ts'
import { listSchema } from '../src/model/schema.ts'

type List = Doc<(typeof listSchema)['fields']>

const newList = (name: string): List => new Doc({ schema: listSchema, actor: newActor(name), incarnation: 'list' })

/** Both do something, then see what the other did. */
function apart(ann: List, bo: List, byAnn: (root: ListRoot) => void, byBo: (root: ListRoot) => void): void {
  const [first, second] = [ann.change(byAnn), bo.change(byBo)]
  if (second) ann.apply(second)
  if (first) bo.apply(first)
  expect(ann.versionHash()).toBe(bo.versionHash())
}

function together(...titles: string[]): readonly [List, List] {
  const [ann, bo] = [newList('ann'), newList('bo')]
  const change = ann.change((root) => {
    for (const [i, title] of titles.entries()) addItem(root, { id: title, title, tags: [] }, i)
  })
  if (change) bo.apply(change)
  return [ann, bo]
}

const titles = (list: List) => itemsOf(list.root).map(({ title }) => title)

describe('a list', () => {
  it.each([
    ['renames', (root: ListRoot) => renameItem(root, 'milk', 'Oat milk'), { title: 'Oat milk' }],
    ['checks', (root: ListRoot) => checkItem(root, 'milk', true), { done: true }],
    ['tags', (root: ListRoot) => addTag(root, 'milk', 'cold'), { tags: ['cold'] }],
  ] as const)('keeps an item whole that one removes while another %s it', (_, edit, shown) => {
    const [ann, bo] = together('bread', 'milk', 'eggs')
    ann.change((root) => notesOf(root, 'milk').insert(0, 'two litres'))
    bo.apply(ann.changesSince(bo.version()))
    apart(ann, bo, (root) => removeItem(root, 'milk'), edit)
    expect(itemsOf(ann.root).map(({ id }) => id)).toEqual(['bread', 'milk', 'eggs'])
    const item = { id: 'milk', title: 'milk', done: false, tags: [], notes: 'two litres', ...shown }
    expect(itemsOf(ann.root)[1]).toEqual(item)
  })

  it('is without an item that somebody removes and nobody edits', () => {
    const [ann, bo] = together('bread', 'milk')
    apart(
      ann,
      bo,
      (root) => removeItem(root, 'milk'),
      (root) => checkItem(root, 'bread', true),
    )
    expect(titles(bo)).toEqual(['bread'])
  })

  it('has what two add at once, each in one piece, and each item once where two move it', () => {
    const [ann, bo] = together('one', 'two', 'three')
    apart(
      ann,
      bo,
      (root) => moveItem(root, 'one', 'three'),
      (root) => moveItem(root, 'one', 'two'),
    )
    expect(titles(ann).toSorted()).toEqual(['one', 'three', 'two'])
    apart(
      ann,
      bo,
      (root) => ['a', 'b'].forEach((id, i) => void addItem(root, { id, title: id, tags: [] }, i)),
      (root) => ['x', 'y'].forEach((id, i) => void addItem(root, { id, title: id, tags: [] }, i)),
    )
    expect(['abxy', 'xyab']).toContain(titles(ann).slice(0, 4).join(''))
  })

  it('moves what stands nowhere yet, and keeps the place of what comes back', () => {
    const [ann] = together('one', 'two', 'three')
    ann.change((root) => {
      root.items.add('loose')
      root.details.open('loose').setLww('title', 'loose')
    })
    expect(titles(ann)).toEqual(['one', 'two', 'three', 'loose'])
    ann.change((root) => moveItem(root, 'loose', 'two'))
    expect(titles(ann)).toEqual(['one', 'loose', 'two', 'three'])
    ann.change((root) => removeItem(root, 'loose'))
    ann.change((root) => renameItem(root, 'loose', 'back'))
    expect(titles(ann)).toEqual(['one', 'back', 'two', 'three'])
  })

  it('shows what is no text, or no mark, as none', () => {
    const [ann] = together('one')
    ann.change((root) => {
      root.items.add('odd')
      root.details.open('odd').setLww('title', { not: 'text' })
      root.details.open('odd').setLww('done', 'yes')
      root.details.open('odd').setLww('tags', [7])
      root.members.add('eve')
      root.people.setLww('eve', { name: ' ', colour: 1e9 })
    })
    expect(itemsOf(ann.root)[1]).toMatchObject({ title: '', done: false, tags: ['7'] })
    expect(membersOf(ann.root)).toEqual([{ id: 'eve', name: 'Somebody', colour: 0 }])
  })

  it('knows who joined, by the name they have now', () => {
    const [ann] = together()
    const me = { name: 'Ann Lee', colour: 3 }
    expect(isKnown(ann.root, 'd1', me)).toBe(false)
    ann.change((root) => join(root, 'd1', me))
    expect([isKnown(ann.root, 'd1', me), isKnown(ann.root, 'd1', { ...me, name: 'Ann' })]).toEqual([true, false])
    ann.change((root) => leave(root, 'd1'))
    expect(membersOf(ann.root)).toEqual([])
    expect([initialsOf('Ann Lee'), initialsOf('bo'), initialsOf('Ann van Lee')]).toEqual(['AL', 'B', 'AL'])
  })

  it('is searched by words wherever they stand, and filtered by tag', () => {
    const [ann] = together('Rope', 'Lamp oil')
    ann.change((root) => {
      addTag(root, 'Rope', 'gear')
      addTag(root, 'Lamp oil', 'gear')
      addTag(root, 'Lamp oil', 'food')
      removeTag(root, 'Lamp oil', 'food')
      notesOf(root, 'Rope').insert(0, 'Ten metres')
    })
    const items = itemsOf(ann.root)
    const found = (search: string, tag?: string) => filterItems(items, { search, tag }).map(({ title }) => title)
    expect(found('METRES #gear')).toEqual(['Rope'])
    expect(found('gear', 'gear')).toEqual(['Rope', 'Lamp oil'])
    expect(found('', 'food')).toEqual([])
    expect(filterItems(items, { search: ' ', tag: undefined })).toBe(items)
    expect(tagsIn(items)).toEqual(['gear'])
  })
})

describe('what is typed', () => {
  it.each([
    ['Milk', [{ title: 'Milk', tags: [] }]],
    ['Milk #Food #cold', [{ title: 'Milk', tags: ['food', 'cold'] }]],
    ['C# book', [{ title: 'C# book', tags: [] }]],
    ['#only', []],
    ['  ', []],
    [
      '- [x] One\n* Two #b #b\r\n\n• Drei',
      [
        { title: 'One', tags: [] },
        { title: 'Two', tags: ['b'] },
        { title: 'Drei', tags: [] },
      ],
    ],
    ['-5 degrees', [{ title: '-5 degrees', tags: [] }]],
    ['x'.repeat(600), [{ title: 'x'.repeat(500), tags: [] }]],
  ])('%j becomes items', (typed, items) => {
    expect(parseItems(typed)).toEqual(items)
  })

  it('becomes a tag', () => {
    expect(['#Big Trip ', '##a', ' # ', 'y'.repeat(50)].map(parseTag)).toEqual([
      'big-trip',
      'a',
      undefined,
      'y'.repeat(40),
    ])
  })
})
