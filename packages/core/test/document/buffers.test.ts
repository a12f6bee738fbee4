/** What bytes are handed in is the caller's: a `Buffer`, which copies nothing when it is sliced, may be used again for the next message. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { CoreError, Doc, defineSchema, encodeBundle, OrSet, orSet, readChange, text } from '../../src/index.ts'
import { testActor } from '../fuzz/actors.ts'

const schema = defineSchema({ body: text(), tags: orSet<string>() })
const open = (name: string) => new Doc({ schema, incarnation: 'life', actor: testActor(name) })
const buffer = Buffer.alloc(4096)

/** As a socket hands over what it has read. */
function received(bytes: Uint8Array): Uint8Array {
  buffer.fill(0)
  buffer.set(bytes)
  return buffer.subarray(0, bytes.length)
}

/** Two authors in turn, three changes each. */
function written(): { readonly changes: Uint8Array[]; readonly whole: Uint8Array } {
  const [a, b] = [open('a'), open('b')]
  const changes: Uint8Array[] = []
  for (let i = 0; i < 6; i += 1) {
    const bytes = (i % 2 === 0 ? a : b).change(({ body, tags }) => {
      body.insert(0, `word ${i}`)
      tags.add(`tag ${i}`)
    }) as Uint8Array
    changes.push(bytes)
    ;(i % 2 === 0 ? b : a).apply(bytes)
  }
  return { changes, whole: a.snapshot() }
}

const { changes, whole } = written()

test('changes one after the other', () => {
  const doc = open('c')
  const told: Uint8Array[] = []
  doc.subscribe(({ bytes }) => told.push(bytes as Uint8Array))
  for (const bytes of changes) doc.apply(received(bytes))
  buffer.fill(0)
  expect(doc.snapshot()).toEqual(whole)
  expect(told.map((bytes) => [...bytes])).toEqual(changes.map((bytes) => [...bytes]))
  expect(doc.changesSince(open('d').version())).toEqual(encodeBundle(changes))
})

test('changes that wait for others', () => {
  const doc = open('c')
  for (const bytes of changes.toReversed()) doc.apply(received(bytes))
  buffer.fill(0)
  expect(doc.snapshot()).toEqual(whole)
})

test('bundles, whose headers may be asked for later', () => {
  const doc = open('c')
  const { applied } = doc.apply(received(encodeBundle(changes.slice(0, 2))))
  const later = doc.apply(received(encodeBundle(changes.slice(2))))
  buffer.fill(0)
  expect(doc.snapshot()).toEqual(whole)
  expect(doc.changesSince(open('d').version())).toEqual(encodeBundle(changes))
  expect([...applied, ...later.applied]).toEqual(changes.map((bytes) => readChange(bytes).header))
})

test('snapshots, which are read when they are needed', () => {
  const doc = Doc.load(received(whole), { schema, actor: testActor('c') })
  buffer.fill(0)
  expect(doc.snapshot()).toEqual(whole)
  expect(doc.root.body.toString()).toMatch(/^word 5/)
})

test('bundles that are refused half-way, of which nothing is kept', async () => {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  const large = open('d').change(({ body }) => body.insert(0, 'x'.repeat(500_000))) as Uint8Array
  const damaged = (open('e').change(({ body }) => body.insert(0, 'y')) as Uint8Array).slice()
  damaged[damaged.length - 1] = 99
  const bundle = encodeBundle([large, damaged])
  const doc = open('c')
  doc.apply(changes[0] as Uint8Array)
  const refuse = () => expect(() => doc.apply(bundle)).toThrow(CoreError)
  refuse()
  gc()
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 40; i += 1) refuse()
  // One of them at most. What buffers occupy is given back a while after a collection.
  const more = (): number => {
    gc()
    return process.memoryUsage().arrayBuffers - before
  }
  await expect.poll(more, { timeout: 20_000 }).toBeLessThan(2 * bundle.length)
  expect(doc.root.body.toString()).toBe('word 0')
})

test('states of stand-alone values', () => {
  const one = new OrSet<string>(testActor('a'))
  one.add('x')
  const other = new OrSet<string>(testActor('b'))
  other.join(received(one.encode()))
  buffer.fill(0)
  expect(other.encode()).toEqual(one.encode())
})
