/** The page that runs the store contract. */
import { collectCases } from '../../../../scripts/browser/page-cases.ts'
import { openIndexedDbStore } from '../../src/indexeddb.ts'
import { testStore } from '../../src/testing.ts'
import { suiteOptions } from './suite-options.ts'

const cases = collectCases()

for (const isSoak of [false, true]) {
  testStore({
    ...suiteOptions(isSoak),
    runner: cases.runner,
    open: (place) => openIndexedDbStore({ name: place }),
  })
}
cases.offer()
