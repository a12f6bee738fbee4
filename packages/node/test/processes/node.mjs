/** A node as a process of its own, with a clock that is off by as much as its options say. Runs what was built. */
import { randomBytes } from 'node:crypto'
import { orSet } from '@joinery/core'
import {
  allowListFile,
  clusterKeys,
  nodeLog,
  nodeMetrics,
  observers,
  readIdentityFile,
  serveNodeControl,
  startNode,
} from '@joinery/node'
import { sqliteStore } from '@joinery/storage/sqlite'
import { keyAuthentication } from '@joinery/transport/nodes'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { tcpTransport } from '@joinery/transport/tcp'
import { pino } from 'pino'

const options = JSON.parse(process.argv[2])
const { node, region, clockOffsetMs, listen, advertise, limits } = options
const scheduler = nodeScheduler(() => performance.now())
const wallMs = () => Date.now() + clockOffsetMs
const logger = pino({ base: { node } }, pino.destination({ dest: 2, sync: true }))
const { digestKey, cluster } = clusterKeys('processes')
const authentication = keyAuthentication({
  identity: readIdentityFile(options.key),
  allow: allowListFile(options.nodes, (error) => logger.warn({ code: error.code }, 'list')),
})
const transport = tcpTransport({
  node,
  region,
  cluster,
  authentication,
  scheduler,
  randomBytes,
  listen,
  advertise,
  limits,
})
const store = await sqliteStore({ path: options.store })
const metrics = nodeMetrics()
const running = await startNode({
  node,
  region,
  store,
  transports: [transport],
  digestKey,
  wallMs,
  scheduler,
  randomBytes,
  observer: observers([metrics, nodeLog({ logger, scheduler })]),
})
for (const address of options.join) running.join(address)
metrics.watch(() => running.status())
const control = await serveNodeControl(options.control, { node: running, metrics, logger, wallMs, onLeave: () => {} })
// Whoever started it with a channel tells it what to write, and is told when what others wrote came in.
const now = () => Number(process.hrtime.bigint()) / 1e6
running.subscribe(({ document, origin }) => process.send?.({ document, origin, atMs: now() }))
process.on('message', ({ document, elem }) => {
  process.send({ document, origin: 'asked', atMs: now() })
  void running.edit(document, (doc) => doc.field('seen', orSet()).add(elem))
})
process.stdout.write('ready\n')
process.once('SIGTERM', async () => {
  await running.stop()
  await control.close()
  await store.close()
})
