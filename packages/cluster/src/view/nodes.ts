/** Nodes as users see them: what was declared of them, which is kept, and their last heartbeat, which is not. */
import type { ActorId } from '@joinery/core'
import type { ClusterNode, NodeFields } from '../model/types.ts'
import { decodeHeartbeat, type Heartbeat } from './heartbeats.ts'
import type { Records } from './records.ts'

const kept: ReadonlySet<string> = new Set(['region', 'status', 'endpoint'])

export function isNodeField(field: string): boolean {
  return kept.has(field)
}

export class Nodes {
  readonly #records: Records
  readonly #assignments: Records
  readonly #heartbeats = new Map<string, Heartbeat>()

  constructor(records: Records, assignments: Records) {
    this.#records = records
    this.#assignments = assignments
  }

  /** What a node tells of itself; undefined: it has not done so for long. */
  heard(node: string, state: Uint8Array | undefined): void {
    const heartbeat = state && decodeHeartbeat(state)
    if (heartbeat === undefined) this.#heartbeats.delete(node)
    else this.#heartbeats.set(node, heartbeat)
  }

  /** The actor of a node that was heard of lately. */
  actorOf(node: string): ActorId | undefined {
    return this.#heartbeats.get(node)?.actor
  }

  get(id: string): ClusterNode | undefined {
    return this.has(id) ? this.#shown(id, this.#countOf(id)) : undefined
  }

  has(id: string): boolean {
    return this.#records.get(id) !== undefined || this.#heartbeats.has(id)
  }

  /** Ascending by id: those that were registered, and those that are only heard of. */
  list(): ClusterNode[] {
    const counts = new Map<string, number>()
    for (const [, { node }] of this.#assignments.rows()) {
      if (typeof node === 'string') counts.set(node, (counts.get(node) ?? 0) + 1)
    }
    const ids = new Set([...this.#records.ids(), ...this.#heartbeats.keys()])
    return [...ids].sort().map((id) => this.#shown(id, counts.get(id) ?? 0))
  }

  #countOf(id: string): number {
    let count = 0
    for (const [, { node }] of this.#assignments.rows()) if (node === id) count += 1
    return count
  }

  #shown(id: string, vmCount: number): ClusterNode {
    const fields = this.#records.get(id) as NodeFields | undefined
    const heartbeat = this.#heartbeats.get(id)
    return {
      id,
      ...fields,
      alive: heartbeat !== undefined,
      ...(heartbeat !== undefined && {
        lastHeartbeat: new Date(heartbeat.atMs).toISOString(),
        digest: heartbeat.digest,
      }),
      ...(heartbeat?.usage !== undefined && { usage: heartbeat.usage }),
      vmCount,
    }
  }
}
