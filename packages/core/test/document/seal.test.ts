/** Local changes are signed before anybody sees them, and are a chain of what was signed. */
import { describe, expect, test } from 'vitest'
import { Doc, defineSchema, limits, list, openChange, orSet, readChange, text, Writer } from '../../src/index.ts'
import { testActor } from '../fuzz/actors.ts'

const SIGNATURE = 8
const blank = new Uint8Array(SIGNATURE)

function sealed(sign = (change: Uint8Array): void => void change.fill(7, at(change), at(change) + SIGNATURE)) {
  const doc = new Doc({ actor: testActor('a'), incarnation: 'life' })
  doc.sealWith({ signature: blank, sign })
  return { doc, add: (elem: string) => doc.change(() => doc.field('tags', orSet<string>()).add(elem)) as Uint8Array }
}

/** Where the signature of a change begins. */
function at(change: Uint8Array): number {
  return openChange(change).payloadAt - SIGNATURE
}

describe('a seal', () => {
  test('signs each change over its blank, beside a note, and the chain is over what was signed', () => {
    const { doc, add } = sealed()
    const heard: Uint8Array[] = []
    doc.subscribe(({ bytes }) => void (bytes && heard.push(bytes.slice())))
    const changes = [add('1').slice(), add('2').slice()]
    const noted = doc.change(() => doc.field('tags', orSet<string>()).add('3'), { author: 'me' }) as Uint8Array
    changes.push(noted.slice())
    expect(heard).toEqual(changes)
    const read = changes.map(readChange)
    expect(read.map(({ header }) => header.signature)).toEqual([1, 2, 3].map(() => new Uint8Array(SIGNATURE).fill(7)))
    expect(read[2]?.header.author).toBe('me')
    expect(read.map(({ header }) => header.previous)).toEqual([0, read[0]?.check, read[1]?.check])
    const other = Doc.load(changes, { actor: testActor('b') })
    expect(other.version().get(testActor('a').id)).toBe(3)
    expect(blank.every((byte) => byte === 0)).toBe(true)
  })

  test('that fails undoes the change', () => {
    let fails = true
    const { doc, add } = sealed(() => {
      if (fails) throw new Error('no key')
    })
    expect(() => add('lost')).toThrow('no key')
    expect(doc.toJSON()).toEqual({})
    fails = false
    expect(openChange(add('kept')).header.first).toBe(1)
    expect(doc.toJSON()).toEqual({ tags: ['kept'] })
  })
})

describe('an actor that was ended: a change that owns all its dots from one on', () => {
  /** As whoever ends an actor writes it: docs/REPLICATION.md, forks. */
  function voidChange(actor: string, first: number, check: number): Uint8Array {
    const writer = new Writer(64)
    writer.byte(0x13)
    writer.varint(0)
    writer.string('life')
    writer.varint(1)
    writer.string(actor)
    writer.varint(first)
    writer.varint(limits.dotCounterMax - first + 1)
    for (let shift = 0; shift < 32; shift += 8) writer.byte((check >>> shift) & 255)
    for (let zeros = 3; zeros > 0; zeros -= 1) writer.varint(0)
    return writer.finish()
  }

  test('leaves what others wrote beside it in its place, the same everywhere', () => {
    const schema = defineSchema({ body: text(), items: list<string>() })
    const open = (name: string) => new Doc({ schema, actor: testActor(name), incarnation: 'life' })
    const [ended, a, b] = [open('ended'), open('a'), open('b')]
    const first = ended.change(({ body, items }) => {
      body.insert(0, 'kept ')
      items.push('kept')
    }) as Uint8Array
    const kept = first.slice()
    const lost = (
      ended.change(({ body, items }) => {
        body.insert(body.length, 'lost')
        items.push('lost')
      }) as Uint8Array
    ).slice()
    const later = [a, b].map((doc, i) => {
      doc.apply(kept)
      doc.apply(lost)
      const bytes = doc.change(({ body, items }) => {
        body.insert(body.length, ` by ${i}`)
        body.insert(body.length, '!')
        items.push(`by ${i}`)
      })
      return (bytes as Uint8Array).slice()
    })
    const { id } = testActor('ended')
    const nothing = voidChange(id, readChange(kept).header.length + 1, readChange(kept).check)
    const [one, other] = [later, later.toReversed()].map((order) => {
      const doc = open('c')
      for (const bytes of [kept, nothing, ...order]) doc.apply(bytes)
      return doc
    }) as [ReturnType<typeof open>, ReturnType<typeof open>]
    expect(one.toJSON()).toMatchObject({ body: expect.stringMatching(/^(?=.*kept )(?=.* by 0!)(?=.* by 1!)/) })
    expect([...one.root.items.values()].toSorted()).toEqual(['by 0', 'by 1', 'kept'])
    expect(other.snapshot()).toEqual(one.snapshot())
    const loaded = Doc.load(one.snapshot(), { schema, actor: testActor('d') })
    expect(loaded.toJSON()).toEqual(one.toJSON())
    expect(one.apply(lost).duplicates).toBe(1)
  })
})
