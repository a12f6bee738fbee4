/**
 * One of several processes that append to the same documents of one PostgreSQL store, each commit tried until it wins. Reports
 * what was acknowledged and what it was told of the others, as one line of JSON when it is done. It runs the built package.
 *
 *     node racer.mjs OPTIONS NAME COMMITS
 */
import { postgresStore } from '../../dist/postgres.js'

const [options, name, commits] = process.argv.slice(2)
const store = await postgresStore(JSON.parse(options))
const told = []
store.watch((event) => told.push(event))

const bytes = (text) => new TextEncoder().encode(text)
const acknowledged = []
let conflicts = 0

async function appendTo(id, writer) {
  const key = { tenant: 'tenant', id }
  for (let i = 0; i < Number(commits); ) {
    const { version } = await store.head(key)
    const change = `${name} ${writer} ${i}`
    const entries = [{ change: bytes(change), attributes: '' }]
    try {
      const commit = { key, kind: 'append', expectedVersion: version, incarnation: 'life', entries }
      const [entry] = await store.commit(commit)
      acknowledged.push({ id, change, version: entry.version, position: entry.position })
      i += 1
    } catch (error) {
      if (error.code !== 'STORE_CONFLICT') throw error
      conflicts += 1
    }
  }
}

await Promise.all(['a', 'b', 'c'].map(appendTo))
const { seat } = store.identity
// What the others have committed last may still be on its way.
await new Promise((resolve) => setTimeout(resolve, 500))
await store.close()
process.stdout.write(`${JSON.stringify({ seat, acknowledged, conflicts, told })}\n`)
