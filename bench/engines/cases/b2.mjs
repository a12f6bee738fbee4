/**
 * B2 of crdt-benchmarks, N = 6,000: two replicas that have the same 100 characters edit at the same time, without hearing of
 * each other, a transaction per edit; then each applies the updates of the other as one batch. (In the original the second
 * replica knows the first one's edits before it makes its own.)
 *   time   editing and merging, with both results read
 *   merge  the merging alone
 */
import { expectEqual } from '../bench.mjs'
import { letters, randomOf } from '../random.mjs'
import { edit, editsOf, textAfter } from '../traces.mjs'
import { generate, N, randomChar, randomWord, wordOrDeletion } from './b1.mjs'

const metrics = { time: 'ms', merge: 'ms' }
const START = letters(randomOf(20), 100)

function insertedString(seed) {
  const patches = [[0, 0, letters(randomOf(seed), N)]]
  return editsOf(patches, textAfter(patches, START))
}

const edits = {
  'b2.1': insertedString,
  'b2.2': (seed) => generate(seed, randomChar, START),
  'b2.3': (seed) => generate(seed, randomWord, START),
  'b2.4': (seed) => generate(seed, wordOrDeletion, START),
}

function start(bench) {
  const one = bench.open('text', 0)
  const other = bench.open('text', 1)
  other.apply(one.change(() => one.insert(0, START)))
  return { one, other }
}

function type(replica, list) {
  const updates = new Array(list.count)
  for (let i = 0; i < list.count; i += 1) updates[i] = replica.change(() => edit(replica, list, i))
  return updates
}

function merge({ one, other, ofOne, ofOther }) {
  other.applyAll(ofOne)
  one.applyAll(ofOther)
  return { one, other, text: one.read(), otherText: other.read() }
}

function round(bench, { mine, theirs, length }) {
  const batchOf = bench.peer.batchOf ?? ((updates) => updates)
  const typed = ({ one, other }) => {
    const ofOne = batchOf(type(one, mine))
    return { one, other, ofOne, ofOther: batchOf(type(other, theirs)) }
  }
  const check = ({ text, otherText }) => {
    expectEqual(otherText, text, 'text of the other replica')
    if (length !== undefined) expectEqual(text.length, length, 'length of the text')
  }
  bench.time('time', { prepare: () => start(bench), run: (both) => merge(typed(both)), check })
  bench.time('merge', { prepare: () => typed(start(bench)), run: merge, check })
}

/** Deletions may meet: then the length is not the sum. */
function prepare(make, base) {
  const mine = make(base)
  const theirs = make(base + 1)
  const deletes = mine.deletions.some((count) => count > 0)
  const length = deletes ? undefined : mine.end.length + theirs.end.length - START.length
  return { mine, theirs, length }
}

export const b2Cases = Object.entries(edits).map(([name, make], i) => ({
  name,
  kind: 'text',
  metrics,
  prepare: () => prepare(make, 210 + 2 * i),
  round,
}))
