import { describe, expect, it } from 'vitest'
import { checksum32 } from '../../src/codec/checksum.ts'
import { Doc, Reader, readChange, readJson, VersionVector, Writer, writeJson } from '../../src/index.ts'
import { testActor } from './actors.ts'
import { changeAtRandom, documentHistory, INCARNATION, openDoc, type RichDoc, schema } from './documents.ts'
import { type Decoder, fuzz, hex, inputsPerDecoder, refusal, type Target } from './harness.ts'
import type { Random } from './random.ts'

const histories = [1, 2, 3].map(documentHistory)
const changes = histories.flatMap((history) => history.changes)
const bundles = histories.flatMap((history) => history.bundles)
const snapshots = histories.flatMap((history) => history.snapshots)
const NOTHING = new VersionVector()

function load(bytes: Uint8Array, name: string): RichDoc {
  return Doc.load(bytes, { schema, actor: testActor(name) })
}

/** A document with types that this build does not know has no snapshot; its changes say the same. */
function stateOf(doc: RichDoc): string {
  let state: Uint8Array | undefined
  const unknown = refusal(() => {
    state = doc.snapshot()
  })
  // Where it began with a snapshot, its changes do not reach back to nothing.
  return unknown === undefined ? hex(state!) : hex(doc.changesSince(NOTHING) ?? Buffer.from(doc.versionHash()))
}

function observe(doc: RichDoc): string {
  const rest = [doc.version().toJSON(), doc.heads(), doc.missing(), doc.toJSON()]
  return `${stateOf(doc)} ${doc.versionHash()} ${JSON.stringify(rest)}`
}

function replay(doc: RichDoc, bundle: Uint8Array): void {
  const replayed: RichDoc = new Doc({ schema, actor: testActor('checker-two'), incarnation: doc.incarnation })
  replayed.apply(bundle)
  expect(stateOf(replayed), 'its changes lead to the same state').toBe(stateOf(doc))
}

function checkDoc(doc: RichDoc, random: Random): void {
  const bundle = doc.changesSince(NOTHING)
  if (bundle !== undefined) replay(doc, bundle)
  let snapshot: Uint8Array | undefined
  if (refusal(() => (snapshot = doc.snapshot())) === undefined) checkSnapshot(doc, snapshot!, random)
}

function checkSnapshot(doc: RichDoc, snapshot: Uint8Array, random: Random): void {
  const loaded = load(snapshot, 'checker-one')
  expect(hex(loaded.snapshot()), 'loads its own snapshot').toBe(hex(snapshot))
  expect(loaded.toJSON(), 'to the same value').toEqual(doc.toJSON())
  expect(loaded.versionHash()).toBe(doc.versionHash())
  doc.apply(snapshot)
  expect(hex(doc.snapshot()), 'its own snapshot changes nothing').toBe(hex(snapshot))
  if (refusal(() => changeAtRandom(doc, random)) !== undefined) return
  loaded.apply(doc.changesSince(loaded.version()) ?? doc.snapshot())
  expect(loaded.toJSON(), 'goes on working').toEqual(doc.toJSON())
}

function receiver(random: Random): Target {
  const doc = openDoc('r7')
  // A listener makes `apply` describe what it does, which must not fail half-way either.
  doc.subscribe(() => undefined)
  const behind = random.int(4)
  if (behind > 0) doc.apply(random.pick(behind === 1 ? snapshots : bundles))
  if (behind === 3) changeAtRandom(doc, random)
  return {
    take: (bytes) => doc.apply(bytes),
    observe: () => observe(doc),
    check: (bytes, rng) => {
      const before = observe(doc)
      // A waiting change that turned out to be a fork is dropped the first time and refused the second.
      const error = refusal(() => doc.apply(bytes))
      if (error !== undefined) expect(error.code).toBe('CORE_ACTOR_FORKED')
      expect(observe(doc), 'applying again changes nothing').toBe(before)
      checkDoc(doc, rng)
    },
  }
}

/** Bytes with a checksum of their own, as somebody writes them who means to deceive. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  const forged = bytes.slice()
  if (forged.length < 6) return forged
  const check = checksum32(forged, 0, 6)
  for (let i = 0; i < 4; i += 1) forged[2 + i] = check >>> (8 * i)
  return forged
}

function stateless(name: string, corpus: readonly Uint8Array[], take: (bytes: Uint8Array) => void): Decoder {
  return { name, corpus, open: () => ({ take, observe: () => '', check: () => undefined }) }
}

describe('damaged bytes', () => {
  it.each([
    ['Doc.apply change', changes],
    ['Doc.apply bundle', bundles],
    ['Doc.apply snapshot', snapshots],
  ] as const)('%s', (name, corpus) => {
    expect(fuzz({ name, corpus, open: receiver }, 11).inputs).toBe(inputsPerDecoder)
  })

  it.each([
    ['Doc.load snapshot', snapshots],
    ['Doc.load bundle', bundles],
  ] as const)('%s', (name, corpus) => {
    let loaded: RichDoc | undefined
    const target: Target = {
      take: (bytes) => {
        loaded = load(bytes, 'r0')
      },
      observe: () => '',
      check: (_, random) => checkDoc(loaded!, random),
    }
    expect(fuzz({ name, corpus, open: () => target }, 12).inputs).toBe(inputsPerDecoder)
  })

  it('Doc.load snapshot whose checksum fits: what was left unread is refused when it is needed', () => {
    let loaded: RichDoc | undefined
    const target: Target = {
      take: (bytes) => {
        loaded = load(withChecksum(bytes), 'r0')
      },
      observe: () => '',
      check: (_, random) => {
        const read = () => loaded!.toJSON()
        expect(refusal(read)?.code).toBe(refusal(read)?.code)
        for (let i = 0; i < 5; i += 1) refusal(() => changeAtRandom(loaded!, random))
        refusal(() => loaded!.apply(random.pick(bundles)))
        refusal(() => loaded!.snapshot())
      },
    }
    const name = 'Doc.load snapshot, forged'
    expect(fuzz({ name, corpus: snapshots, open: () => target }, 15).inputs).toBe(inputsPerDecoder)
  })

  it('readChange', () => {
    const decoder = stateless('readChange', changes, (bytes) => {
      const { header } = readChange(bytes)
      expect(header.first).toBeGreaterThan(0)
      expect(header.incarnation.length).toBeLessThanOrEqual(INCARNATION.length * 4)
    })
    expect(fuzz(decoder, 13).inputs).toBe(inputsPerDecoder)
  })

  it('readJson, which takes the canonical form only', () => {
    const values = [null, true, 0, -1, 2 ** 52, 0.1, 'text', [1, [2, []]], { a: 1, b: { c: ['😀'] } }]
    const corpus = values.map((value) => {
      const writer = new Writer()
      writeJson(writer, value)
      return writer.finish()
    })
    const decoder = stateless('readJson', corpus, (bytes) => {
      const reader = new Reader(bytes)
      const value = readJson(reader)
      const writer = new Writer()
      writeJson(writer, value)
      expect(hex(writer.finish()), 'one value, one form').toBe(hex(bytes.subarray(0, reader.at)))
    })
    expect(fuzz(decoder, 14).inputs).toBe(inputsPerDecoder)
  })
})
