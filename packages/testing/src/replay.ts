/**
 * Histories that once failed, replayed for ever: one file each in `packages/testing/corpus`, named by what it shows, as a
 * failing suite prints it.
 */
import type { DocumentScenario } from './document/scenario.ts'
import { documentTypes } from './document/subjects.ts'
import { checkDocument } from './document/test-document.ts'
import { Inventory } from './inventory.ts'
import type { LatticeScenario } from './lattice/scenario.ts'
import { standaloneTypes } from './lattice/subjects.ts'
import { checkLattice } from './lattice/test-lattice.ts'

export interface KeptHistory {
  /** `lattice TYPE` or `document TYPE`. */
  readonly suite: string
  readonly scenario: unknown
}

export function replayHistory({ suite, scenario }: KeptHistory): void {
  const [kind, ...words] = suite.split(' ')
  const name = words.join(' ')
  const subject = standaloneTypes[name]
  const model = documentTypes[name]
  const inventory = new Inventory(suite)
  if (kind === 'lattice' && subject !== undefined) {
    checkLattice(subject, scenario as LatticeScenario<unknown>, inventory)
  } else if (kind === 'document' && model !== undefined) {
    checkDocument(model, scenario as DocumentScenario<unknown>, inventory)
  } else throw new Error(`no suite ${suite}`)
}
