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

const [kind, options, seed] = process.argv.slice(2)
const openers = { sqlite: sqliteStore, leveldb: levelStore, postgres: postgresStore }

// Written at once and as a whole, so that a line that the parent reads was acknowledged before the kill.
const report = (line) => writeSync(1, `${JSON.stringify(line)}\n`)

let state = Number(seed) >>> 0
function below(bound) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * bound)
}

function checkedBytes(length) {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i += 1) bytes[i] = below(256)
  return { bytes, sum: createHash('sha256').update(bytes).digest('hex') }
}

/** Entries that say how many they are, so that a torn commit shows. */
function entriesOf(count) {
  const commit = `${process.pid} ${below(2 ** 31)}`
  return Array.from({ length: count }, (_, index) => {
    const { bytes, sum } = checkedBytes(below(10) === 0 ? 1 + below(20_000) : 1 + below(300))
    return { change: bytes, attributes: JSON.stringify({ commit, index, count, sum }) }
  })
}

let receipts = 0
async function step(store, key, head) {
  const version = head?.version ?? 0
  const lives = head !== undefined && !head.deleted
  const kind = lives ? (below(40) === 0 ? 'end' : 'append') : 'begin'
  const incarnation = lives ? head.incarnation : `life of ${process.pid} from ${version}`
  const entries = entriesOf(kind === 'end' ? 1 : 1 + below(5))
  receipts += 1
  const receiptKey = `${process.pid} ${receipts}`
  const isAnswered = below(3) === 0
  const receipt = { tenant: 'tenant', scope: 'crash', key: receiptKey, requestHash: 'hash', answer: receiptKey }
  const commit = { key, kind, expectedVersion: version, incarnation, entries, ...(isAnswered ? { receipt } : {}) }
  await store.commit(commit)
  const to = version + entries.length
  report({
    type: 'commit',
    id: key.id,
    to,
    incarnation,
    deleted: kind === 'end',
    ...(isAnswered ? { receiptKey } : {}),
  })
  if (kind === 'append' && below(20) === 0) {
    const { bytes, sum } = checkedBytes(1 + below(50_000))
    await store.compact(key, { version: to, incarnation, bytes, attributes: sum }, to - below(Math.min(to, 10)))
    report({ type: 'compact', id: key.id, version: to, incarnation })
  }
}

async function writeDocument(store, key) {
  for (;;) await step(store, key, await store.head(key))
}

async function writeValue(store) {
  for (let value = Number((await store.value('counter')) ?? 0) + 1; ; value += 1) {
    await store.setValue('counter', `${value}`)
    report({ type: 'value', value })
  }
}

const store = await openers[kind](JSON.parse(options))
report({ type: 'open', ...store.identity })
const documents = ['a', 'b', 'c', 'd', 'e'].map((id) => writeDocument(store, { tenant: 'tenant', id }))
await Promise.all([...documents, writeValue(store)])
