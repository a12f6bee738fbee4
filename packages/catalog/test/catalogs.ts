/** Catalogs for tests: alone, or on a network in memory. */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { SchemaDoc } from '@joinery/core'
import { clusterKeys } from '@joinery/node'
import { memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { memoryNetwork } from '@joinery/transport/memory'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { afterEach } from 'vitest'
import { type Catalog, type CatalogOptions, type Delta, startCatalog } from '../src/index.ts'

export const scheduler = nodeScheduler(() => performance.now())

const running: Catalog[] = []
const stores: Store[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((catalog) => catalog.stop()))
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

/** Closed at the end of the test, after the catalogs. */
export function closing<S extends Store>(store: S): S {
  stores.push(store)
  return store
}

export async function catalog(node: string, options: Partial<CatalogOptions> = {}): Promise<Catalog> {
  const started = await startCatalog({
    node,
    region: 'r',
    store: options.store ?? closing(memoryStore()),
    transports: [],
    digestKey: clusterKeys('test').digestKey,
    wallMs: Date.now,
    scheduler,
    randomBytes,
    ...options,
  })
  running.push(started)
  return started
}

/** Catalogs that find each other. */
export async function connected(names: readonly string[]): Promise<Catalog[]> {
  const network = memoryNetwork({ scheduler })
  const all = await Promise.all(
    names.map((node) => catalog(node, { transports: [network.transport({ node, region: 'r' })] })),
  )
  for (const each of all.slice(1)) each.node.join(all[0]?.node.status().address ?? '')
  return all
}

export async function until(holds: () => boolean, patienceMs = 20_000): Promise<void> {
  const endMs = performance.now() + patienceMs
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('it did not come to that')
    await delay(10)
  }
}

/** Every delta that a catalog has for a consumer who never asked before. */
export function everyDelta(from: Catalog, consumer: string, limit = 50): Delta[] {
  const deltas: Delta[] = []
  let cursor: string | undefined
  do {
    const page = from.deltas(consumer, { limit, cursor })
    deltas.push(...page.deltas)
    cursor = page.cursor
  } while (cursor !== undefined)
  return deltas
}

/** As deltas travel. */
export function wired(deltas: readonly Delta[]): unknown[] {
  return JSON.parse(JSON.stringify(deltas)) as unknown[]
}

/** All bytes of a catalog, by part. */
export async function bytesOf(of: Catalog): Promise<Record<string, string>> {
  const bytes: Record<string, string> = {}
  for (const document of of.node.documents()) {
    bytes[document] = await of.node.read(document, (doc: SchemaDoc) => Buffer.from(doc.snapshot()).toString('hex'))
  }
  return bytes
}

/** Everything that shows. */
export function contentOf(of: Catalog): unknown {
  return of.query({ limit: 1_000 }).items
}

export async function codeOf(work: () => unknown): Promise<string | undefined> {
  try {
    await work()
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
  return undefined
}
