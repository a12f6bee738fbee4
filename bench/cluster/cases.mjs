/** What is measured of clusters: real processes on this machine, over TLS, with SQLite. */
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  ask,
  median,
  percentile,
  residentBytes,
  storedBytes,
  untilEqual,
  vmOf,
  withCluster,
  writeInventory,
} from './processes.mjs'
import { serfBurst, serfVersion } from './serf.mjs'

const REGIONS = 3

const cold = {
  name: 'vms1000',
  title: 'A thousand virtual machines, from nothing to equal everywhere',
  async run(quick) {
    const converged = []
    for (let round = 0; round < (quick ? 3 : 9); round += 1) {
      await withCluster({ regions: REGIONS }, async (nodes) => {
        const sinceMs = performance.now()
        await writeInventory(nodes[0], 1_000)
        await untilEqual(nodes, 1_000)
        converged.push(performance.now() - sinceMs)
      })
    }
    return [
      { metric: 'converged', value: median(converged) / 1000, unit: 's', runs: converged.length, atMost: 5 },
      { metric: 'converged-max', value: Math.max(...converged) / 1000, unit: 's', runs: converged.length },
    ]
  },
}

const large = {
  name: 'vms100k',
  title: 'A hundred thousand virtual machines',
  async run() {
    const count = 100_000
    return await withCluster({ regions: REGIONS }, async (nodes) => {
      const [first, , last] = nodes
      const idle = await residentBytes(last)
      const sinceMs = performance.now()
      await writeInventory(first, count, 4)
      const writtenMs = performance.now() - sinceMs
      await untilEqual(nodes, count, { everyMs: 200 })
      const convergedMs = performance.now() - sinceMs
      const resident = await Promise.all(nodes.map(residentBytes))
      const stored = await storedBytes(last)
      const rows = [
        { metric: 'written', value: writtenMs / 1000, unit: 's', runs: 1 },
        { metric: 'converged', value: convergedMs / 1000, unit: 's', runs: 1 },
        { metric: 'resident', value: median(resident) / 1e6, unit: 'MB a node', runs: 1 },
        { metric: 'resident-vm', value: (median(resident) - idle) / count, unit: 'bytes a vm', runs: 1 },
        { metric: 'stored-vm', value: stored / count, unit: 'bytes a vm', runs: 1 },
      ]
      return [...rows, ...(await latencies(last, count))]
    })
  },
}

/** Over HTTP, one request after the other. */
async function latencies(node, count) {
  const timed = async (times, path) => {
    const took = []
    for (let i = 0; i < times; i += 1) {
      const sinceMs = performance.now()
      await ask(node, 'GET', path(i))
      took.push(performance.now() - sinceMs)
    }
    return took
  }
  const step = 7_919
  const reads = await timed(2_000, (i) => `/v1/vms/${vmOf((i * step) % count).id}`)
  const pages = await timed(200, (i) => `/v1/vms?limit=100&after=${vmOf((i * step) % count).id}`)
  const filtered = await timed(50, (i) => `/v1/vms?limit=100&status=none-${i}`)
  return Object.entries({ read: reads, 'list-100': pages, 'list-none': filtered }).flatMap(([metric, took]) => [
    { metric: `${metric}-p50`, value: percentile(took, 0.5), unit: 'ms', runs: took.length },
    { metric: `${metric}-p99`, value: percentile(took, 0.99), unit: 'ms', runs: took.length },
  ])
}

const fields = {
  name: 'fields1m',
  title: 'One map with a million fields',
  async run() {
    const { Doc, orMap } = await import('../../packages/core/dist/index.js')
    const { newActor } = await import('../../packages/core/dist/system.js')
    const names = ['status', 'cpuCores', 'memoryMb', 'diskGb', 'ipAddress', 'createdAt', 'updatedAt', 'a', 'b', 'c']
    const before = heap()
    const doc = new Doc({ actor: newActor('bench'), incarnation: '1' })
    const sinceMs = performance.now()
    for (let part = 0; part < 100; part += 1) {
      doc.change(() => {
        const map = doc.field('fields', orMap())
        for (let i = 1_000 * part; i < 1_000 * (part + 1); i += 1) {
          for (const name of names) map.setLww(`${name}:${vmOf(i).id}`, i)
        }
      })
    }
    const wroteMs = performance.now() - sinceMs
    const bytes = (heap() - before) / 1e6
    const snapshot = doc.snapshot()
    if (doc.field('fields', orMap()).size !== 1e6) throw new Error('keys are missing')
    const written = heap()
    const loaded = Doc.load(snapshot, { actor: newActor('bench') })
    const loadedBytes = (heap() - written) / 1e6
    if (loaded.field('fields', orMap()).size !== 1e6) throw new Error('keys are missing')
    return [
      { metric: 'loaded', value: loadedBytes, unit: 'bytes a key', runs: 1, atMost: 150 },
      { metric: 'written', value: bytes, unit: 'bytes a key', runs: 1 },
      { metric: 'snapshot', value: snapshot.length / 1e6, unit: 'bytes a key', runs: 1 },
      { metric: 'write', value: wroteMs / 1000, unit: 'us a key', runs: 1 },
    ]
  },
}

function heap() {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const visible = {
  name: 'visible',
  title: 'From an update to the farthest region',
  async run(quick) {
    const updates = quick ? 300 : 2_000
    return await withCluster({ regions: REGIONS }, async (nodes) => {
      await writeInventory(nodes[0], 1_000)
      await untilEqual(nodes, 1_000)
      const { took, stop } = await watch(nodes.at(-1))
      for (let i = 0; i < updates; i += 1) {
        const sentMs = performance.now()
        took.sent.set(`${i}`, sentMs)
        void ask(nodes[0], 'PUT', `/v1/vms/${vmOf(i % 1_000).id}`, { status: `${i}` })
        await delay(20)
      }
      await delay(2_000)
      stop()
      const values = [...took.seen.values()]
      return [
        { metric: 'seen', value: (100 * values.length) / updates, unit: '% of updates', runs: updates, atLeast: 100 },
        { metric: 'p50', value: percentile(values, 0.5), unit: 'ms', runs: values.length },
        { metric: 'p99', value: percentile(values, 0.99), unit: 'ms', runs: values.length },
      ]
    })
  },
}

/** Hears by Server-Sent Events when each status shows. */
async function watch({ url }) {
  const end = new AbortController()
  const took = { sent: new Map(), seen: new Map() }
  const response = await fetch(`${url}/v1/watch`, { signal: end.signal })
  void (async () => {
    let text = ''
    for await (const chunk of response.body) {
      text += Buffer.from(chunk)
      const frames = text.split('\n\n')
      text = frames.pop()
      for (const frame of frames) {
        const status = /"status":"(\d+)"/.exec(frame)?.[1]
        const sentMs = took.sent.get(status)
        if (sentMs !== undefined && !took.seen.has(status)) took.seen.set(status, performance.now() - sentMs)
      }
    }
  })().catch(() => {})
  return { took, stop: () => end.abort() }
}

const idle = {
  name: 'idle',
  title: 'Idle, with heartbeats',
  async run(quick) {
    const seconds = quick ? 30 : 120
    return await withCluster({ regions: REGIONS }, async (nodes) => {
      await writeInventory(nodes[0], 1_000)
      await untilEqual(nodes, 1_000)
      // Until comparisons have become rare.
      await delay(60_000)
      const sent = async () => {
        const all = await Promise.all(nodes.map((node) => ask(node, 'GET', '/v1/stats')))
        return all.reduce((sum, { traffic }) => sum + traffic.sentBytes, 0) / nodes.length
      }
      const before = await sent()
      await delay(seconds * 1_000)
      const rate = ((await sent()) - before) / seconds / 1_000
      return [{ metric: 'sent', value: rate, unit: 'kB/s a node', runs: 1 }]
    })
  },
}

const BURST = 1_000

const burst = {
  name: 'burst',
  title: 'A thousand updates at once, beside as many events of Serf',
  async run() {
    const rows = await withCluster({ regions: REGIONS }, async (nodes) => {
      const sinceMs = performance.now()
      await Promise.all(
        Array.from({ length: BURST }, (_, i) => ask(nodes[0], 'PUT', `/v1/vms/${vmOf(i).id}`, { status: 'running' })),
      )
      const acceptedMs = performance.now() - sinceMs
      await untilEqual(nodes, BURST)
      const allMs = performance.now() - sinceMs
      const counts = await Promise.all(nodes.map((node) => ask(node, 'GET', '/v1/stats')))
      return outcome('joinery', { heard: counts.map(({ cluster }) => cluster.vms), acceptedMs, allMs })
    })
    const version = await serfVersion()
    if (version === undefined) return rows
    const theirs = await serfBurst({ agents: REGIONS, events: BURST, quietMs: 45_000, portsFrom: 17_946 })
    return [...rows, ...outcome(`serf ${version}`, theirs)]
  },
}

function outcome(subject, { heard, acceptedMs, allMs }) {
  return [
    { subject, metric: 'least', value: Math.min(...heard), unit: `of ${BURST} at a node`, runs: 1 },
    { subject, metric: 'accepted', value: acceptedMs / 1000, unit: 's', runs: 1 },
    { subject, metric: 'last', value: allMs / 1000, unit: 's', runs: 1 },
  ]
}

export const cases = [cold, large, fields, visible, idle, burst]
