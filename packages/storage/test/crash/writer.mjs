/**
 * The process that is killed: writes without end and reports each acknowledged step as a line of JSON. It runs the built
 * package, as Node 20 does not run TypeScript.
 *
 *     node writer.mjs STORE OPTIONS SEED      STORE: sqlite, leveldb or postgres; OPTIONS: JSON, as that store takes them
 */
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { levelStore } from '../../dist/leveldb.js'
import { postgresStore } from '../../dist/postgres.js'
import { sqliteStore } from '../../dist/sqlite.js'
import { writeForever } from './steps.mjs'

const [kind, options, seed] = process.argv.slice(2)
const openers = { sqlite: sqliteStore, leveldb: levelStore, postgres: postgresStore }

const store = await openers[kind](JSON.parse(options))
await writeForever(store, {
  seed: Number(seed),
  name: `${process.pid}`,
  // Written at once and as a whole, so that a line that the parent reads was acknowledged before the kill.
  report: (line) => writeSync(1, `${JSON.stringify(line)}\n`),
  sumOf: (bytes) => createHash('sha256').update(bytes).digest('hex'),
})
