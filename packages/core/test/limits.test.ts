import { describe, expect, it } from 'vitest'
import { ActorTable } from '../src/causality/actor.ts'
import {
  type ActorId,
  allTypes,
  Doc,
  encodeBundle,
  HybridClock,
  LwwRegister,
  limits,
  normalizeJson,
  OrMap,
  readChange,
  replicaId,
  specOf,
  Text,
  VersionVector,
} from '../src/index.ts'
import { Site } from '../src/kernel/site.ts'
import { testActor } from './fuzz/actors.ts'
import { INCARNATION, openDoc, schema } from './fuzz/documents.ts'
import { refusal } from './fuzz/harness.ts'
import { limitRows, readSource, section, sources } from './source-tables.ts'

function code(attempt: () => unknown): string | undefined {
  return refusal(attempt)?.code
}

describe('docs/LIMITS.md', () => {
  it.each(sources('limits.ts'))('agrees with %s (JOINERY_UPDATE_DOCS=1 writes it)', (path) => {
    const rows = limitRows(readSource(path))
    expect(rows.length).toBeGreaterThan(0)
    const lines = ['| Limit | Unit | Default | Reason |', '|---|---|---|---|', ...rows]
    const { found, expected } = section('LIMITS.md', path, lines)
    expect(found).toBe(expected)
  })

  it('has every limit of core', () => {
    const rows = limitRows(readSource('packages/core/src/limits.ts'))
    expect(rows.map((row) => /`(\w+)`/.exec(row)![1]).toSorted()).toEqual(Object.keys(limits).toSorted())
  })
})

/** At its value, and one beyond. */
const cases: Readonly<Record<keyof typeof limits, () => void>> = {
  replicaIdBytesMax() {
    expect(code(() => replicaId('x'.repeat(limits.replicaIdBytesMax)))).toBeUndefined()
    expect(code(() => replicaId('x'.repeat(limits.replicaIdBytesMax + 1)))).toBe('CORE_ID_INVALID')
  },
  dotCounterMax() {
    const site = new Site(testActor('a'), true)
    site.last = limits.dotCounterMax - 3
    expect(site.dots(2)).toBe(limits.dotCounterMax - 2)
    expect(code(() => site.dots(2))).toBe('CORE_LIMIT_EXCEEDED')
    expect(site.dot()).toBe(limits.dotCounterMax)
    expect(code(() => site.dot())).toBe('CORE_LIMIT_EXCEEDED')
  },
  actorsMax() {
    const table = new ActorTable()
    for (let i = 0; i < limits.actorsMax; i += 1) table.intern(`${i}` as ActorId)
    expect(code(() => table.intern('one more' as ActorId))).toBe('CORE_LIMIT_EXCEEDED')
    expect(table.intern('7' as ActorId)).toBe(7)
  },
  jsonDepthMax() {
    const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)])
    expect(code(() => normalizeJson(nested(limits.jsonDepthMax)))).toBeUndefined()
    expect(code(() => normalizeJson(nested(limits.jsonDepthMax + 1)))).toBe('CORE_VALUE_INVALID')
  },
  containerDepthMax() {
    const map = (depth: number): OrMap => {
      const root = new OrMap(testActor('a'), undefined, allTypes)
      let at: OrMap = root
      for (let i = 0; i < depth; i += 1) at = at.open('k', specOf<OrMap>('ormap'))
      at.open('leaf', specOf<OrMap>('ormap'))
      return root
    }
    expect(code(() => map(limits.containerDepthMax - 1))).toBeUndefined()
    expect(code(() => map(limits.containerDepthMax))).toBe('CORE_LIMIT_EXCEEDED')
  },
  valueBytesMax() {
    const value = (bytes: number): string => 'x'.repeat(bytes)
    expect(code(() => normalizeJson(value(limits.valueBytesMax)))).toBeUndefined()
    expect(code(() => normalizeJson(value(limits.valueBytesMax + 1)))).toBe('CORE_LIMIT_EXCEEDED')
    // Inside an array: its head, and of each string a kind and a length of three bytes.
    const pair = (bytes: number): string[] => ['x'.repeat(500_000), 'x'.repeat(bytes - 500_000 - 2 - 8)]
    const register = new LwwRegister<string[]>(testActor('a'))
    register.set(pair(limits.valueBytesMax))
    expect(code(() => register.set(pair(limits.valueBytesMax + 1)))).toBe('CORE_LIMIT_EXCEEDED')
    expect(LwwRegister.decode<string[]>(register.encode(), testActor('b')).value).toEqual(pair(limits.valueBytesMax))
  },
  keyBytesMax() {
    const map = new OrMap(testActor('a'))
    map.setLww('k'.repeat(limits.keyBytesMax), 1)
    expect(code(() => map.setLww('k'.repeat(limits.keyBytesMax + 1), 1))).toBe('CORE_LIMIT_EXCEEDED')
    expect(code(() => map.setLww('ä'.repeat(limits.keyBytesMax / 2), 1))).toBeUndefined()
    expect(code(() => map.setLww(`x${'ä'.repeat(limits.keyBytesMax / 2)}`, 1))).toBe('CORE_LIMIT_EXCEEDED')
  },
  changeBytesMax() {
    const write = (length: number): Uint8Array =>
      openDoc('a').change((root) => root.notes.insert(0, 'x'.repeat(length)))!
    const overhead = write(limits.changeBytesMax - 1000).length - (limits.changeBytesMax - 1000)
    const largest = write(limits.changeBytesMax - overhead)
    expect(largest.length).toBe(limits.changeBytesMax)
    expect(openDoc('b').apply(largest).changed).toBe(true)
    expect(code(() => write(limits.changeBytesMax - overhead + 1))).toBe('CORE_LIMIT_EXCEEDED')
    const longer = new Uint8Array(limits.changeBytesMax + 1)
    longer.set(largest)
    expect(code(() => readChange(longer))).toBe('CORE_DECODE_INVALID')
  },
  undoStepsMax() {
    const doc = openDoc('a')
    const undo = doc.undoManager({ groupMs: 0 })
    for (let i = 0; i <= limits.undoStepsMax; i += 1) doc.change((root) => root.notes.insert(0, 'x'))
    let steps = 0
    for (; undo.canUndo; steps += 1) undo.undo()
    expect([steps, doc.root.notes.toString()]).toEqual([limits.undoStepsMax, 'x'])
  },
  noteBytesMax() {
    const write = (message: string): unknown => openDoc('a').change((root) => root.hits.increment(), { message })
    expect(code(() => write('m'.repeat(limits.noteBytesMax)))).toBeUndefined()
    expect(code(() => write('m'.repeat(limits.noteBytesMax + 1)))).toBe('CORE_LIMIT_EXCEEDED')
  },
  incarnationBytesMax() {
    const open = (incarnation: string): unknown => new Doc({ schema, actor: testActor('a'), incarnation })
    expect(code(() => open('i'.repeat(limits.incarnationBytesMax)))).toBeUndefined()
    expect(code(() => open('i'.repeat(limits.incarnationBytesMax + 1)))).toBe('CORE_ID_INVALID')
  },
  bufferedChangesMax() {
    const writer = openDoc('a')
    const changes = Array.from({ length: limits.bufferedChangesMax + 2 }, () =>
      writer.change((root) => root.hits.increment()),
    ) as Uint8Array[]
    const reader = openDoc('b')
    expect(reader.apply(encodeBundle(changes.slice(1, -1))).waiting).toBe(limits.bufferedChangesMax)
    expect(code(() => reader.apply(changes.at(-1)!))).toBe('CORE_BUFFER_FULL')
    expect(reader.apply(changes[0]!).waiting, 'what was kept is applied').toBe(0)
    expect(reader.apply(changes.at(-1)!).changed).toBe(true)
    const fresh = openDoc('c')
    expect(code(() => fresh.apply(encodeBundle(changes.slice(1))))).toBe('CORE_BUFFER_FULL')
    expect(fresh.missing(), 'and a bundle that does not fit leaves nothing').toEqual([])
  },
  bufferedBytesMax() {
    const writer = openDoc('a')
    writer.change((root) => root.hits.increment())
    const half = limits.bufferedBytesMax / 2
    const first = writer.change((root) => root.notes.insert(0, 'x'.repeat(half)))!
    const room = limits.bufferedBytesMax - first.length
    const write = (length: number): Uint8Array => {
      const copy = Doc.load(writer.snapshot(), { schema, actor: testActor('c') })
      return copy.change((root) => root.notes.insert(0, 'x'.repeat(length)))!
    }
    const overhead = write(room - 1000).length - (room - 1000)
    for (const [extra, expected] of [
      [0, undefined],
      [1, 'CORE_BUFFER_FULL'],
    ] as const) {
      const reader = openDoc('b')
      reader.apply(first)
      expect(code(() => reader.apply(write(room - overhead + extra)))).toBe(expected)
    }
  },
  logBytesMax() {
    const writer = new Doc({ schema, incarnation: INCARNATION, actor: testActor('a'), history: true })
    const size = limits.logBytesMax / 8
    for (let i = 0; i < 7; i += 1) {
      writer.change((root) => root.notes.insert(0, 'x'.repeat(size)))
      writer.change((root) => root.notes.delete(0, size))
    }
    expect(writer.changesSince(new VersionVector())).toBeDefined()
    writer.change((root) => root.notes.insert(0, 'x'.repeat(size)))
    expect(writer.changesSince(new VersionVector()), 'folded into a snapshot').toBeUndefined()
    const reader = openDoc('b')
    reader.apply(writer.snapshot())
    expect(reader.versionHash()).toBe(writer.versionHash())
  },
  recentLogBytesMax() {
    const part = limits.recentLogBytesMax / 4
    // Whatever a change adds to its text, one of these makes the log exactly as long as it may be, and one a byte longer.
    const seen = new Set<number>()
    for (let last = part - 400; last < part - 250; last += 1) {
      const writer = openDoc('a')
      const lengths = [part, part, part, last].map(
        (length) => writer.change((root) => root.notes.insert(0, 'x'.repeat(length)))?.length as number,
      )
      const over = lengths.reduce((a, b) => a + b) - limits.recentLogBytesMax
      seen.add(over)
      expect(writer.changesSince(new VersionVector()) === undefined, `${over} bytes over`).toBe(over > 0)
    }
    expect([seen.has(0), seen.has(1)]).toEqual([true, true])
    // Eight times the text that is there, where that is more.
    const writer = openDoc('a')
    for (let i = 0; i < 5; i += 1) writer.change((root) => root.notes.insert(0, 'x'.repeat(part)))
    const folded = writer.version()
    for (let i = 0; i < 8; i += 1) writer.change((root) => root.notes.insert(0, 'x'.repeat(part)))
    expect(writer.changesSince(folded)).toBeDefined()
  },
  undoCopiesMax() {
    const open = (size: number) => {
      const { id } = testActor('x')
      const copies = [1, size - 1].map((of, i) => [`${i + 1}@${id}`, `${i + 9}@${id}`, of])
      openDoc('a').undoManager({ steps: { format: 1, done: [], undone: [], copies, actors: [] } })
    }
    expect(code(() => open(limits.undoCopiesMax))).toBeUndefined()
    expect(code(() => open(limits.undoCopiesMax + 1))).toBe('CORE_VALUE_INVALID')
  },
  clockDriftMsMax() {
    const clock = new HybridClock(() => 0)
    expect(clock.believes(limits.clockDriftMsMax * 1000)).toBe(true)
    expect(clock.believes(limits.clockDriftMsMax * 1000 + 1)).toBe(false)
  },
}

describe('limits of core, at their value and one beyond', () => {
  it.each(Object.keys(limits) as (keyof typeof limits)[])('%s', (name) => {
    cases[name]()
  })

  it('a join never fails on what the union amounts to', () => {
    const half = 'x'.repeat(limits.changeBytesMax / 2)
    const texts = ['a', 'b', 'c'].map((name) => new Text(testActor(name)))
    for (const text of texts) text.insert(0, half)
    for (const text of texts.slice(1)) texts[0]!.join(text.takeDelta())
    expect(texts[0]!.length).toBe(half.length * 3)
    expect(INCARNATION.length).toBeLessThanOrEqual(limits.incarnationBytesMax)
  })
})
