/** Records that were loaded and not needed yet. */
import { describe, expect, it } from 'vitest'
import { checksum32 } from '../../src/codec/checksum.ts'
import { Doc, defineSchema, lww, orMap, struct, text } from '../../src/index.ts'
import { testActor } from '../fuzz/actors.ts'
import { refusal } from '../fuzz/harness.ts'

const schema = defineSchema({ records: orMap(struct({ name: lww<string>(), note: text() })) })
const options = (name: string) => ({ schema, actor: testActor(name) })
const load = (bytes: Uint8Array, name = 'b') => Doc.load(bytes, options(name))

function stored(): Doc<typeof schema.fields> {
  const doc = new Doc({ ...options('a'), incarnation: 'life' })
  for (const key of ['one', 'two', 'three']) {
    doc.change(({ records }) => {
      records.open(key).name.set(`name of ${key}`)
      records.open(key).note.insert(0, `note of ${key}`)
    })
  }
  return doc
}

/** The snapshot with one byte of a text changed for another, and a checksum that fits. */
function forged(snapshot: Uint8Array, at: number, to: number): Uint8Array {
  const bytes = snapshot.slice()
  bytes[at] = to
  const check = checksum32(bytes, 0, 6)
  for (let i = 0; i < 4; i += 1) bytes[2 + i] = check >>> (8 * i)
  return bytes
}

describe('a record that was loaded and not looked at', () => {
  it('is written again as it came', () => {
    const snapshot = stored().snapshot()
    expect(load(snapshot).snapshot()).toEqual(snapshot)
  })

  it('is written for other actors', () => {
    const source = stored()
    const loaded = load(source.snapshot())
    // An actor that sorts before the one all records are of.
    const other = Doc.load(source.snapshot(), options('A'))
    const change = other.change(({ records }) => records.open('four').name.set('name of four'))
    loaded.apply(change as Uint8Array)
    expect(loaded.snapshot()).toEqual(other.snapshot())
    expect(load(loaded.snapshot()).toJSON()).toEqual(other.toJSON())
  })

  it('takes what others write into it, and tells of that alone', () => {
    const source = stored()
    const loaded = load(source.snapshot())
    const told: unknown[] = []
    loaded.subscribe(({ patches }) => told.push(...patches))
    loaded.apply(source.change(({ records }) => records.open('two').name.set('another')) as Uint8Array)
    expect(told).toEqual([{ type: 'set', path: ['records', 'two', 'name'], value: 'another' }])
    expect(loaded.root.records.open('two').note.toString()).toBe('note of two')
    expect(loaded.snapshot()).toEqual(source.snapshot())
  })

  it('goes with its key, and can be undone', () => {
    const loaded = load(stored().snapshot())
    const undo = loaded.undoManager()
    loaded.change(({ records }) => records.remove('two'))
    expect(loaded.root.records.keys()).toEqual(['one', 'three'])
    undo.undo()
    expect(loaded.toJSON()).toMatchObject({
      records: { two: { name: 'name of two', note: 'note of two' } },
    })
  })

  it('is refused when it is damaged and somebody needs it; the others are not', () => {
    const snapshot = stored().snapshot()
    const name = new TextDecoder('latin1').decode(snapshot).indexOf('name of two')
    const loaded = load(forged(snapshot, name, 0xff))
    expect(loaded.root.records.open('one').name.value).toBe('name of one')
    const read = () => loaded.root.records.open('two').name.value
    expect([refusal(read)?.code, refusal(read)?.code]).toEqual(['CORE_DECODE_INVALID', 'CORE_DECODE_INVALID'])
    expect(loaded.root.records.open('three').name.value).toBe('name of three')
  })

  it('has a text that is refused each time when it is damaged', () => {
    const snapshot = stored().snapshot()
    const note = new TextDecoder('latin1').decode(snapshot).indexOf('note of two')
    const loaded = load(forged(snapshot, note, 0xff))
    const read = () => loaded.root.records.open('two').note.toString()
    const first = refusal(read)
    expect(first?.code).toBe('CORE_DECODE_INVALID')
    expect(refusal(read)?.message).toBe(first?.message)
  })

  it('is refused at once where its lengths are wrong', () => {
    const snapshot = stored().snapshot()
    const name = new TextDecoder('latin1').decode(snapshot).indexOf('\u0004name')
    expect(refusal(() => load(forged(snapshot, name, 0x7f)))?.code).toBe('CORE_DECODE_INVALID')
  })
})
