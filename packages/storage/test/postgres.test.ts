import { afterAll, describe, test } from 'vitest'
import { postgresStore } from '../src/postgres.ts'
import { startPostgres } from '../src/testing/postgres.ts'
import { testStore } from '../src/testing.ts'

const server = await startPostgres()
afterAll(() => server.remove())
const soak = process.env.JOINERY_SOAK !== undefined

testStore({
  name: 'postgres',
  runner: { describe, test },
  open: (place) => postgresStore({ url: server.url, schema: place.replaceAll('-', '_') }),
  supports: { persistence: true, singleOwner: 'it has several owners', manyOwners: true },
  random: { seed: 1, runs: soak ? 500 : 4, steps: 120 },
})
