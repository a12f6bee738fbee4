/** The loads of a case: a fixed one, then more and more until the limit, then twice the limit. */
import { connectGroups, leave } from './groups.mjs'
import { step } from './step.mjs'
import { Watch } from './watch.mjs'

const PASS = { p99Ms: 1_000, delivered: 0.98 }
const RAMP = { first: 300, factor: 1.6, least: 20, most: 200_000 }
const WARM_UP_SECONDS = 2
const PROBE = { quickMs: 100, limitMs: 30_000, pauseMs: 20 }

const passes = ({ p99, delivered }) => p99 < PASS.p99Ms && delivered >= PASS.delivered
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sees single edits through, one after the other. */
class Probe {
  #writer
  #seen = 0

  constructor([[writer, reader]]) {
    this.#writer = writer
    reader.onSet((key, value) => {
      if (key === 'probe') this.#seen = Math.max(this.#seen, value)
    })
  }

  /** Milliseconds until edits come through quickly again. */
  async recovery() {
    const began = performance.now()
    let number = Math.max(this.#seen, 0)
    for (;;) {
      const asked = performance.now()
      number += 1
      this.#writer.set('probe', number)
      while (this.#seen < number && performance.now() - began < PROBE.limitMs) await pause(2)
      if (performance.now() - asked <= PROBE.quickMs) return performance.now() - began
      if (performance.now() - began >= PROBE.limitMs) return PROBE.limitMs
      await pause(PROBE.pauseMs)
    }
  }
}

/** A step that fails is tried once more, when the server is itself again. */
async function twice(watch, probe, options) {
  const found = await step(watch, options)
  if (passes(found)) return found
  await probe.recovery()
  const again = await step(watch, options)
  if (!passes(again)) await probe.recovery()
  return again
}

/** The highest rate that passes, and what it cost. */
async function ramp(watch, probe, options) {
  let best
  let { first: rate } = RAMP
  while (rate < RAMP.most) {
    const found = await twice(watch, probe, { ...options, rate })
    if (!passes(found)) break
    best = found
    rate *= RAMP.factor
  }
  // Not even the first: it is less, then.
  while (best === undefined && rate > RAMP.least) {
    rate /= 2
    const found = await twice(watch, probe, { ...options, rate })
    if (passes(found)) best = found
  }
  return best
}

async function overload(watch, probe, options) {
  const { delivered, after } = await step(watch, { ...options, atEnd: () => probe.recovery() })
  return { 'overload-delivered': 100 * delivered, 'overload-recovery': after }
}

async function fixedLoad(connect, { fixed, ...options }) {
  const groups = await connectGroups(connect, { ...options, prefix: 'fixed' })
  const watch = new Watch(groups)
  // Code is compiled, and caches fill.
  await step(watch, { ...options, ...fixed, seconds: WARM_UP_SECONDS })
  const found = await step(watch, { ...options, ...fixed })
  leave(groups)
  const { p50, p99, delivered, serverMicros, loadMicros } = found
  return { p50, p99, delivered: 100 * delivered, cpu: serverMicros, 'client-cpu': loadMicros }
}

/** Connects clients, finds the maximum and stays. @returns the maximum, and what loads those clients further. */
export async function holdLoad(connect, { rampSeconds, ...options }) {
  const groups = await connectGroups(connect, { ...options, prefix: 'hold' })
  const [watch, probe] = [new Watch(groups), new Probe(groups.map(({ live }) => live))]
  const best = await ramp(watch, probe, { serverPid: options.serverPid, seconds: rampSeconds })
  const goOn = (load) => step(watch, { serverPid: options.serverPid, ...load })
  return { groups, max: best?.rate ?? RAMP.least, goOn }
}

/** @returns figures by metric. */
export async function measureLoad(connect, { rampSeconds, muted, ...options }) {
  const figures = await fixedLoad(connect, options)
  const groups = await connectGroups(connect, { ...options, muted, prefix: 'ramp' })
  const [watch, probe] = [new Watch(groups), new Probe(groups.map(({ live }) => live))]
  const stepOptions = { serverPid: options.serverPid, seconds: rampSeconds }
  const best = await ramp(watch, probe, stepOptions)
  if (best === undefined) return { ...figures, max: 0 }
  const beyond = await overload(watch, probe, { ...stepOptions, rate: 2 * best.rate })
  leave(groups)
  return { ...figures, max: best.rate, 'cpu-max': best.serverMicros, 'load-max': 100 * best.loadShare, ...beyond }
}
