import { join } from 'node:path'
import { describe, test } from 'vitest'
import { levelStore } from '../src/leveldb.ts'
import { testStore } from '../src/testing.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()
const soak = process.env.JOINERY_SOAK !== undefined

testStore({
  name: 'leveldb',
  runner: { describe, test },
  open: (place) => levelStore({ path: join(directory, place) }),
  supports: { persistence: true, singleOwner: true, manyOwners: 'it has one owner' },
  random: { seed: 1, runs: soak ? 500 : 20, steps: 150 },
})
