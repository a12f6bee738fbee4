/**
 * B3 of crdt-benchmarks: 1,540 replicas (20 times the root of 6,000) write once each, without hearing of each other; another
 * replica applies all their updates.
 *   batch   as one batch
 *   stream  one by one
 * Making the updates is not timed.
 */
import { expectEqual } from '../bench.mjs'

const ROOT = 77
export const REPLICAS = 20 * ROOT

/** By case: what replica `i` writes, how many values the result has, and the result in a form to compare. */
const writes = {
  'b3.1': { kind: 'map', write: (replica, i) => replica.set('v', i) },
  'b3.2': { kind: 'map', objects: true, write: (replica, i) => replica.set('v', { name: String(i), address: 'here' }) },
  'b3.3': { kind: 'map', write: (replica, i) => replica.set('v', String(i).repeat(ROOT)) },
  'b3.4': { kind: 'list', write: (replica, i) => replica.insertValues(0, [String(i)]) },
  'b3.5': { kind: 'text', write: (replica, i) => replica.insert(0, String(i)) },
}

const numbers = Array.from({ length: REPLICAS }, (_, i) => String(i))

/** Each number once, in any order. */
function checkList(replica) {
  const values = replica.values()
  expectEqual(values.length, REPLICAS, 'values')
  expectEqual(new Set(values).size, REPLICAS, 'different values')
}

/** As many digits as were written; what one replica wrote stands together. */
function checkText(replica) {
  const text = replica.read()
  const sorted = (string) => [...string].sort().join('')
  expectEqual(sorted(text), sorted(numbers.join('')), 'digits')
}

/** A value as text, whatever the order of its keys. */
const canonical = (value) =>
  typeof value === 'object' ? JSON.stringify(Object.entries(value).sort()) : JSON.stringify(value)

/** One of the values that were written. */
function checkMap(replica, written) {
  expectEqual(written.has(canonical(replica.get('v'))), true, 'a value that was written')
}

function prepare({ kind, write }, bench) {
  const updates = numbers.map((_, i) => {
    const replica = bench.open(kind, i)
    return replica.change(() => write(replica, i))
  })
  const written = new Set()
  const note = { set: (_key, value) => written.add(canonical(value)) }
  if (kind === 'map') for (let i = 0; i < REPLICAS; i += 1) write(note, i)
  return { kind, updates, written, batch: bench.peer.batchOf?.(updates) ?? updates }
}

const checks = { map: checkMap, list: checkList, text: checkText }

function round(bench, { kind, updates, written, batch }) {
  const open = () => bench.open(kind, REPLICAS)
  const check = (replica) => checks[kind](replica, written)
  bench.time('batch', {
    prepare: open,
    run: (replica) => {
      replica.applyAll(batch)
      return replica
    },
    check,
  })
  bench.time('stream', {
    prepare: open,
    run: (replica) => {
      for (const update of updates) replica.apply(update)
      return replica
    },
    check,
  })
}

export const b3Cases = Object.entries(writes).map(([name, how]) => ({
  name,
  kind: how.kind,
  objects: how.objects,
  metrics: { batch: 'ms', stream: 'ms' },
  prepare: (bench) => prepare(how, bench),
  round,
}))
