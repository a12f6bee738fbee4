/**
 * One call checks a stand-alone type as a join semilattice, from random histories of 3 to 5 replicas: join is commutative,
 * associative and idempotent, the bottom is neutral, joined deltas are the mutated state, decoding and encoding again is the
 * identity, replicas that received the same have the same bytes whatever the order and repetitions, and the value is what
 * the definition of the type says. A replica that lost its state is caught.
 */
import { Inventory } from '../inventory.ts'
import { checkHistories, type SuiteOptions } from '../property.ts'
import { seededRandom } from '../random.ts'
import { checkLaws, checkRestart } from './laws.ts'
import { playLattice } from './run.ts'
import { type LatticeScenario, latticeScenarios } from './scenario.ts'
import type { AnySubject } from './subject.ts'

export type TestLatticeOptions = SuiteOptions & { readonly subject: AnySubject }

export function testLattice(name: string, options: TestLatticeOptions): void {
  const { runner, subject, runs, report } = options
  const suite = `lattice ${name}`
  runner.describe(suite, () => {
    runner.test('random histories', () => {
      const inventory = new Inventory(suite)
      checkHistories(suite, latticeScenarios(subject.model.ops), runs, (scenario) =>
        checkLattice(subject, scenario, inventory),
      )
      report?.(inventory.line())
    })
  })
}

export function checkLattice(subject: AnySubject, scenario: LatticeScenario<unknown>, inventory: Inventory): void {
  const run = playLattice(subject, scenario)
  checkLaws(subject, run, scenario.order)
  inventory.add('histories')
  inventory.add('operations', run.ops.length)
  inventory.add('deltas', run.deltas.length)
  inventory.add('lost states caught', checkRestart(subject, run, seededRandom(scenario.order)))
}
