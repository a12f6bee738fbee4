import { describe, expect, it } from 'vitest'
import {
  Doc,
  defineSchema,
  list,
  lww,
  openChange,
  orMap,
  orSet,
  pnCounter,
  restampChanges,
  text,
} from '../src/index.ts'
import { testActor } from './fuzz/actors.ts'
import { refusal } from './fuzz/harness.ts'

const schema = defineSchema({
  title: lww<string>(),
  tags: orSet<string>(),
  votes: pnCounter(),
  map: orMap(),
  body: text(),
  items: list<string>(),
})

function begin(name: string, incarnation: string): { doc: Doc<(typeof schema)['fields']>; changes: Uint8Array[] } {
  const doc = new Doc({ schema, actor: testActor(name), incarnation, copies: true })
  const changes: Uint8Array[] = []
  doc.subscribe(({ bytes }) => bytes && changes.push(bytes))
  for (let i = 0; i < 5; i += 1) {
    doc.change((root) => {
      root.title.set(`${name} ${i}`)
      root.tags.add(`${name} ${i}`)
      root.tags.remove(`${name} ${i - 2}`)
      root.votes.increment(1)
      root.map.setLww('key', i)
      root.body.insert(0, `${i}`)
      root.items.push(`${name} ${i}`)
    })
  }
  return { doc, changes }
}

describe('changes restamped', () => {
  it('into another life of the document merge with what is there, as if made beside it', () => {
    const there = begin('a', 'first')
    const here = begin('b', 'second')
    const moved = restampChanges(here.changes, { incarnation: 'first' })
    for (const bytes of moved) there.doc.apply(bytes)
    expect(there.doc.root.votes.value).toBe(10)
    expect(there.doc.root.items.length).toBe(10)
    const other = new Doc({ schema, actor: testActor('c'), incarnation: 'first' })
    for (const bytes of [...moved, ...there.changes]) other.apply(bytes)
    expect(other.snapshot()).toEqual(there.doc.snapshot())
  })

  it('carry another time, in what they wrote, too', () => {
    const { changes } = begin('a', 'life')
    const shifted = restampChanges(changes, { timeMicros: (before) => before - 1000 })
    expect(shifted.map((bytes) => openChange(bytes).header.timeMicros)).toEqual(
      changes.map((bytes) => openChange(bytes).header.timeMicros - 1000),
    )
    const doc = new Doc({ schema, actor: testActor('b'), incarnation: 'life' })
    const timeMaxMicros = openChange(shifted.at(-1) as Uint8Array).header.timeMicros
    for (const bytes of shifted) doc.apply(bytes, { timeMaxMicros })
    expect(doc.root.title.value).toBe('a 4')
  })

  it('without anything new are the same bytes', () => {
    const { changes } = begin('a', 'life')
    expect(restampChanges(changes, {})).toEqual(changes)
  })

  it('are refused when they are signed', () => {
    const doc = new Doc({ schema, actor: testActor('a'), incarnation: 'life' })
    const bytes = doc.change((root) => root.title.set('x'), { signature: new Uint8Array(8) }) as Uint8Array
    expect(refusal(() => restampChanges([bytes], { incarnation: 'other' }))?.code).toBe('CORE_PRECONDITION_FAILED')
  })
})
