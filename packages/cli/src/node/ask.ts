/** `joinery node status|join|ls|get|set|…`: asks the running node over its control socket. */
import type { NodeStatus } from '@joinery/node'
import { type NodeControlClient, nodeControlClient } from '@joinery/node/control'
import { controlSocketPath } from '@joinery/server/control-path'
import type { Operation } from '@joinery/sync'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { parseStoreUrl, storePath } from '../store-url.ts'

/** Where a node is. */
export interface NodePlace {
  readonly store: string
  readonly control: string | undefined
}

/** The control socket of a node with this store. */
export function controlPathOf({ store, control }: NodePlace): string {
  if (control !== undefined) return control
  const place = storePath(parseStoreUrl(store))
  const path = place === undefined ? undefined : controlSocketPath(place)
  if (path === undefined) {
    throw new UsageError('there is no place for a control socket beside this store', 'Give a short path by --control.')
  }
  return path
}

function node(place: NodePlace): NodeControlClient {
  return nodeControlClient(controlPathOf(place))
}

export async function printStatus(place: NodePlace, json: boolean, { stdout }: Environment): Promise<void> {
  const status = await node(place).status()
  stdout.write(json ? `${JSON.stringify(status)}\n` : statusText(status))
}

function statusText({
  node: name,
  region,
  address,
  actor,
  peers,
  members,
  replication,
  transport,
  isSigned,
  forks,
}: NodeStatus): string {
  const connected = new Set(peers.map((peer) => peer.node))
  const lines = members
    .filter((member) => member.node !== name)
    .map((member) => {
      const way = connected.has(member.node) ? 'connected' : 'not connected'
      return `  member     ${member.node}  ${member.region}  ${member.address}  ${member.state}, ${way}`
    })
  return [
    `${name}  ${region}  ${address}`,
    `  actor      ${actor}`,
    ...lines,
    `  documents  ${replication.lives}, digest ${replication.digest}`,
    `  signed     ${isSigned ? 'yes: changes without a signature are refused' : 'no'}`,
    ...forks.map(
      ({ life, actor, from }) =>
        `  fork       ${actor} in ${life.document}${from === undefined ? '' : `, nothing from dot ${from} on`}`,
    ),
    `  waiting    ${replication.unstoredBytes} bytes to be stored, ${replication.pushes} pushes, ${replication.early} changes`,
    `  messages   ${transport.sentMessages} sent (${transport.sentBytes} bytes), ${transport.receivedMessages} received (${transport.receivedBytes} bytes), ${transport.droppedMessages} dropped`,
    '',
  ].join('\n')
}

export async function printMetrics(place: NodePlace, { stdout }: Environment): Promise<void> {
  stdout.write(await node(place).metrics())
}

export async function joinNode(address: string, place: NodePlace): Promise<void> {
  await node(place).join(address)
}

export async function leaveCluster(place: NodePlace): Promise<void> {
  await node(place).leave()
}

export async function listDocuments(place: NodePlace, json: boolean, { stdout }: Environment): Promise<void> {
  const documents = await node(place).documents()
  stdout.write(json ? `${JSON.stringify(documents)}\n` : documents.map((document) => `${document}\n`).join(''))
}

export async function getDocument(
  document: string,
  place: NodePlace,
  json: boolean,
  { stdout }: Environment,
): Promise<void> {
  const value = await node(place).get(document)
  stdout.write(`${JSON.stringify(value, undefined, json ? undefined : 2)}\n`)
}

export interface SetOptions {
  readonly document: string
  /** JSON of an operation each. */
  readonly operations: readonly string[]
  /** Wait until another node has it. */
  readonly replicated: boolean
}

export async function setDocument({ document, operations, replicated }: SetOptions, place: NodePlace): Promise<void> {
  await node(place).set(document, operations.map(parsed), { replicated })
}

function parsed(text: string): Operation {
  try {
    return JSON.parse(text) as Operation
  } catch {
    throw new UsageError(
      `${text} is no JSON`,
      'An operation looks like \'{"path":["title"],"of":"lww","set":"Hello"}\'.',
    )
  }
}

export async function deleteDocument(document: string, place: NodePlace): Promise<void> {
  await node(place).delete(document)
}
