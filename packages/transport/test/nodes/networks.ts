/** Networks of the suite: nodes that know each other's keys, or a secret, over real sockets. */
import { randomBytes } from 'node:crypto'
import { memoryNetwork } from '../../src/memory.ts'
import { nodeWebsocketTransport } from '../../src/node-websocket.ts'
import type { SecureTransportOptions } from '../../src/nodes/secure-transport.ts'
import {
  type Authentication,
  generateIdentity,
  keyAuthentication,
  type NodeIdentity,
  type NodePublicKey,
  type NodeTransport,
  type NodeTransportLimits,
  secretAuthentication,
} from '../../src/nodes.ts'
import { nodeScheduler } from '../../src/scheduler.ts'
import { tcpTransport } from '../../src/tcp.ts'
import type { SuiteNetwork, SuiteTransportOptions } from '../../src/testing.ts'

export const scheduler = nodeScheduler(() => performance.now())

export interface NodeSettings extends Omit<SuiteTransportOptions, 'limits'> {
  readonly cluster?: string
  readonly advertise?: string
  readonly limits?: Partial<NodeTransportLimits>
}

/** Nodes with a key each, all on one list. */
export class Keys {
  readonly allowed = new Map<NodePublicKey, string>()
  readonly #identities = new Map<string, NodeIdentity>()

  identity(node: string): NodeIdentity {
    const known = this.#identities.get(node)
    if (known !== undefined) return known
    const identity = generateIdentity()
    this.#identities.set(node, identity)
    this.allowed.set(identity.publicKey, node)
    return identity
  }

  authentication(node: string): Authentication {
    return keyAuthentication({ identity: this.identity(node), allow: () => this.allowed })
  }
}

export type WireName = 'tcp' | 'websocket'

export function wireTransport(
  wire: WireName,
  authentication: Authentication,
  { at, cluster = 'test', ...settings }: NodeSettings,
): NodeTransport {
  const options: SecureTransportOptions = { ...settings, cluster, authentication, scheduler, randomBytes }
  if (wire === 'tcp') return tcpTransport({ ...options, listen: at ?? 'tcp://127.0.0.1:0' })
  return nodeWebsocketTransport({ ...options, listen: at ?? 'ws://127.0.0.1:0/node' })
}

/** Nothing listens on port 1. */
const nowhere = { tcp: 'tcp://127.0.0.1:1', websocket: 'ws://127.0.0.1:1/node' }

export function keyNetwork(wire: WireName): SuiteNetwork {
  const keys = new Keys()
  return {
    nowhere: nowhere[wire],
    transport: (options) => wireTransport(wire, keys.authentication(options.node), options),
  }
}

export function secretNetwork(wire: WireName): SuiteNetwork {
  const secret = randomBytes(32)
  return {
    nowhere: nowhere[wire],
    transport: (options) => wireTransport(wire, secretAuthentication(secret), options),
  }
}

/** All nodes of a network have the limits of the first. */
export function inMemory(): SuiteNetwork {
  let network: ReturnType<typeof memoryNetwork> | undefined
  return {
    nowhere: 'memory://nowhere',
    transport({ node, region, limits = {} }) {
      network ??= memoryNetwork({ scheduler, limits })
      return network.transport({ node, region })
    },
  }
}
