/**
 * The contract of the storage port as a test suite that every adapter runs.
 *
 * ```ts
 * import { describe, test } from 'vitest'
 *
 * testStore({
 *   name: 'sqlite',
 *   runner: { describe, test },
 *   open: (place) => sqliteStore({ path: join(directory, place) }),
 *   supports: { persistence: true, singleOwner: true, manyOwners: 'a file has one owner' },
 * })
 * ```
 *
 * It needs no test framework of its own: `describe` and `test` of vitest, of `node:test` and of mocha fit.
 */
import type { Store } from '@joinery/sync'
import type { CaseContext, StoreCapabilities, StoreCase } from './testing/case.ts'
import { commitCases } from './testing/commit-cases.ts'
import { compactionCases } from './testing/compaction-cases.ts'
import { enumerationCases } from './testing/enumeration-cases.ts'
import { importCases } from './testing/import-cases.ts'
import { receiptCases, valueCases } from './testing/keeping-cases.ts'
import { lifeCases } from './testing/life-cases.ts'
import { listingCases } from './testing/listing-cases.ts'
import { logCases } from './testing/log-cases.ts'
import { closeCases, reopenCases } from './testing/open-cases.ts'
import { ownerCases } from './testing/owner-cases.ts'
import { raceCases } from './testing/race-cases.ts'
import { type RunPlace, randomRun } from './testing/random-runs.ts'

export type { StoreCapabilities }

/** The part of a test framework that the suite calls. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown
  readonly test: {
    (name: string, run: () => Promise<void>): unknown
    skip(name: string, run: () => Promise<void>): unknown
  }
}

export interface TestStoreOptions {
  readonly name: string
  readonly runner: TestRunner
  /**
   * Opens the store of a place. A place not seen before is empty; one seen before is opened again, after its store was closed
   * or, to be refused, while it is open. A place is a name of letters, digits and hyphens.
   */
  readonly open: (place: string) => Promise<Store>
  readonly supports: StoreCapabilities
  /** Random runs against the model. Default: 40 runs of 150 steps from seed 1. */
  readonly random?: { readonly seed: number; readonly runs: number; readonly steps: number }
}

const groups: Readonly<Record<string, readonly StoreCase[]>> = {
  commits: commitCases,
  races: raceCases,
  lives: lifeCases,
  logs: logCases,
  listings: listingCases,
  compaction: compactionCases,
  receipts: receiptCases,
  values: valueCases,
  enumeration: enumerationCases,
  imports: importCases,
  closing: closeCases,
  reopening: reopenCases,
  owners: ownerCases,
}

/** Defines the suite for one adapter. */
export function testStore(options: TestStoreOptions): void {
  const { name, runner, supports, random = { seed: 1, runs: 40, steps: 150 } } = options
  const places = placesOf(options)
  runner.describe(`store contract: ${name}`, () => {
    for (const [group, cases] of Object.entries(groups)) {
      runner.describe(group, () => {
        for (const one of cases) defineCase(runner, supports, one, () => places.run(one))
      })
    }
    runner.test(`${random.runs} random runs agree with the model`, async () => {
      for (let i = 0; i < random.runs; i += 1) await randomRun(places.openForRun, random.seed + i, random.steps)
    })
  })
}

function defineCase(
  { test }: TestRunner,
  supports: StoreCapabilities,
  { name, needs }: StoreCase,
  run: () => Promise<void>,
): void {
  const able = needs === undefined || supports[needs]
  if (able === true) test(name, run)
  else test.skip(`${name} (${able})`, run)
}

interface Places {
  readonly run: (one: StoreCase) => Promise<void>
  readonly openForRun: () => Promise<RunPlace>
}

/** Gives each case a place of its own and closes whatever it leaves open. */
function placesOf({ open, supports }: TestStoreOptions): Places {
  let count = 0
  const nextPlace = () => {
    count += 1
    return `place-${count}`
  }
  return {
    async run(one) {
      const place = nextPlace()
      const opened: Store[] = []
      const openAt = async (where: string) => {
        const store = await open(where)
        opened.push(store)
        return store
      }
      try {
        const context: CaseContext = {
          store: await openAt(place),
          async reopen() {
            await Promise.all(opened.map((store) => store.close()))
            return openAt(place)
          },
          openAgain: () => openAt(place),
          openOther: () => openAt(nextPlace()),
        }
        await one.run(context)
      } finally {
        await Promise.all(opened.map((store) => store.close()))
      }
    },
    async openForRun() {
      const place = nextPlace()
      let store = await open(place)
      const reopen = async () => {
        await store.close()
        store = await open(place)
        return store
      }
      return { store, reopen: supports.persistence === true ? reopen : undefined, close: () => store.close() }
    },
  }
}
