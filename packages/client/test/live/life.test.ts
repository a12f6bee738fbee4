/** Changes of several tabs that follow one another, written anew. */
import { Doc, defineSchema, lww } from '@joinery/core'
import { TestWall, testActor } from '@joinery/testing'
import { expect, test } from 'vitest'
import { adopted, type OwnChange, ownChange, retimed } from '../../src/live/life.ts'

const schema = defineSchema({ title: lww<string>() })

/** Two tabs in turn, each of which has seen what the other did. */
function inTurn(): OwnChange[] {
  const docs = ['a', 'b'].map(
    (name) => new Doc({ schema, incarnation: 'mine', actor: testActor(name, 1, new TestWall(10_000)) }),
  )
  return Array.from({ length: 5 }, (_, i) => {
    const bytes = docs[i % 2]?.change(({ title }) => title.set(`${i}`)) as Uint8Array
    docs[1 - (i % 2)]?.apply(bytes)
    return ownChange(bytes, i, true)
  })
}

function readBack(changes: readonly OwnChange[], incarnation: string): string {
  const doc = new Doc({ schema, incarnation, actor: testActor('c') })
  for (const { bytes } of changes) expect(doc.apply(bytes).waiting).toBe(0)
  return doc.root.title.value as string
}

test('in another life they are in the order in which they were made', () => {
  const changes = adopted(inTurn(), 'theirs')
  expect(changes.map(({ order }) => order)).toEqual([0, 1, 2, 3, 4])
  expect(readBack(changes, 'theirs')).toBe('4')
})

test('with other times the last write is still the last', () => {
  const before = inTurn()
  const latest = before.at(-1)?.timeMicros as number
  const changes = retimed(before, latest - 1_000_000, 5)
  const times = changes.map(({ timeMicros }) => timeMicros)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(times.at(-1)).toBeLessThanOrEqual(latest - 1_000_000)
  expect(readBack(changes, 'mine')).toBe('4')
})
