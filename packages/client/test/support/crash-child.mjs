// Pushes without end and reports each push that was acknowledged, until it is killed. Runs the built packages.
import { writeSync } from 'node:fs'
import { fileQueue } from '@joinery/client/file-queue'
import { createHttpClient } from '@joinery/client/http'
import { sqliteQueue } from '@joinery/client/sqlite-queue'

/** Waits until it is in the pipe: what a stream keeps back would be lost with the process, and the parent would not know of it. */
function say(line) {
  writeSync(1, line)
}

const [kind, path, start] = process.argv.slice(2)
const queue =
  kind === 'file' ? fileQueue({ directory: path, limits: { compactionBytesMin: 4000 } }) : sqliteQueue({ path })

let sends = 0
/** Every third request is lost, so that seals, settled requests and untouched ones lie in the queue at any moment. */
const fetch = async (url, { body, headers }) => {
  sends += 1
  if (sends % 3 === 0) throw new TypeError('lost')
  const { ops } = JSON.parse(body)
  const id = new URL(url).pathname.split('/')[3]
  say(`sent ${headers['Idempotency-Key'].split(':')[1]} ${id} ${ops.map((op) => op.elem).join(',')}\n`)
  const answer = { id, type: 'gset', version: sends, incarnation: 'i', storeId: 's', snapshot: [], ops: [] }
  return { status: 200, headers: { get: () => null }, text: async () => JSON.stringify(answer) }
}

const client = await createHttpClient({
  url: 'http://nowhere',
  tenant: 'home',
  nodeId: 'phone',
  queue,
  fetch,
  limits: { backoffMsMin: 1, backoffMsMax: 3 },
})
say('open\n')
for (let i = Number(start); ; i += 1) {
  const { handle } = await client.pushOps(`d${i % 3}`, 'gset', [{ type: 'add', elem: i }])
  say(`pushed ${handle} ${i}\n`)
}
