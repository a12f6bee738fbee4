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

/** A document as another store could have it; the number of its life rises. */
function documentOf(key, number, place) {
  const incarnation = `import ${number}`
  const snapshot = below(3) === 0 ? checkedBytes(1 + below(50_000)) : undefined
  const base = below(2) === 0 ? 1 + below(5) : 0
  let position = place
  const entry = (version, { change, attributes }, life) => {
    position += 5
    return { key, version, position, incarnation: life, change, attributes }
  }
  const tombstone = base > 1 ? entry(base, entriesOf(1)[0], 'ended') : undefined
  const begins = tombstone ? base : 0
  const compactedVersion = snapshot ? begins + 1 + below(3) : begins
  const log = entriesOf(snapshot ? below(6) : 1 + below(6)).map((one, i) =>
    entry(compactedVersion + i + 1, one, incarnation),
  )
  const head = {
    key,
    version: compactedVersion + log.length,
    incarnation,
    deleted: false,
    attributes: '',
    compactedVersion,
  }
  const stored = snapshot && { version: compactedVersion, incarnation, bytes: snapshot.bytes, attributes: snapshot.sum }
  return {
    head: { ...head, snapshotVersion: stored?.version ?? 0 },
    log,
    ...(tombstone && { tombstone }),
    ...(stored && { snapshot: stored }),
  }
}

/** Imports a document over itself again and again, and receipts with it. Positions of the five never meet. */
async function importDocument(store, place) {
  const key = { tenant: 'imported', id: `${place}` }
  const last = (await store.head(key))?.incarnation ?? 'import 0'
  for (let number = Number(last.slice(7)) + 1; ; number += 1) {
    const receiptKeys = [`${place} ${number} a`, `${place} ${number} b`]
    const receipts = receiptKeys.map((one) => ({
      tenant: 'tenant',
      scope: 'crash',
      key: one,
      requestHash: '',
      answer: one,
    }))
    await Promise.all([
      store.importDocument(documentOf(key, number, place), { arrival: 'kept', replaces: true }),
      store.importReceipts(number % 20 === 0 ? receipts : []),
    ])
    report({ type: 'import', id: key.id, number, ...(number % 20 === 0 && { receiptKeys }) })
  }
}

const store = await openers[kind](JSON.parse(options))
report({ type: 'open', ...store.identity })
const documents = ['a', 'b', 'c', 'd', 'e'].map((id) => writeDocument(store, { tenant: 'tenant', id }))
const imports = [1, 2, 3, 4, 5].map((place) => importDocument(store, place))
await Promise.all([...documents, ...imports, writeValue(store)])
