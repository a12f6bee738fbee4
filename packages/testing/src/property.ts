/** Runs a property under the fixed seed; a failure says how to replay it and what to keep of it. */
import fc from 'fast-check'
import { historyPath, historyRuns, historySeed } from './runs.ts'

/** The part of a test framework that the suites call. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown
  readonly test: (name: string, run: () => void) => unknown
}

export interface SuiteOptions {
  readonly runner: TestRunner
  /** Histories to try instead of `historyRuns`. */
  readonly runs?: number
  /** Gets the inventory line. */
  readonly report?: (line: string) => void
}

/** Failures after which a history is not shrunk any further. */
const FAILURES_MAX = 60

export function checkHistories<Scenario>(
  name: string,
  scenarios: fc.Arbitrary<Scenario>,
  runs: number = historyRuns,
  play: (scenario: Scenario) => void,
): void {
  let failures = 0
  const property = fc.property(scenarios, (scenario) => {
    // Shrinking goes on as long as it finds failures; a scenario this small is small enough.
    if (failures > FAILURES_MAX) return
    try {
      play(scenario)
    } catch (error) {
      failures += 1
      throw error
    }
  })
  const details = fc.check(property, {
    seed: historySeed,
    ...(historyPath === undefined ? { numRuns: runs } : { numRuns: 1, path: historyPath }),
  })
  if (!details.failed) return
  const scenario = details.counterexample?.[0]
  throw new Error(
    [
      `${name}: ${details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance)}`,
      `replay: JOINERY_SEED=${details.seed} JOINERY_PATH=${details.counterexamplePath ?? ''} npx vitest run -t '${name} random histories'`,
      `keep as packages/testing/corpus/<what-it-shows>.json: ${JSON.stringify({ suite: name, scenario })}`,
    ].join('\n'),
    { cause: details.errorInstance },
  )
}
