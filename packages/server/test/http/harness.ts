/** The application over the real service and a store in memory, with clocks and randomness that tests can know. */
import { actorId, HybridClock, replicaId } from '@joinery/core'
import { boundedLog } from '@joinery/http'
import { memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { type Logger, pino } from 'pino'
import { type App, createApp } from '../../src/http/app.ts'
import { type KeyRing, openKeyRing } from '../../src/keys.ts'
import { defaultServerLimits, type ServerLimits } from '../../src/limits.ts'
import type { ServiceLimits } from '../../src/service/limits.ts'
import { createDocumentService } from '../../src/service/service.ts'
import type { DocumentService } from '../../src/service/types.ts'

export const NOW_MS = 1_800_000_000_000

export interface TestAppOptions {
  readonly service?: Partial<DocumentService>
  readonly limits?: Partial<ServerLimits>
  readonly allowOrigins?: readonly string[]
  readonly loopbackOnly?: boolean
  readonly tls?: boolean
}

export interface TestApp {
  readonly app: App
  readonly store: Store
  readonly keys: KeyRing
  readonly service: DocumentService
  readonly logger: Logger
  readonly logged: Record<string, unknown>[]
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>
}

export interface CallOptions {
  readonly body?: unknown
  /** Instead of `body`: sent as it is. */
  readonly raw?: string | Uint8Array
  /** `undefined` leaves a usual header out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any
}

/** Counts up: ids differ, and are the same in every run. */
export function countingRandom(): (bytes: number) => Uint8Array {
  let calls = 0
  return (bytes) => {
    calls += 1
    return Uint8Array.from({ length: bytes }, (_, i) => (calls * 31 + i * 7) % 256)
  }
}

export function testService(store: Store, limits?: Partial<ServiceLimits>): DocumentService {
  let incarnations = 0
  return createDocumentService({
    store,
    actor: { id: actorId(replicaId('server'), new Uint8Array(12)), clock: new HybridClock(() => NOW_MS) },
    newIncarnation: () => {
      incarnations += 1
      return `life-${incarnations}`
    },
    nowMs: () => NOW_MS,
    ...(limits === undefined ? {} : { limits }),
  })
}

export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const store = memoryStore()
  const random = countingRandom()
  const keys = await openKeyRing({ store, random, now: () => NOW_MS })
  const service = { ...bound(testService(store)), ...options.service }
  const logged: Record<string, unknown>[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const app = createApp(
    {
      service,
      keys,
      log: boundedLog({ logger, now: () => NOW_MS, limits: { ...defaultServerLimits, ...options.limits } }),
      random,
      now: () => NOW_MS,
      limits: { ...defaultServerLimits, ...options.limits },
      allowOrigins: options.allowOrigins ?? [],
      loopbackOnly: options.loopbackOnly ?? false,
      tls: options.tls ?? false,
    },
    { version: '0.0.0-test' },
  )
  return { app, store, keys, service, logger, logged, call: (method, path, call) => request(app, method, path, call) }
}

/** Methods of a class instance, so that a test can replace some of them. */
function bound(service: DocumentService): DocumentService {
  const { put, get, remove, list, ops, log, tenantLog, drain } = service
  const all = { put, get, remove, list, ops, log, tenantLog, drain }
  const { storeId, live, resident } = service
  const methods = Object.fromEntries(
    Object.entries(all).map(([name, method]) => [name, (method as (...args: never[]) => unknown).bind(service)]),
  )
  return { ...methods, storeId, live, resident } as unknown as DocumentService
}

async function request(
  app: App,
  method: string,
  path: string,
  { body, raw, headers }: CallOptions = {},
): Promise<Answer> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const sent: Record<string, string | undefined> = {
    'X-Tenant-ID': 'acme',
    'X-Node-ID': 'phone',
    ...(content !== undefined && { 'Content-Type': 'application/json' }),
    ...headers,
  }
  const given = Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const response = await app.fetch(
    new Request(`http://127.0.0.1${path}`, {
      method,
      headers: given,
      ...(content !== undefined && { body: content }),
    } as RequestInit),
  )
  const text = await response.text()
  const json = text !== '' && response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined
  return { status: response.status, headers: response.headers, text, json }
}
