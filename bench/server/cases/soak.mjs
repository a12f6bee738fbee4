/** What a server holds that works for long: heap and external memory after a collection, every minute. */
import { slope } from '../../lib/statistics.mjs'

const MINUTES = 10
/** The first ones fill caches and compile code. */
const WARM_UP_MINUTES = 2
const MINUTE_MS = 60_000
const QUICK_MINUTE_MS = 2_000
/** The ramp before it, and what comes late after it. */
const MARGIN_MS = 180_000
const MB = 1024 * 1024

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const heapName = (minute) => `heap-${minute}`
const minutes = Array.from({ length: MINUTES }, (_, i) => i + 1)

/** The heap after each minute, in MB. */
async function heaps(pair, minuteMs) {
  const found = []
  for (const _ of minutes) {
    await pause(minuteMs)
    found.push((await pair.memory(true)).heap / MB)
  }
  return found
}

/** Percent of the mean by which it grows in a minute. */
function growth(found) {
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length
  return (100 * slope(found)) / mean
}

export const soak = {
  name: 'soak',
  rounds: 1,
  only: ['joinery-sqlite'],
  metrics: {
    rate: { unit: 'edits/s', more: true },
    delivered: { unit: '%', more: true },
    ...Object.fromEntries(minutes.map((minute) => [heapName(minute), { unit: 'MB' }])),
    slope: { unit: '%/minute' },
  },
  async measure(pair, { quick }) {
    const minuteMs = quick ? QUICK_MINUTE_MS : MINUTE_MS
    const clients = { groups: 200, size: 2, rampSeconds: quick ? 1.5 : 3 }
    const { max } = await pair.load({ do: 'hold', ...clients }, MARGIN_MS)
    const rate = max / 2
    const seconds = (MINUTES * minuteMs) / 1000
    const [{ delivered }, found] = await Promise.all([
      pair.load({ do: 'go-on', rate, seconds }, MINUTES * minuteMs + MARGIN_MS),
      heaps(pair, minuteMs),
    ])
    const byMinute = Object.fromEntries(found.map((heap, i) => [heapName(i + 1), heap]))
    return { rate, delivered: 100 * delivered, ...byMinute, slope: growth(found.slice(WARM_UP_MINUTES)) }
  },
}
