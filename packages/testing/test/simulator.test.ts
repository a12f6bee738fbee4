/** Simulated histories: each seed one, through every scenario in turn. A failure says how to run it again. */
import { scenarios, simulate } from '@joinery/testing'
import { describe, expect, test } from 'vitest'

/** Seeds per mode; both together are the number that is promised. */
const seeds = process.env.JOINERY_SOAK === undefined ? 50 : 10_000
/** Seconds on a machine that does nothing else. */
const timeoutMs = process.env.JOINERY_SOAK === undefined ? 300_000 : 36_000_000
const names = Object.keys(scenarios)

describe.each(['safety', 'liveness'] as const)('simulated histories, %s', (mode) => {
  test(
    `of ${seeds} seeds lose, resurrect and confuse nothing`,
    () => {
      const failures: string[] = []
      for (let seed = 1; seed <= seeds && failures.length < 10; seed += 1) {
        const scenario = names[seed % names.length] as string
        // Every other history folds its logs after each write, so that snapshots travel, too.
        const limits = seed % 2 === 0 ? {} : { foldBytesMin: 1 }
        const report = simulate({ seed, scenario, mode, nodes: 3 + (seed % 4), regions: 1 + (seed % 3), limits })
        if (report.failures.length > 0) failures.push(`${report.replay}\n  ${report.failures.join('\n  ')}`)
        expect(report.acknowledged).toBeGreaterThan(0)
      }
      expect(failures).toEqual([])
    },
    timeoutMs,
  )
})

test('a seed is run again as it was', () => {
  const run = () => simulate({ seed: 42, scenario: 'everything' })
  expect(run()).toEqual(run())
  expect(simulate({ seed: 43, scenario: 'everything' }).trace).not.toBe(run().trace)
})

test('no scenario of that name', () => {
  expect(() => simulate({ seed: 1, scenario: 'nothing' })).toThrow('no scenario nothing; there are: calm')
})
