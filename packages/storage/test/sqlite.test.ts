import { join } from 'node:path'
import { describe, test } from 'vitest'
import { sqliteStore } from '../src/sqlite.ts'
import { testStore } from '../src/testing.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()
const soak = process.env.JOINERY_SOAK !== undefined

testStore({
  name: 'sqlite',
  runner: { describe, test },
  open: (place) => sqliteStore({ path: join(directory, `${place}.sqlite`) }),
  supports: { persistence: true, singleOwner: true, manyOwners: 'it has one owner' },
  random: { seed: 1, runs: soak ? 500 : 20, steps: 150 },
})
