/** What is measured in the browser: samples per metric. */
import { call } from './stage.mjs'

const start = (page, { url }, id, more = {}) =>
  call(page, 'start', { url, nodeId: `node-${id}`, database: id, id, ...more })

/** Opens a document from IndexedDB in a page that was just loaded. */
const open = {
  name: 'open',
  title: 'Cold open of a document with 10,000 items, from `createClient` to the first 50 items',
  metrics: { open: { unit: 'ms', aim: 200 } },
  async run(stage, { quick }) {
    const page = await stage.newPage()
    await start(page, stage, 'open')
    await call(page, 'fill', quick ? 1_000 : 10_000)
    await call(page, 'close')
    const samples = []
    for (let i = 0; i < (quick ? 3 : 15); i += 1) {
      await page.reload()
      const { ms } = await start(page, stage, 'open')
      samples.push(ms)
      await call(page, 'close')
    }
    return { open: samples }
  },
}

/** Scripting of a key: the change, its listeners, and everything put off to the end of the turn. */
const typing = {
  name: 'typing',
  title:
    'Typing in a text of 100,000 characters: script until the end of the turn, and all script with storing and sending',
  metrics: { key: { unit: 'ms', aim: 8, quantile: 0.99 }, 'all script per key': { unit: 'ms' } },
  async run(stage, { quick }) {
    const page = await stage.newPage()
    await start(page, stage, 'typing')
    await call(page, 'write', 100_000)
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    const script = async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      return metrics.find(({ name }) => name === 'ScriptDuration').value * 1000
    }
    const keys = quick ? 200 : 2_000
    const before = await script()
    const times = await call(page, 'type', keys)
    return { key: times, 'all script per key': [((await script()) - before) / keys] }
  },
}

const memory = {
  name: 'memory',
  title: 'JavaScript heap of a page after 10,000 edits, beyond that of an empty document',
  metrics: { heap: { unit: 'MB', aim: 20 } },
  async run(stage, { quick }) {
    const samples = []
    for (let i = 0; i < (quick ? 1 : 3); i += 1) {
      const page = await stage.newPage()
      await start(page, stage, `memory-${i}`)
      const session = await page.context().newCDPSession(page)
      const used = async () => {
        await session.send('HeapProfiler.collectGarbage')
        return (await session.send('Runtime.getHeapUsage')).usedSize
      }
      const before = await used()
      await call(page, 'edit', 10_000)
      samples.push(((await used()) - before) / 1e6)
      await page.close()
    }
    return { heap: samples }
  },
}

const latency = {
  name: 'latency',
  title: 'An edit in one window until it is visible in the other, on one machine',
  metrics: {
    'two browsers': { unit: 'ms', aim: 50, quantile: 0.99 },
    'two tabs': { unit: 'ms', aim: 50, quantile: 0.99 },
  },
  async run(stage, { quick }) {
    const count = quick ? 100 : 1_000
    const measured = async (one, other) => {
      await Promise.all([call(one, 'live'), call(other, 'live')])
      await call(other, 'watch', count)
      await call(one, 'send', count)
      return call(other, 'seen')
    }
    const one = await stage.newPage()
    await start(one, stage, 'far')
    const far = await stage.newPage()
    await start(far, stage, 'far', { nodeId: 'another' })
    const browsers = await measured(one, far)
    const tab = await stage.newPage(one.context())
    await start(tab, stage, 'near', { nodeId: 'node-near' })
    const other = await stage.newPage(one.context())
    await start(other, stage, 'near')
    return { 'two browsers': browsers, 'two tabs': await measured(tab, other) }
  },
}

export const cases = [open, typing, memory, latency]
