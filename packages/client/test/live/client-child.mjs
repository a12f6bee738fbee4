// A client in a process of its own, which edits at random until it is told to stop, or is killed. Runs the built packages.
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createClient } from '@joinery/client'
import { openSocket } from '@joinery/client/node'
import { levelStore } from '@joinery/storage/leveldb'
import { sqliteStore } from '@joinery/storage/sqlite'
import { anyEdit, countedEdit, schema, seeded } from './edits.mjs'

const [url, kind, path, node, seed, first] = process.argv.slice(2)

/** Waits until it is in the pipe: what a stream keeps back would be lost with the process. */
function say(line) {
  writeSync(1, `${line}\n`)
}

const client = createClient({
  url,
  tenant: 'acme',
  nodeId: node,
  openSocket,
  storage: kind === 'sqlite' ? sqliteStore({ path }) : levelStore({ path }),
  limits: { connectRetryMsMin: 10, connectRetryMsMax: 100, markDelayMs: 10, journalEntriesMax: 50 },
})
const doc = client.open('shared', schema)
await doc.ready
say(`ready ${doc.status.pending}`)
const random = seeded(Number(seed))
let number = Number(first)
let editing = true
createInterface({ input: process.stdin }).on('line', async (line) => {
  if (line === 'stop') {
    editing = false
    await doc.saved()
    say('stopped')
  } else if (line === 'state') {
    const hash = createHash('sha256').update(doc.snapshot()).digest('hex')
    say(`state ${JSON.stringify({ hash, status: doc.status, refused: doc.refused.list })}`)
  } else if (line === 'close') {
    await client.close()
    process.exit(0)
  }
})
while (editing) {
  if (random.below(3) === 0) {
    const label = `${node} ${number}`
    number += 1
    countedEdit(doc, label)
    say(`made ${label}`)
    doc.saved().then(
      () => say(`saved ${label}`),
      (error) => say(`failed ${label} ${error.code} ${error.message}`),
    )
  } else anyEdit(doc, random)
  await new Promise((resolve) => setTimeout(resolve, random.below(8)))
}
