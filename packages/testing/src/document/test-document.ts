/**
 * One call checks a type as a field of documents, from random histories of 3 to 5 replicas: changes in any order with
 * repetitions, bundles, snapshots into live documents, restarts, changes that fail half-way. Documents with the same causal
 * closure are equal byte for byte, early changes wait and ask for what they lack, subscribers can follow by patches alone,
 * a replica that lost its state is caught, and the value is what the definition of the type says.
 */
import { Inventory } from '../inventory.ts'
import type { AnyModel } from '../models/model.ts'
import { checkHistories, type SuiteOptions } from '../property.ts'
import { seededRandom } from '../random.ts'
import { checkClosedSubset, checkConvergence, checkRestart } from './laws.ts'
import { playDocument } from './run.ts'
import { type DocumentScenario, documentScenarios } from './scenario.ts'

export type TestDocumentOptions = SuiteOptions & { readonly model: AnyModel }

export function testDocument(name: string, options: TestDocumentOptions): void {
  const { runner, model, runs, report } = options
  const suite = `document ${name}`
  runner.describe(suite, () => {
    runner.test('random histories', () => {
      const inventory = new Inventory(suite)
      checkHistories(suite, documentScenarios(model.ops), runs, (scenario) => checkDocument(model, scenario, inventory))
      report?.(inventory.line())
    })
  })
}

export function checkDocument(model: AnyModel, scenario: DocumentScenario<unknown>, inventory: Inventory): void {
  const play = playDocument(model, scenario)
  const random = seededRandom(scenario.order)
  checkConvergence(play, random)
  checkClosedSubset(play, random)
  inventory.add('histories')
  inventory.add('operations', play.ops.length)
  inventory.add('changes', play.changes.length)
  inventory.add('lost states caught', checkRestart(play, random))
}
