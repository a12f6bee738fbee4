/** A node of a cluster as a process of its own, with a clock that is off by as much as its options say. Runs what was built. */
import { randomBytes } from 'node:crypto'
import { createCluster, serveCluster } from '@joinery/cluster'
import { allowListFile, clusterKeys, readIdentityFile } from '@joinery/node'
import { sqliteStore } from '@joinery/storage/sqlite'
import { keyAuthentication } from '@joinery/transport/nodes'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { tcpTransport } from '@joinery/transport/tcp'
import { pino } from 'pino'

const options = JSON.parse(process.argv[2])
const { node, region, clockOffsetMs, listen, advertise, limits } = options
const scheduler = nodeScheduler(() => performance.now())
const logger = pino({ level: 'warn', base: { node } }, pino.destination({ dest: 2, sync: true }))
const keys = clusterKeys('processes')
const authentication = keyAuthentication({
  identity: readIdentityFile(options.key),
  allow: allowListFile(options.nodes, (error) => logger.warn({ code: error.code }, 'list')),
})
const network = {
  node,
  region,
  cluster: keys.cluster,
  authentication,
  scheduler,
  randomBytes,
  listen,
  advertise,
  limits,
}
const store = await sqliteStore({ path: options.store })
const cluster = createCluster({
  nodeId: node,
  region,
  digestKey: keys.digestKey,
  transports: [tcpTransport(network)],
  store,
  wallMs: () => Date.now() + clockOffsetMs,
  scheduler,
  randomBytes,
  limits: { heartbeatMs: 500 },
  replication: options.replication,
})
await cluster.start()
for (const address of options.join) cluster.join(address)
const host = await serveCluster({
  cluster,
  address: `127.0.0.1:${options.port}`,
  keys: { required: () => false, isValid: () => true },
  logger,
  metrics: { text: async () => '' },
  random: randomBytes,
  now: () => performance.now(),
  scheduler,
  version: 'test',
})
process.stdout.write('ready\n')
process.on('message', async (order) => {
  if (order !== 'leave') return
  await host.close()
  await cluster.stop({ leave: true })
  await store.close()
  process.disconnect()
})
process.once('SIGTERM', async () => {
  await host.close()
  await cluster.stop()
  await store.close()
  process.disconnect()
})
