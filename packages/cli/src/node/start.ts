/** `joinery node start`: puts store, identity, transports and node together and stops them in order. */
import {
  allowListFile,
  clusterKeys,
  type JoineryNode,
  type NodeSigning,
  nodeLog,
  nodeMetrics,
  observers,
  readIdentityFile,
  readSecretFile,
  serveNodeControl,
  startNode,
} from '@joinery/node'
import type { Scheduler, Store } from '@joinery/sync'
import { nodeWebsocketTransport } from '@joinery/transport/node-websocket'
import {
  type Authentication,
  keyAuthentication,
  type NodeTransport,
  secretAuthentication,
} from '@joinery/transport/nodes'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { tcpTransport } from '@joinery/transport/tcp'
import type { Logger } from 'pino'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { createLog } from '../log.ts'
import type { LogLevel } from '../options.ts'
import { stopRequest } from '../stop-request.ts'
import { formatStoreUrl, openStore, parseStoreUrl } from '../store-url.ts'
import { controlPathOf } from './ask.ts'

export interface StartOptions {
  readonly name: string
  readonly region: string
  readonly cluster: string
  readonly listen: readonly string[]
  readonly advertise?: string
  readonly join: readonly string[]
  readonly key?: string
  readonly nodes?: string
  readonly secret?: string
  readonly sign: boolean
  readonly signers?: string
  readonly store: string
  readonly control?: string
  readonly logLevel: LogLevel
}

interface Starting {
  readonly options: StartOptions
  readonly environment: Environment
  readonly logger: Logger
  readonly scheduler: Scheduler
}

/** Resolves once the node is stopped again. */
export async function startCommand(options: StartOptions, environment: Environment): Promise<number> {
  const url = parseStoreUrl(options.store)
  const control = controlPathOf({ store: options.store, control: options.control })
  const logger = createLog({ level: options.logLevel, output: environment.stderr })
  const scheduler = nodeScheduler(() => performance.now())
  const starting = { options, environment, logger, scheduler }
  const trust = trustOf(starting)
  // Listened for before anything can be acknowledged: from then on a signal stops in order.
  const stop = stopRequest(environment, logger)
  const store = await openStore(url)
  try {
    let leaving = (): void => {}
    const left = new Promise<'leave'>((resolve) => {
      leaving = () => resolve('leave')
    })
    const metrics = nodeMetrics()
    const node = await start(starting, store, trust, metrics)
    metrics.watch(() => node.status())
    const { nowMs: wallMs } = environment
    const socket = await serveNodeControl(control, { node, metrics, logger, wallMs, onLeave: leaving })
    announce(node, { ...options, shown: trust.shown, control, store: formatStoreUrl(url) }, environment)
    const why = await Promise.race([stop, left])
    await node.stop({ leave: why === 'leave' })
    await socket.close()
    logger.info('stopped')
    return 0
  } finally {
    await store.close()
  }
}

async function start(
  { options, environment, logger, scheduler }: Starting,
  store: Store,
  { authentication, signing }: Trust,
  metrics: ReturnType<typeof nodeMetrics>,
): Promise<JoineryNode> {
  const { name: node, region, secret } = options
  const { random: randomBytes, nowMs: wallMs } = environment
  const secretBytes = secret === undefined ? undefined : readSecretFile(secret)
  const { digestKey, cluster } = clusterKeys(options.cluster, secretBytes, options.sign)
  const common = { node, region, cluster, authentication, scheduler, randomBytes }
  const transports = transportsOf(options, common)
  const observer = observers([metrics, nodeLog({ logger, scheduler })])
  const started = await startNode({
    node,
    region,
    store,
    transports,
    digestKey,
    wallMs,
    scheduler,
    randomBytes,
    observer,
    ...(signing !== undefined && { signing }),
  })
  try {
    for (const address of options.join) started.join(address)
  } catch (error) {
    await started.stop()
    throw error
  }
  return started
}

type Common = Parameters<typeof tcpTransport>[0]

/** Both kinds dial, whatever is listened on. */
function transportsOf(
  { listen, advertise }: StartOptions,
  common: Omit<Common, 'listen' | 'advertise'>,
): NodeTransport[] {
  const isTcp = (address: string): boolean => address.startsWith('tcp:')
  const tcp = listen.find(isTcp)
  const webSocket = listen.find((address) => !isTcp(address))
  if (listen.length > (tcp === undefined ? 0 : 1) + (webSocket === undefined ? 0 : 1)) {
    throw new UsageError(
      'a node listens on one address of each kind',
      'Give --listen tcp://… and --listen ws://… once.',
    )
  }
  const own = (address: string | undefined, isFor: boolean) => ({
    ...common,
    ...(address !== undefined && { listen: address }),
    ...(advertise !== undefined && isFor && { advertise }),
  })
  const isAdvertisedTcp = advertise !== undefined && isTcp(advertise)
  return [tcpTransport(own(tcp, isAdvertisedTcp)), nodeWebsocketTransport(own(webSocket, !isAdvertisedTcp))]
}

/** Who this node is, and whom it believes. */
interface Trust {
  readonly authentication: Authentication
  readonly signing?: NodeSigning
  readonly shown: string
}

function trustOf({ options, logger }: Starting): Trust {
  const { key, nodes, secret, sign, signers } = options
  if (key !== undefined && nodes !== undefined) {
    const identity = readIdentityFile(key)
    const listed = (path: string) =>
      allowListFile(path, ({ code, message }) => logger.warn({ code, message }, 'the list of nodes stays as it was'))
    const allow = listed(nodes)
    return {
      authentication: keyAuthentication({ identity, allow }),
      shown: identity.publicKey,
      ...(sign && { signing: { identity, signers: signers === undefined ? allow : listed(signers) } }),
    }
  }
  if (sign) throw new UsageError('what a node signs is signed by its key', 'Give --key and --nodes beside --sign.')
  if (key !== undefined || nodes !== undefined) {
    throw new UsageError('--key and --nodes go together', 'Give both; or --secret instead, for a start.')
  }
  if (secret === undefined) {
    const advice = 'Give --key and --nodes, or --secret for a start: joinery node keygen makes them.'
    throw new UsageError('nodes must know each other', advice)
  }
  return { authentication: secretAuthentication(readSecretFile(secret)), shown: 'none: by the secret of the cluster' }
}

interface Announced {
  readonly cluster: string
  readonly shown: string
  readonly store: string
  readonly control: string
}

function announce(
  node: JoineryNode,
  { cluster, shown, store, control }: Announced,
  { stdout, version }: Environment,
): void {
  const { node: name, region, address } = node.status()
  stdout.write(
    [
      `Joinery ${version}: node ${name} is listening on ${address === '' ? 'nothing that others could dial' : address}`,
      `  cluster  ${cluster}, region ${region}`,
      `  key      ${shown}`,
      `  store    ${store}`,
      `  control  ${control}`,
      '',
    ].join('\n'),
  )
}
