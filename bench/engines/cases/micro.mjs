/**
 * 10,000 operations on one kind of data:
 *   txn     all in one transaction
 *   each    a transaction per operation, the update of each taken
 *   remote  these updates one by one on an empty replica
 * and what maps of 1,000 and of 100,000 keys cost as a whole.
 */
import { expectEqual } from '../bench.mjs'

const OPS = 10_000

/** Strings made beforehand and flat, so that no peer pays for building them. */
function strings(count, prefix, from = 0) {
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  return Array.from({ length: count }, (_, i) => decoder.decode(encoder.encode(`${prefix}-${from + i}`)))
}

const keys = strings(OPS, 'key')

/** By kind: one operation, and whether all of them arrived. */
const kinds = {
  counter: {
    mutate: (replica) => replica.increment(),
    check: (replica) => expectEqual(replica.count(), OPS, 'count'),
  },
  set: {
    mutate: (replica, i) => replica.add(keys[i]),
    check: (replica) => {
      expectEqual(replica.size(), OPS, 'size')
      expectEqual(replica.has(keys[OPS >> 1]), true, 'an element')
    },
  },
  map: {
    mutate: (replica, i) => replica.set(keys[i], i),
    check: (replica) => {
      expectEqual(replica.size(), OPS, 'size')
      expectEqual(replica.get(keys[OPS >> 1]), OPS >> 1, 'a value')
    },
  },
  register: {
    mutate: (replica, i) => replica.write(keys[i]),
    check: (replica) => expectEqual(replica.value(), keys[OPS - 1], 'value'),
  },
}

function round(kind, bench) {
  const { mutate, check } = kinds[kind]
  bench.time('txn', {
    per: OPS / 1000,
    prepare: () => bench.open(kind, 0),
    run: (replica) => {
      replica.run(() => {
        for (let i = 0; i < OPS; i += 1) mutate(replica, i)
      })
      return replica
    },
    check,
  })
  const { updates } = bench.time('each', {
    per: OPS / 1000,
    prepare: () => bench.open(kind, 0),
    run: (replica) => {
      const taken = new Array(OPS)
      for (let i = 0; i < OPS; i += 1) taken[i] = replica.change(() => mutate(replica, i))
      return { replica, updates: taken }
    },
    check: ({ replica }) => check(replica),
  })
  bench.time('remote', {
    per: OPS / 1000,
    prepare: () => bench.open(kind, 1),
    run: (replica) => {
      for (const update of updates) replica.apply(update)
      return replica
    },
    check,
  })
}

const operations = Object.keys(kinds).map((kind) => ({
  name: `micro:${kind}`,
  kind,
  floors: true,
  metrics: { txn: 'µs/op', each: 'µs/op', remote: 'µs/op' },
  round: (bench) => round(kind, bench),
}))

/** Sum of the values under keys: nothing that was to be loaded is left for later. */
function sumOf(replica, names) {
  let sum = 0
  for (const name of names) sum += replica.get(name)
  return sum
}

function fill(replica, names, from = 0) {
  return replica.change(() => {
    names.forEach((name, i) => {
      replica.set(name, from + i)
    })
  })
}

const sumBelow = (count) => (count * (count - 1)) / 2

function stored(bench, replica, names) {
  const bytes = bench.time('encode', { run: () => replica.encode() })
  bench.value('bytes', bytes.length)
  bench.artifact(bytes)
  bench.time('load', {
    run: () => {
      const loaded = bench.load('map', bytes, 2)
      return { loaded, sum: sumOf(loaded, names) }
    },
    check: ({ sum }) => expectEqual(sum, sumBelow(names.length), 'sum of the values'),
  })
  return bytes
}

const map1k = {
  name: 'micro:map1k',
  kind: 'map',
  stores: true,
  metrics: { encode: 'ms', load: 'ms', bytes: 'bytes' },
  sequence: ['encode', 'bytes', 'load'],
  prepare: () => strings(1000, 'key'),
  round: (bench, names) => {
    const replica = bench.open('map', 0)
    fill(replica, names)
    stored(bench, replica, names)
  },
}

const LARGE = 100_000

/** Two maps, half of whose keys are the same, and what the second one sends to a replica that has nothing of it. */
function prepareLarge(bench) {
  const names = strings(LARGE, 'key')
  const otherNames = strings(LARGE, 'key', LARGE / 2)
  const one = bench.open('map', 0)
  fill(one, names)
  const other = bench.open('map', 1)
  const update = fill(other, otherNames, LARGE)
  const message = bench.peer.mergesUpdates ? update : (other.whole?.() ?? other.encode())
  return { one, names, message, archive: one.archive?.() }
}

function roundLarge(bench, { one, names, message, archive }) {
  const bytes = stored(bench, one, names)
  bench.time('merge', {
    prepare: () => {
      const replica = bench.load('map', archive ?? bytes, 3)
      sumOf(replica, names)
      return replica
    },
    run: (replica) => {
      if (replica.merge === undefined) replica.apply(message)
      else replica.merge(message)
      return replica
    },
    check: (replica) => {
      expectEqual(replica.size(), LARGE + LARGE / 2, 'size')
      expectEqual(replica.get(`key-${LARGE}`), LARGE + LARGE / 2, 'a value of the other map')
    },
  })
}

const map100k = {
  name: 'micro:map100k',
  kind: 'map',
  stores: true,
  metrics: { load: 'ms', merge: 'ms', encode: 'ms', bytes: 'bytes', memory: 'MB' },
  sequence: ['encode', 'bytes', 'load', 'merge'],
  prepare: prepareLarge,
  round: roundLarge,
  memory: {
    memory: {
      stored: true,
      make: ({ peer, read }) => {
        const replica = peer.load('map', read(), 2)
        expectEqual(sumOf(replica, strings(LARGE, 'key')), sumBelow(LARGE), 'sum of the values')
        return replica
      },
    },
  },
}

export const microCases = [...operations, map1k, map100k]
