/** Nodes for tests: of one process, over a network in memory or real sockets. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Doc } from '@joinery/core'
import { memoryStore } from '@joinery/storage/memory'
import { applyToDocument, documentValue, type Operation, type Store } from '@joinery/sync'
import { memoryNetwork } from '@joinery/transport/memory'
import type { NodeTransport } from '@joinery/transport/nodes'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { afterEach } from 'vitest'
import { clusterKeys, type JoineryNode, type NodeOptions, startNode } from '../src/index.ts'

export const scheduler = nodeScheduler(() => performance.now())

const running: JoineryNode[] = []
const stores: Store[] = []
const directories: string[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()))
  await Promise.all(stores.splice(0).map((store) => store.close()))
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'joinery-node-'))
  directories.push(directory)
  return directory
}

export interface TestNodeOptions extends Partial<NodeOptions> {
  readonly node: string
}

/** Closed at the end of the test, after the nodes. */
export function closing<S extends Store>(store: S): S {
  stores.push(store)
  return store
}

/** A network in memory, and nodes in it. */
export function testNetwork() {
  const network = memoryNetwork({ scheduler })
  return {
    /** A transport of a node. */
    transport: (node: string, region = 'r'): NodeTransport => network.transport({ node, region }),
    async start(options: TestNodeOptions): Promise<JoineryNode> {
      const { node, region = 'r' } = options
      const transports = options.transports ?? [network.transport({ node, region })]
      return await startTestNode({ ...options, transports })
    },
  }
}

export async function startTestNode(options: TestNodeOptions & Pick<NodeOptions, 'transports'>): Promise<JoineryNode> {
  const node = await startNode({
    region: 'r',
    store: options.store ?? closing(memoryStore()),
    digestKey: clusterKeys('test').digestKey,
    wallMs: Date.now,
    scheduler,
    randomBytes,
    ...options,
  })
  running.push(node)
  return node
}

/** Operations on a document of any fields, as the command has them. */
export async function set(node: JoineryNode, document: string, ...operations: readonly Operation[]): Promise<void> {
  await node.edit(document, applying(operations))
}

/** The same, until another node has it. */
export async function confirmed(
  node: JoineryNode,
  document: string,
  ...operations: readonly Operation[]
): Promise<void> {
  await node.edit(document, applying(operations), { acknowledge: 'replicated' })
}

function applying(operations: readonly Operation[]): (doc: Doc) => void {
  const context = { node: 'test', nowMicros: 0, driftMsMax: 0 }
  return (doc) => {
    for (const operation of operations) applyToDocument(doc, 'doc', operation, context)
  }
}

export function increment(field: string, by = 1): Operation {
  return { path: [field], of: 'pncounter', type: 'increment', by }
}

export function write(field: string, value: string): Operation {
  return { path: [field], of: 'lww', set: value }
}

/** What it shows; undefined where it is not there. */
export async function value(node: JoineryNode, document: string): Promise<unknown> {
  if (!node.documents().includes(document)) return undefined
  return await node.read(document, (doc) => documentValue(doc, 'doc'))
}

/** The whole of it, byte for byte. */
export async function snapshot(node: JoineryNode, document: string): Promise<string | undefined> {
  if (!node.documents().includes(document)) return undefined
  return await node.read(document, (doc: Doc) => Buffer.from(doc.snapshot()).toString('base64'))
}

const PATIENCE_MS = 45_000

/** Waits until something holds; how long is no matter of the test. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`it never came to this: ${what}`)
    await delay(10)
  }
}

/** Waits until all of them have the same, and answers it. */
export async function converged(nodes: readonly JoineryNode[], document: string): Promise<string> {
  let snapshots: (string | undefined)[] = []
  await until(async () => {
    snapshots = await Promise.all(nodes.map((node) => snapshot(node, document)))
    return snapshots[0] !== undefined && new Set(snapshots).size === 1
  }, `${nodes.length} nodes have the same ${document}`)
  return snapshots[0] as string
}
