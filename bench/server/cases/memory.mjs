/** What connections occupy in the server, and what of it is given back. */

const GROUPS = 200
const SIZE = 2
const CLIENTS = GROUPS * SIZE
const LIMIT_MS = 120_000
const SETTLE_MS = 3_000

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const KB = 1024
const MB = KB * KB

async function connected(pair, prefix) {
  await pair.load({ do: 'connect', groups: GROUPS, size: SIZE, prefix }, LIMIT_MS)
  await pause(SETTLE_MS)
}

export const memory = {
  name: 'memory',
  together: true,
  metrics: {
    idle: { unit: 'MB' },
    'rss-connection': { unit: 'kB' },
    'left-to-idle': { unit: 'x' },
    'heap-idle': { unit: 'MB' },
    'heap-connection': { unit: 'kB' },
    'heap-left': { unit: 'kB' },
  },
  async measure(pair, { quick }) {
    const leftMs = quick ? 10_000 : 60_000
    await pause(SETTLE_MS)
    // Nothing is collected by force in the first cycle: this is what an operator sees.
    const idle = await pair.memory(false)
    await connected(pair, 'pair')
    const full = await pair.memory(false)
    await pair.load({ do: 'leave' }, LIMIT_MS)
    await pause(leftMs)
    const left = await pair.memory(false)
    // The second says what is held, by code that is warm, with the documents there already.
    const heapBefore = await pair.memory(true)
    await connected(pair, 'pair')
    const heapFull = await pair.memory(true)
    await pair.load({ do: 'leave' }, LIMIT_MS)
    await pause(leftMs)
    const heapAfter = await pair.memory(true)
    return {
      idle: idle.rss / MB,
      'rss-connection': (full.rss - idle.rss) / CLIENTS / KB,
      'left-to-idle': left.rss / idle.rss,
      'heap-idle': heapBefore.heap / MB,
      'heap-connection': (heapFull.heap - heapBefore.heap) / CLIENTS / KB,
      'heap-left': (heapAfter.heap - heapBefore.heap) / KB,
    }
  },
}
