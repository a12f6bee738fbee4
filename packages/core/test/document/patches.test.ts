/** What subscribers are told where a value shows, hides, or shows as something else. */
import {
  Doc,
  defineSchema,
  type FieldSpecs,
  gCounter,
  list,
  orMap,
  orSet,
  type Patch,
  type Schema,
  struct,
  text,
} from '@joinery/core'
import { testActor } from '@joinery/testing'
import { describe, expect, test } from 'vitest'

function watched<S extends FieldSpecs>(schema: Schema<S>, name = 'a'): { doc: Doc<S>; patches: Patch[] } {
  const doc = new Doc({ schema, incarnation: 'life', actor: testActor(name) })
  const patches: Patch[] = []
  doc.subscribe((event) => patches.push(...event.patches))
  return { doc, patches }
}

describe('patches', () => {
  test('a key that comes back says its whole value', () => {
    const schema = defineSchema({ map: orMap(orSet<string>()) })
    const { doc: a, patches } = watched(schema)
    const { doc: b } = watched(schema, 'b')
    b.apply(a.change(({ map }) => map.open('k').add('x')) as Uint8Array)
    a.change(({ map }) => map.remove('k'))
    patches.length = 0
    a.apply(b.change(({ map }) => map.open('k').remove('x')) as Uint8Array)
    expect(patches).toEqual([{ type: 'set', path: ['map', 'k'], value: [] }])
  })

  test('what is below an absent key or in a deleted element says nothing', () => {
    const schema = defineSchema({ map: orMap(gCounter()), items: list(struct({ votes: gCounter() })) })
    const { doc: a, patches } = watched(schema)
    const { doc: b } = watched(schema, 'b')
    const first = a.change(({ map, items }) => {
      map.open('k').increment()
      items.create()
    }) as Uint8Array
    b.apply(first)
    const late = b.change(({ items }) => items.get(0)?.votes.increment()) as Uint8Array
    b.change(({ map }) => map.remove('k'))
    a.change(({ map, items }) => {
      map.remove('k')
      items.delete(0)
    })
    patches.length = 0
    a.apply(late)
    a.apply(b.snapshot())
    expect(patches).toEqual([])
  })

  test('an element says what it is from the start', () => {
    const { doc, patches } = watched(defineSchema({ items: list(text()) }))
    doc.change(({ items }) => items.create().insert(0, 'x'))
    expect(patches).toEqual([
      { type: 'insert', path: ['items'], index: 0, value: [''] },
      { type: 'insert', path: ['items', 0], index: 0, value: 'x' },
    ])
  })

  test('a key that shows another type says so as a whole, and the hidden one is silent', () => {
    const { doc, patches } = watched(defineSchema({ map: orMap() }))
    doc.change(({ map }) => map.open('k', orSet<string>()).add('x'), { timeMicros: 20 })
    patches.length = 0
    doc.change(({ map }) => map.open('k', gCounter()).increment(), { timeMicros: 10 })
    expect(patches).toEqual([])
    doc.change(({ map }) => map.setLww('k', 'plain'), { timeMicros: 30 })
    doc.change(({ map }) => map.open('k', gCounter()).increment(), { timeMicros: 40 })
    expect(patches).toEqual([
      { type: 'set', path: ['map', 'k'], value: 'plain' },
      { type: 'set', path: ['map', 'k'], value: 1 },
      { type: 'set', path: ['map', 'k'], value: 2 },
    ])
  })
})

describe('a listener that throws', () => {
  /** Takes over what Node does with unhandled rejections while the test runs. */
  async function unhandledIn(run: () => void): Promise<unknown[]> {
    const others = process.listeners('unhandledRejection')
    const unhandled: unknown[] = []
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (reason) => unhandled.push(reason))
    try {
      run()
      await new Promise((done) => setImmediate(done))
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const other of others) process.on('unhandledRejection', other)
    }
    return unhandled
  }

  test('stops neither the change nor other listeners, and is reported', async () => {
    const { doc } = watched(defineSchema({ tags: orSet<string>() }))
    const failure = new Error('of the listener')
    let heard = 0
    doc.subscribe(() => {
      throw failure
    })
    doc.subscribe(() => {
      heard += 1
    })
    let bytes: Uint8Array | undefined
    const unhandled = await unhandledIn(() => {
      bytes = doc.change(({ tags }) => tags.add('kept'))
    })
    expect(bytes).toBeInstanceOf(Uint8Array)
    expect([heard, unhandled]).toEqual([1, [failure]])
  })
})
