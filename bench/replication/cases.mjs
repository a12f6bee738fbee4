/** The figures of replication among nodes. Each case answers rows: metric, value, unit, and what it is to reach. */
import { MessageCodec } from '@joinery/sync/replication'
import { Cluster, compression, edits, foreignDocument } from './cluster.mjs'
import { spreadProcesses } from './processes.mjs'

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
const highest = (values, share) => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
}

/** Milliseconds until all nodes have an update, of several updates in a row, each begun when all was idle. */
export function spread({ nodes, loss, updates, seed = 1 }) {
  const cluster = new Cluster({ nodes, loss, seed })
  let waiting
  cluster.observe = (index, { type }) => {
    if (type === 'changed') waiting?.delete(index)
  }
  cluster.run(60_000)
  const times = []
  for (let i = 0; i < updates; i += 1) {
    const from = (i * 7919) % nodes
    waiting = new Set(Array.from({ length: nodes }, (_, index) => index))
    waiting.delete(from)
    const beganMs = cluster.schedule.nowMs
    cluster.edit(from, 'd', edits.add(`${i}`))
    while (waiting.size > 0 && cluster.schedule.nowMs < beganMs + 120_000) cluster.run(5)
    times.push(cluster.schedule.nowMs - beganMs)
    cluster.run(5_000)
  }
  return { times, sharesMembers: cluster.sharesMembers }
}

/** The same of real processes, beside the simulation of as many. */
function processesCase(loss, updates) {
  const nodes = 20
  return {
    name: `processes.${loss * 100}`,
    isSlow: true,
    async run(quick) {
      const count = quick ? 5 : updates
      const real = (await spreadProcesses({ nodes, loss, updates: count })).times
      const simulated = spread({ nodes, loss, updates: count }).times
      return ['median', 'p99'].flatMap((metric) => {
        const of = metric === 'median' ? median : (times) => highest(times, 0.99)
        const [value, expected] = [of(real), of(simulated)]
        return [
          { metric, value, unit: 'ms', runs: count, note: `${nodes} processes` },
          { metric: `sim-${metric}`, value: expected, unit: 'ms', runs: count, note: `${nodes} simulated` },
          { metric: `ratio-${metric}`, value: value / expected, unit: 'times', runs: count, atMost: 2 },
        ]
      })
    },
  }
}

function spreadCase(nodes, loss, updates, atMost) {
  return {
    name: `spread.${nodes}.${loss * 100}`,
    run(quick) {
      const { times, sharesMembers } = spread({ nodes, loss, updates: quick ? Math.min(updates, 3) : updates })
      const note = sharesMembers ? 'one membership view, shared' : 'own membership each'
      return [
        { metric: 'median', value: median(times), unit: 'ms', runs: times.length, note },
        { metric: 'p99', value: highest(times, 0.99), unit: 'ms', runs: times.length, note, atMost },
      ]
    },
  }
}

/** Bytes a second of each node at a rate of updates over all nodes. */
function bandwidthCase(perSecond, atMost) {
  return {
    name: `bandwidth.${perSecond}`,
    run(quick) {
      const nodes = 10
      const seconds = quick ? 30 : 120
      const cluster = new Cluster({ nodes, seed: 3 })
      const ratio = () => {
        const statuses = cluster.engines.map((engine) => engine.status())
        const sum = (key) => statuses.reduce((total, status) => total + status[key], 0)
        return sum('plainBytes') / Math.max(1, sum('deflatedBytes'))
      }
      for (let i = 0; i < nodes; i += 1) cluster.edit(i, `d${i % 3}`, edits.add(`first ${i}`))
      cluster.run(60_000)
      const before = cluster.network.counted.bytes
      for (let i = 0; i < perSecond * seconds; i += 1) {
        cluster.schedule.after((i * 1000) / perSecond, () => {
          const write = [edits.add(`value ${i}`), edits.title(`title ${i}`), edits.vote()][i % 3]
          cluster.edit((i * 7) % nodes, `d${i % 3}`, write)
        })
      }
      cluster.run(seconds * 1000)
      const value = (cluster.network.counted.bytes - before) / nodes / seconds
      const rows = [{ metric: 'per-node', value, unit: 'bytes/s', runs: 1, atMost }]
      return perSecond === 0 ? rows : [...rows, { metric: 'ratio', value: ratio(), unit: 'times', runs: 1 }]
    },
  }
}

/** Bytes of digests and frontiers until two nodes know in which 10 of 10,000 documents they differ. */
const digestCase = {
  name: 'digest',
  run(quick) {
    const documents = quick ? 1_000 : 10_000
    const cluster = new Cluster({ nodes: 2, regions: 1, seed: 5 })
    const docs = Array.from({ length: documents }, (_, i) => foreignDocument(`writer-${i % 50}`))
    const changes = docs.map((doc, i) => doc.change(({ tags }) => tags.add(`${i}`)).slice())
    cluster.network.cut('n0', 'n1')
    cluster.network.cut('n1', 'n0')
    for (let node = 0; node < 2; node += 1) {
      for (const [i, change] of changes.entries()) cluster.submit(node, `document-${i}`, [change])
    }
    cluster.run(10_000)
    // Ten documents change on one side, and what was pushed meanwhile is lost for good.
    for (let i = 0; i < 10; i += 1) {
      const at = (i * 997) % documents
      cluster.submit(0, `document-${at}`, [docs[at].change(({ votes }) => votes.increment()).slice()])
    }
    cluster.run(120_000)
    const status = () => cluster.engines.map((engine) => engine.status())
    let bytes = 0
    cluster.observe = (_, output) => {
      if (output.type === 'send' && output.cause === 'repair' && DIGESTS.has(output.bytes[1] & 0x7f)) {
        bytes += output.bytes.length
      }
    }
    cluster.network.heal()
    const [a, b] = status()
    if (a.digest === b.digest) throw new Error('nothing to reconcile')
    for (let i = 0; i < 600; i += 1) {
      const [x, y] = status()
      if (x.digest === y.digest) break
      cluster.run(100)
    }
    const [x, y] = status()
    if (x.digest !== y.digest) throw new Error('never reconciled')
    return [{ metric: 'bytes', value: bytes, unit: 'bytes', runs: 1, atMost: 2048 }]
  },
}
/** digest, equal, more, frontiers, ranges, want: everything of repair but the changes. */
const DIGESTS = new Set([3, 4, 5, 6, 7, 13])

/** How often a change comes to a node that has it, in a burst of 1,000. */
function burstCase(loss) {
  return {
    name: `burst.${loss * 100}`,
    run(quick) {
      const nodes = 10
      const operations = quick ? 200 : 1_000
      const cluster = new Cluster({ nodes, loss, seed: 7 })
      cluster.run(20_000)
      for (let i = 0; i < operations; i += 1) {
        cluster.schedule.after(i, () => cluster.edit(i % nodes, 'd', edits.add(`burst ${i}`)))
      }
      const beganMs = cluster.schedule.nowMs
      let doneMs = 0
      while (cluster.schedule.nowMs < beganMs + 60_000) {
        cluster.run(50)
        const counts = cluster.engines.map(
          (engine) => engine.document({ document: 'd', incarnation: 'life' })?.root.tags.size,
        )
        if (counts.every((count) => count === operations)) {
          doneMs = cluster.schedule.nowMs - beganMs
          break
        }
      }
      if (doneMs === 0) throw new Error('not everything arrived')
      cluster.run(10_000)
      const statuses = cluster.engines.map((engine) => engine.status())
      const duplicates = statuses.reduce((sum, status) => sum + status.duplicates, 0) / operations / (nodes - 1)
      const plain = statuses.reduce((sum, status) => sum + status.plainBytes, 0)
      const deflated = statuses.reduce((sum, status) => sum + status.deflatedBytes, 0)
      return [
        { metric: 'duplicates', value: duplicates, unit: 'per operation and node', runs: 1, atMost: 3 },
        { metric: 'ratio', value: plain / deflated, unit: 'times', runs: 1 },
        { metric: 'everywhere', value: doneMs, unit: 'ms', runs: 1 },
      ]
    },
  }
}

/** What deflate makes of a full batch: a hundred changes of one node, or of ten. */
const compressionCase = {
  name: 'compression',
  run() {
    return [1, 10].map((writers) => {
      const docs = Array.from({ length: writers }, (_, i) => foreignDocument(`writer-${i}`))
      const parts = Array.from({ length: 100 }, (_, i) => {
        const write = [edits.add(`value ${i}`), edits.title(`title ${i}`), edits.vote()][i % 3]
        return write(docs[i % writers]).slice()
      })
      const codec = new MessageCodec(compression)
      const lives = [{ document: 'd', incarnation: 'life', ended: false, parts }]
      codec.encode({ kind: 'changes', push: 1, hops: 0, cause: 'live', told: [], foreign: false, more: false, lives })
      const { plain, deflated } = codec.measured
      return { metric: `writers-${writers}`, value: plain / deflated, unit: 'times', runs: 1, atLeast: 3 }
    })
  },
}

export const cases = [
  spreadCase(10, 0, 30),
  spreadCase(10, 0.3, 30),
  spreadCase(100, 0, 30, 1_500),
  spreadCase(100, 0.3, 30, 4_000),
  spreadCase(1_000, 0, 10),
  spreadCase(1_000, 0.3, 10),
  spreadCase(10_000, 0, 3, 8_000),
  spreadCase(10_000, 0.3, 3, 8_000),
  bandwidthCase(0, 512),
  bandwidthCase(10, 3_072),
  bandwidthCase(100, 20_480),
  digestCase,
  compressionCase,
  burstCase(0),
  burstCase(0.3),
  processesCase(0, 30),
  processesCase(0.3, 30),
]
