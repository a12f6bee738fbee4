/** A clock that stands still until it is told otherwise, and timers that fire when it passes them. */
import type { Host } from '../../src/http.ts'

export interface FakeHost extends Host {
  /** Moves on, firing what is due and letting everything settle in between. */
  advance(ms: number): Promise<void>
  /** Delays of the timers that are set. */
  timers(): number[]
  /** What `random` answers. */
  fraction: number
  time: number
}

export function fakeHost(time = 1_700_000_000_000): FakeHost {
  const timers = new Set<{ at: number; run: () => void }>()
  const host: FakeHost = {
    time,
    fraction: 0.5,
    nowMs: () => host.time,
    random: () => host.fraction,
    setTimer(delayMs, run) {
      const timer = { at: host.time + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    timers: () => [...timers].map(({ at }) => at - host.time).sort((a, b) => a - b),
    async advance(ms) {
      const end = host.time + ms
      for (;;) {
        await settle()
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        timers.delete(next)
        host.time = Math.max(host.time, next.at)
        next.run()
      }
      host.time = end
      await settle()
    },
  }
  return host
}

/** Lets promises and the work they begin come to rest. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve))
}
