/**
 * Nodes as processes of their own, over TLS on this machine, each behind a proxy through which all others reach it. What the network of
 * the simulation does to messages the proxies do to bytes: each takes 20 to 120 ms. TCP loses nothing; what is lost on a link is sent
 * again after a while, and everything behind it waits. That is what a loss is here: 200 ms more, the least that Linux waits.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { nodeControlClient, writeIdentity } from '@joinery/node'
import { seededRandom } from '@joinery/testing'
import { generateIdentity } from '@joinery/transport/nodes'
import { openFaultProxy } from '@joinery/transport/testing'

const SCRIPT = fileURLToPath(new URL('../../packages/node/test/processes/node.mjs', import.meta.url))
const DELAY_MS = { min: 20, max: 120 }
const SENT_AGAIN_MS = 200
/** So often each proxy draws another delay. */
const REDRAW_MS = 20
const READY_MS_MAX = 180_000
const SPREAD_MS_MAX = 60_000
const REGIONS = 3

/** Milliseconds until all nodes have an update, of several updates in a row, each begun when all was idle. */
export async function spreadProcesses({ nodes, loss, updates, restMs = 1_500, seed = 1 }) {
  const directory = mkdtempSync(join(tmpdir(), 'joinery-bench-nodes-'))
  const members = []
  try {
    for (let i = 0; i < nodes; i += 1) members.push(await newMember(directory, i))
    const addresses = members.map(({ address }) => address)
    // Handshakes of twenty processes at once are more than two cores can do in time.
    for (const member of members) await member.start(addresses)
    await allConnected(members)
    const still = disturb(members, loss, seededRandom(seed))
    await delay(10_000)
    const times = []
    for (let i = 0; i < updates; i += 1) {
      times.push(await spreadOnce(members, (i * 7919) % nodes, `${i}`))
      await delay(restMs)
    }
    clearInterval(still)
    return { times }
  } finally {
    for (const member of members) member.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function spreadOnce(members, from, elem) {
  const waiting = new Set(members)
  waiting.delete(members[from])
  let beganMs = 0
  let lastMs = 0
  const done = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${waiting.size} nodes have not got the update`)), SPREAD_MS_MAX)
    for (const member of members) {
      member.told = ({ origin, atMs }) => {
        if (origin === 'asked') beganMs = atMs
        if (origin !== 'remote' || !waiting.delete(member)) return
        lastMs = Math.max(lastMs, atMs)
        if (waiting.size > 0) return
        clearTimeout(late)
        resolve()
      }
    }
  })
  members[from].child.send({ document: 'd', elem })
  await done
  return lastMs - beganMs
}

/** Every proxy has another delay now and then, so that nearly each message has its own. */
function disturb(members, loss, random) {
  return setInterval(() => {
    for (const { proxy } of members) {
      const usual = DELAY_MS.min + random.below(DELAY_MS.max - DELAY_MS.min + 1)
      proxy.delay(usual + (random.below(1_000) < 1_000 * loss ? SENT_AGAIN_MS : 0))
    }
  }, REDRAW_MS)
}

async function allConnected(members) {
  const endMs = performance.now() + READY_MS_MAX
  for (const { client } of members) {
    while ((await client.status()).peers.length < members.length - 1) {
      if (performance.now() > endMs) throw new Error('the nodes do not find each other')
      await delay(500)
    }
  }
}

async function newMember(directory, index) {
  const node = `n${index}`
  const at = (name) => join(directory, `${node}.${name}`)
  const identity = generateIdentity()
  writeIdentity(at('key'), identity)
  appendFileSync(join(directory, 'nodes'), `${node} ${identity.publicKey}\n`)
  const port = await freePort()
  const proxy = await openFaultProxy(port)
  const address = `tcp://127.0.0.1:${proxy.port}`
  const settings = {
    node,
    region: `r${index % REGIONS}`,
    clockOffsetMs: 0,
    key: at('key'),
    nodes: join(directory, 'nodes'),
    store: at('sqlite'),
    control: at('control'),
    listen: `tcp://127.0.0.1:${port}`,
    advertise: address,
  }
  const member = { address, proxy, client: nodeControlClient(at('control')), told: () => {} }
  member.start = async (addresses) => {
    const options = { ...settings, join: addresses.filter((other) => other !== address) }
    const stdio = ['ignore', 'pipe', 'ignore', 'ipc']
    member.child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], { stdio })
    member.child.on('message', (message) => member.told(message))
    await once(member.child.stdout, 'data')
  }
  member.stop = () => {
    member.child?.kill('SIGKILL')
    void proxy.close()
  }
  return member
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
