/** Bytes made by hand to hurt: each case is one that mutation alone would hardly find. */
import { describe, expect, it } from 'vitest'
import {
  allTypes,
  type Container,
  Doc,
  EnableWinsFlag,
  encodeBundle,
  MvRegister,
  OrMap,
  OrSet,
  Reader,
  Rga,
  readChange,
  readJson,
  specOf,
  Text,
  VersionVector,
  Writer,
} from '../../src/index.ts'
import { testActor } from './actors.ts'
import { INCARNATION, openDoc, schema } from './documents.ts'
import { hex, refusal } from './harness.ts'

const STATE = 0x11
const DELTA = 0x12
const COUNTER_MAX = 0xffff_ffff

/** Kind, type, actors, the context of each as `[first, last, …]`, then a body. */
function block(
  kind: number,
  tag: number,
  runs: readonly number[],
  body: (writer: Writer) => void,
  second?: readonly number[],
): Uint8Array {
  const writer = new Writer(1024)
  writer.byte(kind)
  writer.byte(tag)
  writer.varint(second === undefined ? 1 : 2)
  writer.string(testActor('mallory').id)
  if (second !== undefined) writer.string(testActor('trudy').id)
  for (const each of second === undefined ? [runs] : [runs, second]) context(writer, each)
  body(writer)
  return writer.finish()
}

function context(writer: Writer, runs: readonly number[]): void {
  writer.varint(runs.length / 2)
  let end = 0
  for (let i = 0; i < runs.length; i += 2) {
    writer.varint(runs[i]! - end - 1)
    writer.varint(runs[i + 1]! - runs[i]!)
    end = runs[i + 1]! + 1
  }
}

function numbers(writer: Writer, ...values: number[]): void {
  for (const value of values) writer.varint(value)
}

const TEXT = 13
/** The parent of a run that is a right child of the root. */
const ROOT_RIGHT = 1

function code(take: () => void): string | undefined {
  return refusal(take)?.code
}

function joinAll(value: Container, ...blocks: Uint8Array[]): void {
  for (const bytes of blocks) value.join(bytes)
}

function timed(what: () => void): number {
  const started = performance.now()
  what()
  return performance.now() - started
}

describe('announcements', () => {
  it('four billion deleted ids in a few bytes cost nothing, twice', () => {
    const bomb = block(DELTA, TEXT, [1, COUNTER_MAX], (out) => {
      numbers(out, 1)
      out.string('')
      numbers(out, 1, 0, 1, 0, COUNTER_MAX - 1, ROOT_RIGHT, 2, 0, COUNTER_MAX, 0, 0)
    })
    const early = block(DELTA, TEXT, [], (out) => numbers(out, 0, 1, 0, 1, COUNTER_MAX, 0))
    const text = new Text(testActor('a'))
    expect(timed(() => joinAll(text, bomb, bomb, early))).toBeLessThan(1000)
    const other = new Text(testActor('b'))
    expect(timed(() => joinAll(other, early, bomb, early))).toBeLessThan(1000)
    expect(hex(other.encode())).toBe(hex(text.encode()))
  })

  it('a context of 200,000 runs', () => {
    const runs = Array.from({ length: 400_000 }, (_, i) => 2 * i + 2 - (i % 2))
    const bytes = block(STATE, 6, runs, (out) => numbers(out, 0, 0))
    const set = new OrSet(testActor('a'))
    expect(timed(() => joinAll(set, bytes, bytes))).toBeLessThan(2000)
  })

  it('100,000 removals before their additions', () => {
    for (const [tag, value] of [
      [9, new EnableWinsFlag(testActor('a'))],
      [8, new MvRegister(testActor('a'))],
    ] as const) {
      const bytes = block(DELTA, tag, [], (out) => {
        numbers(out, 1, 100_000)
        for (let i = 1; i <= 100_000; i += 1) numbers(out, 0, i)
      })
      expect(timed(() => joinAll(value, bytes, bytes))).toBeLessThan(2000)
    }
  })

  it.each([
    ['actors', [DELTA, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['elements', [DELTA, 4, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['runs', [DELTA, TEXT, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ] as const)('more %s than bytes', (_, bytes) => {
    const values = [new OrSet(testActor('a')), new Text(testActor('a')), new OrMap(testActor('a'))]
    for (const value of values) expect(code(() => value.join(Uint8Array.from(bytes)))).toMatch(/^CORE_DECODE/)
  })
})

describe('sequences', () => {
  const join = (bytes: Uint8Array): string | undefined => code(() => new Text(testActor('a')).join(bytes))
  /** Runs of one actor: gap, ids - 1 and parent of each. */
  const runs = (kind: number, claim: readonly number[], text: string, ...all: [number, number, number][]): Uint8Array =>
    block(kind, TEXT, claim, (out) => {
      numbers(out, text.length + 1)
      out.string(text)
      numbers(out, 1, 0, all.length)
      for (const column of [0, 1, 2]) numbers(out, ...all.map((run) => run[column] as number))
      numbers(out, 0, 0, 0)
    })
  const right = (distance: number): number => 4 * distance + 1
  const left = (distance: number): number => 4 * distance

  it('takes what is well made', () => {
    expect(join(runs(STATE, [1, 3], 'abc', [0, 1, ROOT_RIGHT], [0, 0, right(2)]))).toBeUndefined()
    expect(join(runs(STATE, [1, 2], 'ab', [0, 0, ROOT_RIGHT], [0, 0, left(1)]))).toBeUndefined()
  })

  it('refuses another than the shortest form: a run in two parts, a parent of the same actor by name', () => {
    for (const kind of [STATE, DELTA]) {
      expect(join(runs(kind, [1, 2], 'ab', [0, 0, ROOT_RIGHT], [0, 0, right(1)]))).toBe('CORE_DECODE_INVALID')
      expect(join(runs(kind, [1, 2], 'ab', [0, 0, ROOT_RIGHT], [0, 0, ROOT_RIGHT + 2]))).toMatch('CORE_DECODE')
    }
  })

  it('refuses runs that hang on each other in a circle, on ids that come later, or left of the root', () => {
    for (const kind of [STATE, DELTA]) {
      const body = (out: Writer): void => {
        numbers(out, 3)
        out.string('ab')
        numbers(out, 2, 0, 1, 1, 1, 0, 0, 0, 0, 4 * 1 + 3, 1, 4 * 0 + 3, 1, 0, 0, 0)
      }
      const circle = block(kind, TEXT, [1, 1], body, [1, 1])
      expect(join(circle)).toBe('CORE_DECODE_INVALID')
      expect(join(runs(kind, [1, 9], 'a', [0, 0, right(1)]))).toBe('CORE_DECODE_INVALID')
      expect(join(runs(kind, [1, 9], 'a', [0, 0, 0]))).toBe('CORE_DECODE_INVALID')
    }
  })

  it('refuses ids beyond what is vouched for, also in a gap', () => {
    expect(join(runs(DELTA, [1, 2], 'abc', [0, 2, ROOT_RIGHT]))).toBe('CORE_DECODE_INVALID')
    expect(join(runs(DELTA, [1, 1, 3, 3], 'abc', [0, 2, ROOT_RIGHT]))).toBe('CORE_DECODE_INVALID')
  })

  it('refuses content of another length than its ids', () => {
    for (const kind of [STATE, DELTA]) {
      expect(join(runs(kind, [1, 3], 'ab', [0, 2, ROOT_RIGHT]))).toBe('CORE_DECODE_INVALID')
    }
  })

  it('refuses a whole state with a run that lacks its parent; a delta waits', () => {
    expect(join(runs(STATE, [1, 9], 'a', [4, 0, right(2)]))).toBe('CORE_DECODE_INVALID')
    expect(join(runs(DELTA, [1, 9], 'a', [4, 0, right(2)]))).toBeUndefined()
  })

  it('refuses a whole state in which an element was moved and is not there', () => {
    const list = new Rga(testActor('a'))
    list.insert(0, 'x', 'y')
    list.move(0, 1)
    const state = list.encode()
    // One move: slot 3 of the actor, element 1 of the actor; then element 9, which nobody made.
    const at = hex(state).indexOf('0100030001') / 2
    expect(code(() => Rga.decode(state, testActor('b')))).toBeUndefined()
    state[at + 4] = 9
    expect(code(() => Rga.decode(state, testActor('b')))).toBe('CORE_DECODE_INVALID')
  })

  it('joins a list that was always written to the front without taking the square of its length', () => {
    const writer = new Rga(testActor('a'))
    for (let i = 0; i < 20_000; i += 1) {
      writer.insert(0, i)
      if (i % 2 === 0) writer.delete(0)
    }
    const reader = new Rga(testActor('b'))
    reader.insert(0, 'own')
    expect(timed(() => reader.join(writer.encode()))).toBeLessThan(3000)
    expect(reader.length).toBe(10_001)
  })

  it('keeps the deletion of an element that waits for its parent', () => {
    const writer = new Text(testActor('a'))
    writer.insert(0, 'a')
    const first = writer.takeDelta()
    writer.insert(1, 'b')
    const second = writer.takeDelta()
    writer.delete(1, 1)
    const third = writer.takeDelta()
    const reader = new Text(testActor('b'))
    for (const delta of [second, third]) reader.join(delta)
    const restarted = Text.decode(reader.encode(), testActor('b'))
    restarted.join(first)
    expect(restarted.toString()).toBe('a')
    expect(hex(restarted.encode())).toBe(hex(writer.encode()))
  })

  it('carries on half a surrogate pair', () => {
    const text = new Text(testActor('a'))
    text.insert(0, 'x😀y')
    text.deleteById(text.idAt(1))
    expect(text.toString()).toBe('x\ufffdy')
    const loaded = Text.decode(text.encode(), testActor('a'))
    expect(loaded.slice()).toBe(text.slice())
    expect(hex(loaded.encode())).toBe(hex(text.encode()))
  })

  it('knows an element by the type its creator gave it', () => {
    const list = new Rga(testActor('a'), undefined, allTypes)
    list.create(0, specOf<Text>('text')).insert(0, 'inside')
    const bytes = block(DELTA, 12, [], (out) => numbers(out, 0, 0, 0, 0, 0, 1, 0, 1, 6, 2, 0, 0))
    const other = Rga.decode(list.encode(), testActor('b'), undefined, allTypes)
    other.join(bytes)
    expect(other.toJSON()).toEqual(['inside'])
  })
})

describe('sets and maps', () => {
  it('refuses a dot with two elements, a key or field twice', () => {
    // One group of one dot that stamps two elements: true and false.
    const twice = block(DELTA, 6, [1, 1], (out) => numbers(out, 2, 1, 0, 1, 1, 0, 1, 0, 2, 0, 0))
    expect(code(() => new OrSet(testActor('a')).join(twice))).toBe('CORE_DECODE_INVALID')
    const key = (out: Writer): void => {
      out.string('k')
      numbers(out, 8, 1, 0)
    }
    const keys = block(DELTA, 11, [], (out) => {
      numbers(out, 0, 0, 2)
      key(out)
      key(out)
    })
    expect(code(() => new OrMap(testActor('a')).join(keys))).toBe('CORE_DECODE_INVALID')
  })

  it('refuses values of a type it does not know rather than forget them', () => {
    const source = new OrMap(testActor('a'), undefined, allTypes)
    source.open('k', specOf<Text>('text')).insert(0, 'x')
    expect(code(() => new OrMap(testActor('b')).join(source.encode()))).toBe('CORE_FORMAT_UNSUPPORTED')
  })

  it.each([32, 33, 200])('containers %i deep', (depth) => {
    const nest = (out: Writer, left: number): void => {
      numbers(out, 0, 0, left === 0 ? 0 : 1)
      if (left === 0) return
      out.string('k')
      out.byte(11)
      const inner = new Writer()
      inner.varint(0)
      nest(inner, left - 1)
      out.varint(inner.length)
      out.append(inner.bytes, inner.length)
    }
    const bomb = block(DELTA, 11, [], (out) => nest(out, depth))
    const map = new OrMap(testActor('a'), undefined, allTypes)
    expect(code(() => map.join(bomb))).toBe(depth > 32 ? 'CORE_LIMIT_EXCEEDED' : undefined)
  })

  it.each([64, 65, 100_000])('JSON %i deep', (depth) => {
    const bytes = new Uint8Array(2 * depth + 1)
    for (let i = 0; i < depth; i += 1) bytes.set([6, 1], 2 * i)
    expect(code(() => readJson(new Reader(bytes)))).toBe(depth > 64 ? 'CORE_DECODE_INVALID' : undefined)
  })
})

describe('documents', () => {
  const counted = (): Uint8Array[] => {
    const doc = openDoc('a')
    return Array.from({ length: 3 }, () => doc.change((root) => root.hits.increment())!)
  }
  const state = (doc: ReturnType<typeof openDoc>): string => `${hex(doc.snapshot())} ${JSON.stringify(doc.missing())}`

  it('a bundle whose second change forks applies nothing of it', () => {
    const changes = counted()
    const forged = changes[1]!.slice()
    forged[forged.length - 1]! ^= 1
    const reader = openDoc('b')
    const before = state(reader)
    expect(code(() => reader.apply(encodeBundle([changes[0]!, forged, changes[2]!])))).toBe('CORE_ACTOR_FORKED')
    expect(state(reader)).toBe(before)
  })

  it('a waiting change that contradicts what it waited for is dropped and told', () => {
    const changes = counted()
    const forged = changes[1]!.slice()
    forged[forged.length - 1]! ^= 1
    const reader = openDoc('b')
    expect(reader.apply(forged).waiting).toBe(1)
    const fork = openDoc('a')
    const other = fork.change((root) => root.title.set('another first change'))!
    const { applied, refused, waiting } = reader.apply(other)
    expect([applied.length, refused.length, waiting]).toEqual([1, 1, 0])
  })

  it('a change that follows one which waits here is compared with it once that is applied', () => {
    const changes = counted()
    const reader = openDoc('b')
    reader.apply(changes[1]!)
    // The third change names the check of the second; another third one names nothing known.
    const third = changes[2]!.slice()
    const previousAt = Buffer.from(third).indexOf(Buffer.from(Uint32Array.of(readChange(third).header.previous).buffer))
    third[previousAt]! ^= 1
    const { applied, refused } = reader.apply(encodeBundle([changes[0]!, third]))
    expect([applied.length, refused.length]).toEqual([2, 1])
    expect(openDoc('c').apply(reader.changesSince(new VersionVector())!).applied.length).toBe(2)
  })

  it('10,000 changes that arrive in reverse', () => {
    const writer = openDoc('a')
    const changes = Array.from({ length: 10_000 }, () => writer.change((root) => root.hits.increment())!)
    const reader = openDoc('b')
    const ms = timed(() => {
      for (const change of changes.toReversed()) reader.apply(change)
    })
    expect(reader.root.hits.value).toBe(10_000)
    expect(ms).toBeLessThan(10_000)
    expect(reader.missing()).toEqual([])
  })

  it('nobody counts for another', () => {
    const doc = openDoc('a')
    doc.apply(openDoc('z').change((root) => root.hits.increment())!)
    const change = doc.change((root) => root.hits.increment())!
    // The entry `actor 0` becomes `actor 1`, the other one in the change's table.
    const at = change.length - 2
    const forged = change.slice()
    forged[at] = 1
    expect(code(() => openDoc('b').apply(forged))).toBe('CORE_DECODE_INVALID')
  })

  it('a snapshot does not enter a document with unknown types', () => {
    const writer = openDoc('a')
    const change = writer.change((root) => root.title.set('t'))!
    const reader = openDoc('b')
    const tagAt = change.findIndex((byte, i) => byte === 7 && change[i - 1] === 'e'.charCodeAt(0))
    const opaque = change.slice()
    opaque[tagAt] = 200
    reader.apply(opaque)
    const other = openDoc('c')
    other.change((root) => root.title.set('u'))
    const before = reader.versionHash()
    expect(code(() => reader.apply(other.snapshot()))).toBe('CORE_FORMAT_UNSUPPORTED')
    expect(reader.versionHash()).toBe(before)
    expect(reader.changesSince(new VersionVector())).toBeDefined()
  })

  it('a total beyond the safe integers does not stop a document', () => {
    const docs = ['a', 'b'].map(openDoc)
    const changes = docs.map((doc) => doc.change((root) => root.credits.increment(Number.MAX_SAFE_INTEGER))!)
    const reader = new Doc({ schema, actor: testActor('c'), incarnation: INCARNATION })
    reader.subscribe(() => undefined)
    for (const change of changes) reader.apply(change)
    expect(reader.toJSON()).toMatchObject({ credits: (2n * BigInt(Number.MAX_SAFE_INTEGER)).toString() })
  })
})
