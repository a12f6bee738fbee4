/** Two histories under one actor: a clone, a restored backup. Never merged in silence. */
import { type CoreError, Doc, defineSchema, encodeBundle, gCounter, orSet, readChange, text } from '@joinery/core'
import { testActor } from '@joinery/testing'
import { describe, expect, test } from 'vitest'

const schema = defineSchema({ tags: orSet<string>(), votes: gCounter() })
const refused = (code: CoreError['code']) => expect.objectContaining({ code })
const open = (name: string) => new Doc({ schema, incarnation: 'life', actor: testActor(name) })

/** One actor, two copies of its store, each of which writes. */
function forked() {
  const original = open('a')
  const common = original.change(({ tags }) => tags.add('common')) as Uint8Array
  const clone = Doc.load(original.snapshot(), { schema, actor: testActor('a') })
  const left = original.change(({ tags }) => tags.add('left')) as Uint8Array
  const right = clone.change(({ tags }) => tags.add('right')) as Uint8Array
  return { original, clone, common, left, right }
}

describe('a fork with equal counters', () => {
  test('has equal vectors and different version hashes', () => {
    const { original, clone } = forked()
    expect(original.version().toJSON()).toEqual(clone.version().toJSON())
    expect(original.versionHash()).not.toBe(clone.versionHash())
  })

  test('is refused as a change, in a bundle and as a snapshot, and changes nothing', () => {
    const { clone, common, left, right } = forked()
    const reader = open('b')
    reader.apply(common)
    reader.apply(left)
    const before = reader.snapshot()
    for (const bytes of [right, encodeBundle([common, right]), clone.snapshot()]) {
      expect(() => reader.apply(bytes)).toThrow(refused('CORE_ACTOR_FORKED'))
      expect(reader.snapshot()).toEqual(before)
    }
  })

  test('is refused where the log is gone and the last change is known by its check alone', () => {
    const { original, clone, left, right } = forked()
    const reader = Doc.load(original.snapshot(), { schema, actor: testActor('b') })
    const before = reader.snapshot()
    const next = clone.change(({ tags }) => tags.add('more')) as Uint8Array
    for (const bytes of [right, encodeBundle([right, next])]) {
      expect(() => reader.apply(bytes)).toThrow(refused('CORE_ACTOR_FORKED'))
      expect(reader.snapshot()).toEqual(before)
    }
    expect(reader.apply(left)).toMatchObject({ duplicates: 1, changed: false })
  })

  test('is refused by what follows it, whose chain check names another change', () => {
    const { clone, common, left } = forked()
    const next = clone.change(({ tags }) => tags.add('more')) as Uint8Array
    const reader = open('b')
    reader.apply(common)
    reader.apply(left)
    expect(() => reader.apply(next)).toThrow(refused('CORE_ACTOR_FORKED'))
  })

  test('that waits for what it contradicts is reported when that arrives, and stops nothing else', () => {
    const { clone, common, left, right } = forked()
    const next = clone.change(({ tags }) => tags.add('more')) as Uint8Array
    const other = open('c')
    other.apply(common)
    const innocent = other.change(({ votes }) => votes.increment()) as Uint8Array
    const reader = open('b')
    reader.apply(next)
    reader.apply(innocent)
    expect(reader.apply(left).waiting).toBe(3)
    const { applied, refused: dropped } = reader.apply(common)
    expect(applied.length).toBe(3)
    expect(dropped.map(({ first }) => first)).toEqual([readChange(next).header.first])
    expect(reader.toJSON()).toEqual({ tags: ['common', 'left'], votes: 1 })
    expect(() => reader.apply(right)).toThrow(refused('CORE_ACTOR_FORKED'))
  })
})

describe('an actor without its state', () => {
  test('is told by the first change, bundle or snapshot that knows more of it', () => {
    const { original, common, left } = forked()
    for (const bytes of [common, encodeBundle([common, left]), original.snapshot()]) {
      const reborn = open('a')
      expect(() => reborn.apply(bytes)).toThrow(refused('CORE_ACTOR_REUSED'))
      expect(reborn.toJSON()).toEqual({})
    }
  })

  test('that has written as much already is told that its history is another', () => {
    const { original, common } = forked()
    const reborn = open('a')
    reborn.change(({ tags }) => tags.add('again'))
    expect(() => reborn.apply(common)).toThrow(refused('CORE_ACTOR_FORKED'))
    reborn.change(({ tags }) => tags.add('and again'))
    expect(() => reborn.apply(original.snapshot())).toThrow(refused('CORE_ACTOR_FORKED'))
    expect(() => original.apply(reborn.snapshot())).toThrow(refused('CORE_ACTOR_FORKED'))
  })
})

describe('what follows the other branch', () => {
  test('waits for what is not there, also in a snapshot, and what was loaded from that is read and written on', () => {
    const texts = defineSchema({ body: text(), other: text() })
    const openText = (name: string) => new Doc({ schema: texts, incarnation: 'life', actor: testActor(name) })
    const [original, clone, follower, reader] = [openText('a'), openText('a'), openText('b'), openText('c')]
    const left = original.change(({ other }) => other.insert(0, 'left!')) as Uint8Array
    const right = clone.change(({ body }) => body.insert(0, 'right')) as Uint8Array
    follower.apply(right)
    const after = follower.change(({ body }) => body.insert(5, ' and on')) as Uint8Array
    reader.apply(left)
    // Counters say that what it follows is there. What it hangs on is not.
    reader.apply(after)
    const snapshot = reader.snapshot()
    const loaded = Doc.load(snapshot, { schema: texts, actor: testActor('d') })
    expect(loaded.snapshot()).toEqual(snapshot)
    expect(loaded.root.body.toString()).toBe(reader.root.body.toString())
    for (const doc of [reader, loaded]) doc.change(({ body }) => body.insert(0, 'more '))
    expect(loaded.root.body.toString()).toBe(reader.root.body.toString())
    expect(loaded.snapshot().length).toBeGreaterThan(snapshot.length)
  })
})
