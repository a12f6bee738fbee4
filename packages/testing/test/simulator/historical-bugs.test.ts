/** Bugs of other systems, built in again: each is found by the seed that docs/SIMULATOR.md names, and not without the bug. */
import { type SimulationOptions, simulate } from '@joinery/testing'
import { describe, expect, test } from 'vitest'
import { section } from '../../../core/test/source-tables.ts'
import { simulatorWith } from './bundle.ts'
import { historicalBugs } from './historical-bugs.ts'

/** A livelock shows as an error, as time no longer moves on. */
function failuresOf(run: typeof simulate, history: SimulationOptions): readonly string[] {
  try {
    return run(history).failures
  } catch (error) {
    return [(error as Error).message]
  }
}

describe('historical bugs', () => {
  test.each(historicalBugs.map((bug) => [bug.name, bug] as const))(
    '%s',
    async (_, bug) => {
      expect(simulate(bug.history).failures).toEqual([])
      const broken = await simulatorWith(bug)
      expect(failuresOf(broken, bug.history)).not.toEqual([])
    },
    300_000,
  )

  test('are listed in docs/SIMULATOR.md (JOINERY_UPDATE_DOCS=1 writes it)', () => {
    const rows = historicalBugs.map(({ name, system, what, history: { seed, scenario, loss } }) => {
      const found = `seed ${seed}, ${scenario}${loss === undefined ? '' : `, loss ${loss}`}`
      return `| ${name} | ${system} | ${what} | ${found} |`
    })
    const lines = ['| Bug | Known from | What goes wrong | Found by |', '|---|---|---|---|', ...rows]
    const { found, expected } = section('SIMULATOR.md', 'packages/testing/test/simulator/historical-bugs.ts', lines)
    expect(found).toBe(expected)
  })
})
