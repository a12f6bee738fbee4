/**
 * Two authors who write into one text at the same time, as recorded. Before the clock runs, a replica per author makes every
 * transaction at the version at which it was made, so that the updates are those of the peer itself.
 *   stream  the updates one by one, in causal order, on an empty replica, then read
 *   batch   the same as one batch
 *   load    the merged document decoded and read
 * Peers may order concurrent insertions in different ways: only ours must end as the recording does, the others must converge,
 * and their text must be about as long.
 */
import { expectEqual } from '../bench.mjs'
import { concurrentTrace, isRecorded } from '../traces.mjs'

const NAME = 'friendsforever'
/** Positions of later edits fall elsewhere when insertions are ordered otherwise; a deletion then takes another character. */
const LENGTH_TOLERANCE = 0.01

/** By transaction and agent, how many transactions of that agent came before. */
function versionsOf({ txns, numAgents }) {
  const versions = []
  for (const { parents, agent } of txns) {
    const version = new Array(numAgents).fill(0)
    for (const parent of parents) {
      for (let other = 0; other < numAgents; other += 1)
        version[other] = Math.max(version[other], versions[parent][other])
    }
    version[agent] += 1
    versions.push(version)
  }
  return versions
}

function perform(replica, patches) {
  for (const [position, deletions, insertion] of patches) {
    if (deletions > 0) replica.remove(position, deletions)
    if (insertion !== '') replica.insert(position, insertion)
  }
}

/** One replica that writes as one author, and has of the others what the author had. */
class Author {
  #agent
  #seen

  constructor(replica, agent, numAgents) {
    this.replica = replica
    this.#agent = agent
    this.#seen = new Array(numAgents).fill(0)
  }

  /** @param sent updates by agent */
  catchUp(version, sent) {
    for (let other = 0; other < version.length; other += 1) {
      if (other === this.#agent) continue
      for (; this.#seen[other] < version[other]; this.#seen[other] += 1)
        this.replica.apply(sent[other][this.#seen[other]])
    }
  }
}

function replay(bench, trace) {
  const authors = Array.from(
    { length: trace.numAgents },
    (_, i) => new Author(bench.open('text', i), i, trace.numAgents),
  )
  const sent = authors.map(() => [])
  const versions = versionsOf(trace)
  const updates = trace.txns.map(({ agent, patches }, i) => {
    authors[agent].catchUp(versions[i], sent)
    const update = authors[agent].replica.change(() => perform(authors[agent].replica, patches))
    sent[agent].push(update)
    return update
  })
  for (const author of authors) {
    author.catchUp(
      sent.map(({ length }) => length),
      sent,
    )
  }
  const texts = authors.map(({ replica }) => replica.read())
  for (const text of texts) expectEqual(text, texts[0], 'text of the other author')
  return { updates, end: texts[0] }
}

/** A change that an empty deletion made of nothing has no update. */
const present = (updates) => updates.filter((update) => update !== undefined)

function checkEnd(peer, end, expected) {
  if (peer.name === 'joinery') return expectEqual(end, expected, 'text')
  const off = Math.abs(end.length - expected.length) / expected.length
  if (off > LENGTH_TOLERANCE) throw new Error(`${end.length} units instead of about ${expected.length}`)
}

function prepare(bench) {
  const trace = concurrentTrace(NAME)
  const { updates, end } = replay(bench, trace)
  checkEnd(bench.peer, end, trace.endContent)
  const all = present(updates)
  return { updates: all, end, batch: bench.peer.batchOf?.(all) ?? all }
}

function round(bench, { updates, end, batch }) {
  const check = ({ text }) => expectEqual(text, end, 'text')
  const open = () => bench.open('text', 7)
  bench.time('batch', {
    prepare: open,
    run: (replica) => {
      replica.applyAll(batch)
      return { replica, text: replica.read() }
    },
    check,
  })
  const { replica } = bench.time('stream', {
    prepare: open,
    run: (fresh) => {
      for (const update of updates) fresh.apply(update)
      return { replica: fresh, text: fresh.read() }
    },
    check,
  })
  const bytes = bench.time('encode', { run: () => replica.encode() })
  bench.value('bytes', bytes.length)
  bench.time('load', {
    run: () => {
      const loaded = bench.load('text', bytes, 8)
      return { loaded, text: loaded.read() }
    },
    check,
  })
}

const metrics = { stream: 'ms', batch: 'ms', encode: 'ms', load: 'ms', bytes: 'bytes' }
const sequence = ['batch', 'stream', 'encode', 'bytes', 'load']

export const concCases = isRecorded(NAME)
  ? [{ name: `conc:${NAME}`, kind: 'text', metrics, sequence, prepare, round }]
  : []
