/** What was refused leaves nothing behind, whatever it was and wherever it was noticed. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import {
  CoreError,
  Doc,
  defineSchema,
  encodeBundle,
  list,
  lww,
  orMap,
  type Rga,
  struct,
  text,
  type VersionVector,
} from '../../src/index.ts'
import { testActor } from '../fuzz/actors.ts'
import { refusal } from '../fuzz/harness.ts'

setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

/** After a collection. What buffers occupy is given back a while later. */
function collected(): NodeJS.MemoryUsage {
  gc()
  return process.memoryUsage()
}

const schema = defineSchema({
  title: lww<string>(),
  body: text(),
  items: list(),
  drafts: orMap(text()),
})
const open = (name: string) => new Doc({ schema, incarnation: 'life', actor: testActor(name) })
type Opened = ReturnType<typeof open>

function changed(doc: Opened, mutate: (root: Opened['root']) => void): Uint8Array {
  return (doc.change(mutate) as Uint8Array).slice()
}

/** A change that no decoder takes. */
function damaged(): Uint8Array {
  const bytes = changed(open('damaged'), ({ body }) => body.insert(0, 'y'))
  bytes[bytes.length - 1] = 99
  return bytes
}

describe('a bundle that is refused half-way', () => {
  it('leaves a document that holds a later time than is believed now', () => {
    const doc = open('a')
    doc.change(({ title }) => title.set('x'), { timeMicros: 2_000_001 })
    const before = doc.snapshot()
    const good = changed(open('b'), ({ body }) => body.insert(0, 'good'))
    expect(refusal(() => doc.apply(encodeBundle([good, damaged()]), { timeMaxMicros: 2_000_000 }))?.code).toMatch(
      /^CORE_DECODE/,
    )
    expect(doc.snapshot()).toEqual(before)
    expect(doc.apply(good).changed).toBe(true)
  })

  it('leaves no container that another one could be taken for', () => {
    const doc = open('a')
    const stale = changed(open('z'), ({ items }) => items.create(0, text()).insert(0, 'text'))
    expect(() => doc.apply(encodeBundle([stale, damaged()]))).toThrow(CoreError)
    const record = struct({ name: lww<string>() })
    const honest = changed(open('b'), ({ items }) => items.create(0, record).name.set('record'))
    doc.apply(honest)
    const other = open('c')
    other.apply(honest)
    expect(doc.toJSON()).toEqual({ items: [{ name: 'record' }] })
    expect(doc.snapshot()).toEqual(other.snapshot())
  })

  it('leaves no field or key, however many were sent', async () => {
    const doc = open('a')
    const bad = damaged()
    let number = 0
    const refuse = (): void => {
      number += 1
      const author = open(`b${number}`)
      const good = changed(author, ({ drafts }) => {
        author.field(`field ${number}`, text()).insert(0, 'x'.repeat(1000))
        for (let i = 0; i < 200; i += 1) drafts.open(`key ${number} ${i}`).insert(0, 'x')
      })
      expect(() => doc.apply(encodeBundle([good, bad]))).toThrow(CoreError)
    }
    for (let i = 0; i < 5; i += 1) refuse()
    const before = collected().heapUsed
    for (let i = 0; i < 50; i += 1) refuse()
    // Ten thousand texts take some ten megabytes.
    await expect.poll(() => collected().heapUsed - before, { timeout: 20_000 }).toBeLessThan(3_000_000)
    expect(doc.toJSON()).toEqual({})
  })

  it('leaves handles good that were there before', () => {
    const doc = open('a')
    const { body, drafts } = doc.root
    const good = changed(open('b'), (root) => root.body.insert(0, 'good'))
    expect(() => doc.apply(encodeBundle([good, damaged()]))).toThrow(CoreError)
    doc.change(() => {
      body.insert(0, 'mine')
      drafts.open('k').insert(0, 'draft')
    })
    expect(doc.toJSON()).toEqual({ body: 'mine', drafts: { k: 'draft' } })
  })
})

it('of a bundle whose end was known already the log keeps what it applied', async () => {
  const author = open('a')
  const large = changed(author, ({ body }) => body.insert(0, 'x'.repeat(400_000)))
  const doc = open('b')
  doc.apply(large)
  const small = (i: number) => changed(author, ({ body }) => body.insert(0, `${i}`))
  doc.apply(encodeBundle([small(0), large]))
  const before = collected().arrayBuffers
  for (let i = 0; i < 40; i += 1) expect(doc.apply(encodeBundle([small(i), large])).duplicates).toBe(1)
  await expect.poll(() => collected().arrayBuffers - before, { timeout: 20_000 }).toBeLessThan(2_000_000)
  expect(doc.snapshot()).toEqual(author.snapshot())
})

it('a container below the deepest list is refused when it is read', () => {
  const author = open('a')
  const bytes = changed(author, ({ items }) => {
    let at: Rga<unknown> = items as Rga<unknown>
    for (let depth = 1; depth < 32; depth += 1) at = at.create(0, list()) as Rga<unknown>
    at.insert(0, 5)
  })
  // Wherever it stands, the innermost value becomes the mark of a container, and the number of its type.
  let refused = 0
  for (let at = bytes.length - 40; at < bytes.length - 1; at += 1) {
    const crafted = bytes.slice()
    crafted.set([15, 12], at)
    for (const listens of [true, false]) {
      const doc = open('b')
      if (listens) doc.subscribe(() => {})
      const code = refusal(() => doc.apply(crafted))?.code
      if (code !== undefined) refused += 1
      expect(code ?? 'CORE_DECODE').toMatch(/^CORE_DECODE/)
      expect(() => JSON.stringify(doc.toJSON())).not.toThrow()
      if (code !== undefined) expect(doc.toJSON()).toEqual({})
    }
  }
  expect(refused).toBeGreaterThan(0)
})

describe('positions that are none', () => {
  const doc = open('a')
  doc.change(({ body, items }) => {
    for (let i = 0; i < 9; i += 1) body.insert(body.length, `${i}`)
    items.insert(0, 1, 2, 3)
  })

  it.each([
    [0, 100],
    [-3, undefined],
    [-3, -1],
    [4, 2],
    [50, 60],
    [Number.NaN, 3],
  ])('a slice of a text from %d to %d is that of a string', (from, to) => {
    const digits = '012345678'
    expect(doc.root.body.slice(from, to)).toBe(digits.slice(from, to))
    expect(doc.root.body.slice(1, 3)).toBe('12')
  })

  it.each([-1, 1.5, 3, Number.NaN, 'x'])('nothing is found in a list at %s', (step) => {
    expect(doc.find(['items', step])).toBeUndefined()
    expect(doc.root.items.toJSON()).toEqual([1, 2, 3])
  })
})

describe('listeners', () => {
  it('are told in the order of the changes, also when one of them makes a change', () => {
    const author = open('a')
    const first = changed(author, ({ body }) => body.insert(0, 'ab'))
    const second = changed(author, ({ body }) => body.insert(2, 'cd'))
    const doc = open('b')
    let isFirst = true
    doc.subscribe(() => {
      if (!isFirst) return
      isFirst = false
      doc.change(({ body }) => body.insert(2, '!'))
    })
    let copy = ''
    doc.subscribe(({ patches }) => {
      for (const patch of patches) {
        if (patch.type !== 'insert') continue
        copy = copy.slice(0, patch.index) + patch.value + copy.slice(patch.index)
      }
    })
    doc.apply(encodeBundle([first, second]))
    expect(copy).toBe(doc.root.body.toString())
  })
})

it('a difference of very many patches', () => {
  const doc = new Doc({ schema, incarnation: 'life', actor: testActor('a'), history: true })
  doc.change(({ title }) => title.set('before'))
  const before: VersionVector = doc.version()
  doc.change(({ drafts }) => {
    for (let i = 0; i < 130_000; i += 1) drafts.setLww(`${i}`, i)
  })
  expect(doc.diff(before, doc.version()).length).toBe(130_000)
})
