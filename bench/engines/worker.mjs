/**
 * The process of one peer and one case: `worker.mjs PEER CASE`. It answers the driver's messages:
 *   `{ do: 'prepare', quick }`             what the case needs before its first round
 *   `{ do: 'round' }`                      one iteration: every figure of the case, each in a message of its own
 *   `{ do: 'memory', metric, artifact }`   what a replica occupies; asked of a fresh process
 * Each is followed by `{ done: true }`, or by `{ failed }`.
 */
import { readFileSync } from 'node:fs'
import { Bench, FULL, QUICK } from './bench.mjs'
import { cases } from './cases/index.mjs'
import { memoryOf } from './memory.mjs'
import { loadPeer } from './peers/index.mjs'

const [peerName, caseName] = process.argv.slice(2)
const peer = await loadPeer(peerName)
const found = cases.find(({ name }) => name === caseName)
const send = (message) => process.send(message)
let bench
let context

const tasks = {
  prepare({ quick }) {
    bench = new Bench({ peer, effort: quick ? QUICK : FULL, send })
    context = found.prepare?.(bench)
    bench.settle()
  },
  round() {
    found.round(bench, context)
    bench.sweep()
  },
  memory({ metric, artifact }) {
    const read = () => new Uint8Array(readFileSync(artifact))
    send({ metric, value: memoryOf(() => found.memory[metric].make({ peer, read })) })
  },
}

process.on('message', (message) => {
  try {
    tasks[message.do](message)
    send({ done: true })
  } catch (error) {
    send({ failed: String(error?.message ?? error).split('\n')[0], stack: error?.stack })
  }
})
send({ done: true })
