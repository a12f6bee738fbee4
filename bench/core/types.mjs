/**
 * Stand-alone types, delta recording on: one `takeDelta()` at the end of a run is inside the timing. Every run works on a
 * fresh value.
 */
import { GCounter, LwwRegister, OrMap, OrSet } from '../../packages/core/dist/index.js'
import { readRecord, writeRecord } from './floors.mjs'
import { actor, expect, expectBytes, reference, strings } from './subject.mjs'

const INCREMENTS = 4_000_000
const SETS = 1_000_000
const ELEMENTS = 100_000
const CODINGS = 100_000

function increments() {
  return [
    {
      name: 'joinery',
      ops: INCREMENTS,
      prepare: () => new GCounter(actor()),
      run: (counter) => {
        for (let i = 0; i < INCREMENTS; i += 1) counter.increment()
        return { counter, delta: counter.takeDelta() }
      },
      check: ({ counter, delta }) => {
        expect(counter.value, INCREMENTS, 'counter')
        const other = new GCounter(actor('node2'))
        other.join(delta)
        expect(other.value, INCREMENTS, 'joined counter')
      },
    },
    {
      name: 'floor-typed-array',
      ops: INCREMENTS,
      prepare: () => new Float64Array(8),
      run: (counts) => {
        for (let i = 0; i < INCREMENTS; i += 1) counts[0] += 1
        return counts
      },
      check: (counts) => expect(counts[0], INCREMENTS, 'count'),
    },
  ]
}

function registerSets() {
  const values = strings(1024, 'value')
  const last = values[(SETS - 1) % 1024]
  return [
    {
      name: 'joinery',
      ops: SETS,
      prepare: () => new LwwRegister(actor()),
      run: (register) => {
        for (let i = 0; i < SETS; i += 1) register.set(values[i & 1023])
        return { register, delta: register.takeDelta() }
      },
      check: ({ register, delta }) => {
        expect(register.value, last, 'register')
        const other = new LwwRegister(actor('node2'))
        other.join(delta)
        expect(other.value, last, 'joined register')
      },
    },
    {
      name: 'floor-clock',
      ops: SETS,
      prepare: () => ({ value: '', time: 0 }),
      run: (register) => {
        for (let i = 0; i < SETS; i += 1) {
          const now = Date.now() * 1000
          register.time = now > register.time ? now : register.time + 1
          register.value = values[i & 1023]
        }
        return register
      },
      check: (register) => expect(register.value, last, 'register'),
    },
    {
      name: 'floor-object',
      ops: SETS,
      prepare: () => ({ value: '', time: 0 }),
      run: (register) => {
        for (let i = 0; i < SETS; i += 1) {
          register.time += 1
          register.value = values[i & 1023]
        }
        return register
      },
      check: (register) => expect(register.value, last, 'register'),
    },
  ]
}

function mapFloor(elements) {
  return {
    name: 'floor-map',
    ops: ELEMENTS,
    prepare: () => new Map(),
    run: (map) => {
      for (let i = 0; i < ELEMENTS; i += 1) map.set(elements[i], i)
      return map
    },
    check: (map) => expect(map.size, ELEMENTS, 'map'),
  }
}

/** What `takeDelta` must do on top of the map: every element's bytes. */
function mapBytesFloor(elements) {
  return {
    name: 'floor-map-bytes',
    ops: ELEMENTS,
    prepare: () => new Map(),
    run: (map) => {
      for (let i = 0; i < ELEMENTS; i += 1) map.set(elements[i], i)
      let bytes = new Uint8Array(1024)
      let at = 0
      for (const element of map.keys()) {
        const { length } = element
        if (at + length + 1 > bytes.length) {
          const grown = new Uint8Array(bytes.length * 2)
          grown.set(bytes)
          bytes = grown
        }
        bytes[at++] = length
        for (let i = 0; i < length; i += 1) bytes[at++] = element.charCodeAt(i)
      }
      return { map, bytes: bytes.slice(0, at) }
    },
    check: ({ map, bytes }) => {
      expect(map.size, ELEMENTS, 'map')
      expectBytes(bytes, 'elements')
    },
  }
}

function setAdds() {
  const elements = strings(ELEMENTS)
  return [
    {
      name: 'joinery',
      ops: ELEMENTS,
      prepare: () => new OrSet(actor()),
      run: (set) => {
        for (let i = 0; i < ELEMENTS; i += 1) set.add(elements[i])
        return { set, delta: set.takeDelta() }
      },
      check: ({ set, delta }) => {
        expect(set.size, ELEMENTS, 'set')
        expectBytes(delta, 'delta of the set')
      },
    },
    mapFloor(elements),
    mapBytesFloor(elements),
  ]
}

function mapSets() {
  const keys = strings(ELEMENTS, 'key')
  return [
    {
      name: 'joinery',
      ops: ELEMENTS,
      prepare: () => new OrMap(actor()),
      run: (map) => {
        for (let i = 0; i < ELEMENTS; i += 1) map.setLww(keys[i], i)
        return { map, delta: map.takeDelta() }
      },
      check: ({ map, delta }) => {
        expect(map.size, ELEMENTS, 'map')
        expect(map.getLww(keys[7]), 7, 'value')
        expectBytes(delta, 'delta of the map')
      },
    },
    mapFloor(keys),
    mapBytesFloor(keys),
  ]
}

function encodes() {
  const id = actor().id
  return [
    {
      name: 'joinery',
      ops: CODINGS,
      prepare: () => {
        const counter = new GCounter(actor())
        counter.increment(1000)
        return { counter, bytes: undefined }
      },
      run: (start) => {
        for (let i = 0; i < CODINGS; i += 1) start.bytes = start.counter.encode()
        return start
      },
      check: ({ bytes }) => expect(GCounter.decode(bytes, actor()).value, 1000, 'counter'),
    },
    {
      name: 'floor-bytes',
      ops: CODINGS,
      prepare: () => ({ id, count: 1000, bytes: undefined }),
      run: (start) => {
        for (let i = 0; i < CODINGS; i += 1) start.bytes = writeRecord(start)
        return start
      },
      check: ({ bytes }) => expect(readRecord(bytes).count, 1000, 'record'),
    },
  ]
}

function decodes() {
  const writer = actor()
  const counter = new GCounter(writer)
  counter.increment(1000)
  const encoded = counter.encode()
  const record = writeRecord({ id: writer.id, count: 1000 })
  return [
    {
      name: 'joinery',
      ops: CODINGS,
      prepare: () => ({ counter: undefined }),
      run: (start) => {
        for (let i = 0; i < CODINGS; i += 1) start.counter = GCounter.decode(encoded, writer)
        return start
      },
      check: (result) => expect(result.counter.value, 1000, 'counter'),
    },
    {
      name: 'floor-bytes',
      ops: CODINGS,
      prepare: () => ({ record: undefined }),
      run: (start) => {
        for (let i = 0; i < CODINGS; i += 1) start.record = readRecord(record)
        return start
      },
      check: (result) => expect(result.record.count, 1000, 'record'),
    },
  ]
}

const subjects = {
  'gcounter.increment': increments,
  'lww.set': registerSets,
  'orset.add': setAdds,
  'ormap.set': mapSets,
  'gcounter.encode': encodes,
  'gcounter.decode': decodes,
}

export const typeCases = Object.entries(subjects).map(([name, make]) => ({
  name,
  subjects: make,
  reference: reference[name],
}))
