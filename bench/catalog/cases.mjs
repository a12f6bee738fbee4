/** The cases of the suite `catalog`. Each answers rows; times are of the wall clock. */
import { connected, entryOf, fill, metadataOf, newDirectory, percentiles, startAt } from './stage.mjs'

async function timed(work) {
  const fromMs = performance.now()
  await work()
  return (performance.now() - fromMs) / 1000
}

/** Two rows of what was measured so often. */
function latency(name, times, aimMs) {
  const { p50, p99 } = percentiles(times)
  const common = { unit: 'ms', runs: times.length }
  return [
    { ...common, metric: `${name} p50`, value: p50 },
    { ...common, metric: `${name} p99`, value: p99, ...(aimMs && { atMost: aimMs }) },
  ]
}

const rate = (metric, count, seconds) => ({ metric, value: count / seconds, unit: '/s', runs: count })

async function adds(isQuick) {
  const directory = newDirectory()
  const { catalog, stop } = await startAt(directory.path)
  const single = isQuick ? 100 : 1_000
  const many = isQuick ? 2_000 : 20_000
  let next = 0
  const add = () => {
    next += 1
    return catalog.add(entryOf(next), metadataOf(next))
  }
  const rows = []
  const alone = await timed(async () => {
    for (let i = 0; i < single; i += 1) await add()
  })
  rows.push(rate('durable, one after the other', single, alone))
  for (const width of [64, 1_000]) {
    const seconds = await timed(() =>
      Promise.all(
        Array.from({ length: width }, async () => {
          for (let i = 0; i < many / width; i += 1) await add()
        }),
      ),
    )
    rows.push(rate(`durable, ${width} at a time`, many, seconds))
  }
  await stop()
  directory.remove()
  return rows
}

async function deltas(isQuick) {
  const count = isQuick ? 1_000 : 10_000
  const directories = [newDirectory(), newDirectory()]
  const [from, to] = [await startAt(directories[0].path, 'from'), await startAt(directories[1].path, 'to')]
  await fill(from.catalog, count)
  const pages = []
  let cursor
  const fetching = await timed(async () => {
    do {
      const page = from.catalog.deltas('bench', { limit: 1_000, cursor })
      pages.push(JSON.stringify(page.deltas))
      cursor = page.cursor
    } while (cursor !== undefined)
  })
  const all = pages.map((page) => JSON.parse(page))
  const total = all.reduce((sum, page) => sum + page.length, 0)
  const applying = await timed(async () => {
    for (const page of all) await to.catalog.apply(page)
  })
  const again = await timed(async () => {
    for (const page of all) await to.catalog.apply(page)
  })
  if (JSON.stringify(from.catalog.versions()) !== JSON.stringify(to.catalog.versions())) throw new Error('not the same')
  for (const each of [from, to]) await each.stop()
  for (const directory of directories) directory.remove()
  return [rate('fetched', total, fetching), rate('applied, durable', total, applying), rate('stale', total, again)]
}

const queries = {
  'by id': [(i) => ({ q: `id:vm-${i}-snap-${i}` }), 20],
  'by an indexed field': [() => ({ q: 'status:failed' }), 20],
  'by a range': [(i) => ({ q: `size:${i * 97}..${i * 97 + 500}`, sort: 'created_at' }), 20],
  'by three indexed fields': [() => ({ q: 'status:failed AND pool:pool-1 AND size>90000', sort: '-created_at' }), 20],
  'by a word in every entry': [() => ({ q: 'nightly' }), 150],
  'by three words': [(i) => ({ q: `nightly web ${i % 97}` }), 150],
  'by a rare word': [(i) => ({ q: `snap ${i * 17}` }), 150],
  'by a prefix': [() => ({ q: 'night*' }), 150],
  'by a field without index': [() => ({ q: 'owner:nobody' }), undefined],
}

async function query(isQuick) {
  const count = isQuick ? 10_000 : 1_000_000
  const runs = isQuick ? 50 : 300
  const directory = newDirectory()
  const writing = await startAt(directory.path)
  await fill(writing.catalog, count)
  await writing.stop()
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let node
  const seconds = await timed(async () => {
    node = await startAt(directory.path)
  })
  globalThis.gc?.()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  const rows = [
    { metric: `cold start, ${count} entries`, value: seconds, unit: 's', runs: 1 },
    { metric: 'memory after it', value: (heapUsed + arrayBuffers) / 1e6, unit: 'MB', runs: 1 },
    { metric: 'resident set, beyond the start', value: (rss - before) / 1e6, unit: 'MB', runs: 1 },
  ]
  for (const [name, [request, aimMs]] of Object.entries(queries)) {
    const times = []
    for (let i = -20; i < runs; i += 1) {
      const fromMs = performance.now()
      node.catalog.query(request(Math.abs(i)))
      if (i >= 0) times.push(performance.now() - fromMs)
    }
    rows.push(...latency(name, times, aimMs))
  }
  await node.stop()
  directory.remove()
  return rows
}

async function visible(isQuick) {
  const count = isQuick ? 100 : 1_000
  const directories = [newDirectory(), newDirectory(), newDirectory()]
  const nodes = await connected(directories)
  const [{ catalog: first }, , { catalog: third }] = nodes
  const times = []
  for (let i = 0; i < count; i += 1) {
    const { kind, id } = entryOf(i)
    const fromMs = performance.now()
    const seen = new Promise((resolve) => {
      const end = third.subscribe(({ entries }) => {
        if (!entries.some((entry) => entry.id === id)) return
        end()
        resolve()
      })
    })
    await Promise.all([first.add({ kind, id }, metadataOf(i)), seen])
    times.push(performance.now() - fromMs)
  }
  for (const each of nodes) await each.stop()
  for (const directory of directories) directory.remove()
  return latency('write to visible on the third node', times)
}

export const cases = [
  { name: 'add', run: adds },
  { name: 'deltas', run: deltas },
  { name: 'query', run: query },
  { name: 'visible', run: visible },
]
