/**
 * A recorded writing of a text, by one author:
 *   apply   all edits in one transaction, then the text is read
 *   edits   a transaction per edit, the update of each taken; then the text is read
 *   encode  the whole document as edited so
 *   load    decoded and read
 *   resume  decoded, one character inserted in the middle, its update taken, one change from elsewhere applied; then read
 *   remote  the updates one by one on an empty replica, then read
 *   batch   the same updates as one batch
 */

import { expectEqual } from '../bench.mjs'
import { edit, sequentialTrace, traceNames } from '../traces.mjs'

const metrics = {
  apply: 'ms',
  edits: 'ms',
  remote: 'ms',
  batch: 'ms',
  encode: 'ms',
  load: 'ms',
  resume: 'ms',
  bytes: 'bytes',
  'memory-loaded': 'MB',
  'memory-edited': 'MB',
}

const sequence = ['apply', 'edits', 'encode', 'bytes', 'load', 'resume', 'remote', 'batch']

/** A transaction per edit. @returns the updates. */
function type(replica, edits) {
  const updates = new Array(edits.count)
  for (let i = 0; i < edits.count; i += 1) updates[i] = replica.change(() => edit(replica, edits, i))
  return updates
}

function typed(bench, edits) {
  const same = (text) => expectEqual(text, edits.end, 'text')
  bench.time('apply', {
    prepare: () => bench.open('text', 0),
    run: (replica) => {
      replica.run(() => {
        for (let i = 0; i < edits.count; i += 1) edit(replica, edits, i)
      })
      return { replica, text: replica.read() }
    },
    check: ({ text }) => same(text),
  })
  return bench.time('edits', {
    prepare: () => bench.open('text', 0),
    run: (replica) => {
      const updates = type(replica, edits)
      return { replica, updates, text: replica.read() }
    },
    check: ({ text }) => same(text),
  })
}

function stored(bench, edits, replica) {
  const bytes = bench.time('encode', { prepare: () => replica, run: () => replica.encode() })
  bench.value('bytes', bytes.length)
  bench.artifact(bytes)
  bench.time('load', {
    run: () => {
      const loaded = bench.load('text', bytes, 1)
      return { loaded, text: loaded.read() }
    },
    check: ({ text }) => expectEqual(text, edits.end, 'loaded text'),
  })
  if (bench.peer.runs !== 'floor') resumed(bench, edits, bytes)
}

/** What another replica that has loaded the same sends. */
function changeElsewhere(bench, bytes) {
  const other = bench.load('text', bytes, 2)
  return other.change(() => other.insert(0, '>'))
}

function resumed(bench, { end }, bytes) {
  const middle = end.length >> 1
  const update = changeElsewhere(bench, bytes)
  bench.time('resume', {
    run: () => {
      const replica = bench.load('text', bytes, 1)
      const own = replica.change(() => replica.insert(middle, '|'))
      replica.apply(update)
      return { replica, own, text: replica.read() }
    },
    check: ({ own, text }) => {
      expectEqual(own.length > 0, true, 'an update')
      expectEqual(text, `>${end.slice(0, middle)}|${end.slice(middle)}`, 'resumed text')
    },
  })
}

function received(bench, { end }, updates) {
  const result = (replica) => ({ replica, text: replica.read() })
  const check = ({ text }) => expectEqual(text, end, 'received text')
  bench.time('remote', {
    prepare: () => bench.open('text', 3),
    run: (replica) => {
      for (const update of updates) replica.apply(update)
      return result(replica)
    },
    check,
  })
  const batch = bench.peer.batchOf?.(updates) ?? updates
  bench.time('batch', {
    prepare: () => bench.open('text', 3),
    run: (replica) => {
      replica.applyAll(batch)
      return result(replica)
    },
    check,
  })
}

const caseOf = (name) => ({
  name: `text:${name}`,
  kind: 'text',
  floors: true,
  metrics,
  sequence,
  prepare: () => sequentialTrace(name),
  round: (bench, edits) => {
    const { replica, updates } = typed(bench, edits)
    stored(bench, edits, replica)
    received(bench, edits, updates)
  },
  memory: {
    'memory-loaded': {
      stored: true,
      make: ({ peer, read }) => {
        const replica = peer.load('text', read(), 1)
        expectEqual(replica.read().length > 0, true, 'a text')
        return replica
      },
    },
    'memory-edited': {
      make: ({ peer }) => {
        const edits = sequentialTrace(name)
        const replica = peer.open('text', 0)
        for (let i = 0; i < edits.count; i += 1) replica.change(() => edit(replica, edits, i))
        expectEqual(replica.read(), edits.end, 'text')
        return replica
      },
    },
  },
})

export const textCases = traceNames.map(caseOf)
