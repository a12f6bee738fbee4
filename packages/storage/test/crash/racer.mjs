/**
 * One of two processes that append to the same documents of one PostgreSQL store, each commit tried until it wins. It says
 * `ready` when it has read all of them, and makes its first commit when a line comes back: where both have read before either
 * commits, they have met, however slow the machine is. Reports what was acknowledged and what it was told of the other, as one
 * line of JSON, when both are through. It runs the built package.
 *
 *     node racer.mjs OPTIONS NAME COMMITS
 */
import { once } from 'node:events'
import { postgresStore } from '../../dist/postgres.js'

const [options, name, commits] = process.argv.slice(2)
const store = await postgresStore(JSON.parse(options))
const told = []
store.watch((event) => told.push(event))

const bytes = (text) => new TextEncoder().encode(text)
const acknowledged = []
let conflicts = 0

const keys = ['a', 'b', 'c'].map((id) => ({ tenant: 'tenant', id }))
const seen = await Promise.all(keys.map((key) => store.head(key)))
process.stdout.write('ready\n')
await once(process.stdin, 'data')
process.stdin.unref()

async function appendTo(key, writer) {
  const { id } = key
  let { version } = seen[writer]
  for (let i = 0; i < Number(commits); { version } = await store.head(key)) {
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

await Promise.all(keys.map(appendTo))
const { seat } = store.identity
// What the other has committed last may still be on its way, or to be done.
for (let waited = 0; waited < 20_000 && told.length < keys.length * Number(commits); waited += 50) {
  await new Promise((resolve) => setTimeout(resolve, 50))
}
await store.close()
process.stdout.write(`${JSON.stringify({ seat, acknowledged, conflicts, told })}\n`)
