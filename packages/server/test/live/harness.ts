/** A real server on a free port, and clients over real sockets. */
import { randomBytes } from 'node:crypto'
import { type Actor, type FieldSpecs, HybridClock, type Schema } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import type { TlsIdentity } from '@joinery/http'
import { memoryStore } from '@joinery/storage/memory'
import {
  ClientSession,
  type FollowedDocument,
  type FollowedEvents,
  type Packer,
  type SessionLimits,
  type Store,
} from '@joinery/sync'
import { nodeScheduler } from '@joinery/transport/scheduler'
import {
  connectWebSocket,
  type OpenWebSocket,
  type WebSocketConnection,
  type WebSocketLike,
} from '@joinery/transport/websocket'
import { pino } from 'pino'
import { afterEach } from 'vitest'
import { WebSocket } from 'ws'
import { type KeyRing, openKeyRing } from '../../src/keys.ts'
import type { ServerLimits } from '../../src/limits.ts'
import type { ServerMetrics } from '../../src/metrics/metrics.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { createServer, type JoineryServer } from '../../src/server.ts'
import type { ServiceLimits } from '../../src/service/limits.ts'
import { serverActor } from '../../src/service/server-actor.ts'
import { createDocumentService } from '../../src/service/service.ts'
import type { DocumentService } from '../../src/service/types.ts'

export interface TestServer {
  readonly server: JoineryServer
  readonly service: DocumentService
  readonly keys: KeyRing
  readonly store: Store
  readonly wsUrl: string
  readonly warnings: unknown[]
  /** Every line of the log. */
  readonly logged: string[]
}

export interface TestServerOptions {
  readonly store?: Store
  readonly sessionLimits?: Partial<SessionLimits>
  readonly limits?: Partial<ServerLimits>
  readonly allowOrigins?: readonly string[]
  readonly address?: string
  readonly metrics?: ServerMetrics
  readonly serviceLimits?: Partial<ServiceLimits>
  readonly policy?: Policy
  readonly tls?: TlsIdentity
}

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const store = options.store ?? memoryStore()
  const nowMs = (): number => Date.now()
  const random = (bytes: number): Uint8Array => randomBytes(bytes)
  const keys = await openKeyRing({ store, random, now: nowMs })
  const warnings: unknown[] = []
  const service = createDocumentService({
    store,
    actor: await serverActor({ store, clock: new HybridClock(nowMs), epoch: () => randomBytes(12) }),
    newIncarnation: () => randomBytes(16).toString('base64url'),
    nowMs,
    ...(options.metrics === undefined ? {} : { observer: options.metrics }),
    ...(options.policy === undefined ? {} : { policy: options.policy }),
    ...(options.serviceLimits === undefined ? {} : { limits: options.serviceLimits }),
    ...(options.sessionLimits === undefined ? {} : { sessionLimits: options.sessionLimits }),
    onWarning: (message, cause) => warnings.push(message, cause),
  })
  const logged: string[] = []
  const write = (line: string): void => {
    logged.push(line)
    if ((JSON.parse(line) as { readonly level: number }).level >= 40) warnings.push(line)
  }
  const logger = pino({ level: 'trace' }, { write })
  const server = await createServer({
    service,
    keys,
    logger,
    random,
    now: nowMs,
    version: '0',
    address: options.address ?? '127.0.0.1:0',
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.allowOrigins === undefined ? {} : { allowOrigins: options.allowOrigins }),
  })
  return { server, service, keys, store, warnings, logged, wsUrl: `ws://127.0.0.1:${server.port}/v1/sync` }
}

export interface TestClient {
  readonly session: ClientSession
  readonly connection: WebSocketConnection
  readonly actor: Actor
  readonly faults: unknown[]
  follow<S extends FieldSpecs>(
    id: string,
    schema: Schema<S>,
    options?: { readonly type?: string; readonly windowBytes?: number },
    events?: FollowedEvents,
  ): FollowedDocument<S>
}

export function openSocket(url: string): WebSocketLike {
  return new WebSocket(url, { perMessageDeflate: false }) as unknown as WebSocketLike
}

export function connectClient(
  wsUrl: string,
  node: string,
  options: {
    readonly tenant?: string
    readonly credential?: string
    readonly packer?: Packer
    readonly open?: OpenWebSocket
  } = {},
): TestClient {
  const faults: unknown[] = []
  const scheduler = nodeScheduler(() => Date.now())
  const session = new ClientSession({
    tenant: options.tenant ?? 'acme',
    node,
    ...(options.credential === undefined ? {} : { credential: options.credential }),
    ...(options.packer === undefined ? {} : { packer: options.packer }),
    agent: 'test',
    scheduler,
    random: Math.random,
    retry: { minMs: 20, maxMs: 200 },
    onFault: (error) => faults.push(error),
  })
  const connection = connectWebSocket({ url: wsUrl, session, scheduler, open: options.open ?? openSocket })
  const actor = newActor(node)
  return {
    session,
    connection,
    actor,
    faults,
    follow(id, schema, { type = 'doc', windowBytes } = {}, events = {}) {
      return session.follow(
        {
          id,
          type,
          actor,
          schema,
          newIncarnation: () => randomBytes(16).toString('base64url'),
          ...(windowBytes === undefined ? {} : { windowBytes }),
        },
        events,
      )
    },
  }
}

/** Waits until a condition holds. */
export async function until(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = Date.now() + ms
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Servers and clients of one test file, which are closed after each test. */
export function closedAfterEach(): { readonly running: TestServer[]; readonly clients: TestClient[] } {
  const running: TestServer[] = []
  const clients: TestClient[] = []
  afterEach(async () => {
    for (const { connection } of clients.splice(0)) connection.close()
    for (const { server } of running.splice(0)) await server.close()
  })
  return { running, clients }
}
