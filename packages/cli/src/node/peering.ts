/** How a node reaches others: what it listens on, who may connect, and what its digests are keyed by. */
import { allowListFile, clusterKeys, type NodeSigning, readIdentityFile, readSecretFile } from '@joinery/node'
import type { Scheduler } from '@joinery/sync'
import { nodeWebsocketTransport } from '@joinery/transport/node-websocket'
import {
  type Authentication,
  keyAuthentication,
  type NodeTransport,
  secretAuthentication,
} from '@joinery/transport/nodes'
import { tcpTransport } from '@joinery/transport/tcp'
import type { Logger } from 'pino'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'

export interface PeeringOptions {
  readonly name: string
  readonly region: string
  readonly cluster: string
  readonly listen: readonly string[]
  readonly advertise?: string
  readonly key?: string
  readonly nodes?: string
  readonly secret?: string
  /** Sign changes, and refuse what is not signed. */
  readonly sign: boolean
  /** Whose signatures count, if not those of `nodes`. */
  readonly signers?: string
}

export interface Peering {
  readonly transports: readonly NodeTransport[]
  readonly digestKey: Uint8Array
  readonly signing?: NodeSigning
  /** The public key, to be shown. */
  readonly shown: string
}

export interface PeeringParts {
  readonly environment: Environment
  readonly logger: Logger
  readonly scheduler: Scheduler
}

export function peeringOf(options: PeeringOptions, { environment, logger, scheduler }: PeeringParts): Peering {
  const { name: node, region, secret, sign } = options
  const { authentication, ...trust } = trustOf(options, logger)
  const secretBytes = secret === undefined ? undefined : readSecretFile(secret)
  const { digestKey, cluster } = clusterKeys(options.cluster, secretBytes, sign)
  const common = { node, region, cluster, authentication, scheduler, randomBytes: environment.random }
  return { transports: transportsOf(options, common), digestKey, ...trust }
}

type Common = Parameters<typeof tcpTransport>[0]

/** Both kinds dial, whatever is listened on. */
function transportsOf(
  { listen, advertise }: PeeringOptions,
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
interface Trust extends Pick<Peering, 'signing' | 'shown'> {
  readonly authentication: Authentication
}

function trustOf({ key, nodes, secret, sign, signers }: PeeringOptions, logger: Logger): Trust {
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
