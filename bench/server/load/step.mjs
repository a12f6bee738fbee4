/** One load of a certain rate: open loop, so that a server that is slow is not asked more slowly. */
import { quantile } from '../../lib/statistics.mjs'
import { cpuMicros, treeCpuMicros } from './procfs.mjs'

/** What has not arrived so long after the last edit was due has not arrived. */
export const LATE_MS = 3_000
/** The generator gives others a turn after so many edits. */
const TURN_EDITS = 256
const POLL_MS = 5

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Writes what is due, in time or as soon as possible after it, groups and their clients in turn. Answers how many. */
async function issue(watch, { rate, seconds }) {
  const { groups } = watch
  const planned = Math.round(rate * seconds)
  const start = performance.now()
  const end = start + seconds * 1000 + LATE_MS
  let issued = 0
  while (issued < planned && performance.now() < end) {
    const dueUntil = Math.min(planned, Math.floor(((performance.now() - start) * rate) / 1000) + 1)
    const until = Math.min(dueUntil, issued + TURN_EDITS)
    for (; issued < until; issued += 1) {
      const live = groups[issued % groups.length]
      const writer = live[Math.floor(issued / groups.length) % live.length]
      watch.write(writer, start + (issued * 1000) / rate)
    }
    if (issued < dueUntil) await turn()
    else await pause(1)
  }
  return { planned, issued }
}

const sightsPerEdit = ({ groups }) => groups[0].length - 1

/**
 * @param atEnd called when the last edit was written.
 * @returns what came of it: times in milliseconds, CPU time in microseconds per edit, shares from 0 to 1.
 */
export async function step(watch, { rate, seconds, serverPid, atEnd }) {
  watch.begin()
  const began = { server: treeCpuMicros(serverPid), load: cpuMicros(process.pid), at: performance.now() }
  const { planned, issued } = await issue(watch, { rate, seconds })
  const expected = planned * sightsPerEdit(watch)
  const after = atEnd?.()
  const late = performance.now() + LATE_MS
  while (watch.latencies.length < expected && performance.now() < late) await pause(POLL_MS)
  const wallMicros = (performance.now() - began.at) * 1000
  const loadMicros = cpuMicros(process.pid) - began.load
  const sorted = Float64Array.from(watch.latencies).sort()
  const inTime = sorted.filter((ms) => ms <= LATE_MS).length
  return {
    rate,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    delivered: inTime / expected,
    serverMicros: (treeCpuMicros(serverPid) - began.server) / Math.max(1, issued),
    loadMicros: loadMicros / Math.max(1, issued),
    loadShare: loadMicros / wallMicros,
    after: await after,
  }
}
