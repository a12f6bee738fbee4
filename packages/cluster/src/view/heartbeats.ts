/** Heartbeats: how busy a node is and that it is there, on the lane that nobody stores. */
import { type ActorId, parseActorId } from '@joinery/core'
import type { NodeUsage } from '../model/types.ts'

export interface Heartbeat {
  /** Milliseconds since 1970 by the clock of the node. */
  readonly atMs: number
  /** Whose credits the node holds. */
  readonly actor: ActorId
  /** Of everything that the node has: equal on nodes that have the same. */
  readonly digest: string
  readonly usage: NodeUsage | undefined
}

/** The last instant that has a date. */
const MS_MAX = 8.64e15

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** JSON, so that any tool can read it: `{"at":…,"actor":"…","digest":"…","usage":[cpu,memory,disk]}`. */
export function encodeHeartbeat({ atMs, actor, digest, usage }: Heartbeat): Uint8Array {
  const parts = usage && [usage.cpu, usage.memory, usage.disk].map((part) => Math.round(part * 1000) / 1000)
  return encoder.encode(JSON.stringify({ at: Math.round(atMs), actor, digest, ...(parts && { usage: parts }) }))
}

/** Undefined where it cannot be read: whoever sent it is another version, or means no good. */
export function decodeHeartbeat(bytes: Uint8Array): Heartbeat | undefined {
  try {
    const { at, actor, digest, usage } = JSON.parse(decoder.decode(bytes)) as Record<string, unknown>
    if (typeof at !== 'number' || !(Math.abs(at) <= MS_MAX) || typeof actor !== 'string') return undefined
    if (typeof digest !== 'string' || !/^[0-9a-f]{16}$/.test(digest)) return undefined
    return { atMs: at, actor: parseActorId(actor), digest, usage: usageOf(usage) }
  } catch {
    return undefined
  }
}

function usageOf(sent: unknown): NodeUsage | undefined {
  if (!Array.isArray(sent)) return undefined
  const [cpu, memory, disk] = sent as unknown[]
  const isPart = (part: unknown): part is number => typeof part === 'number' && part >= 0 && part <= 1
  return isPart(cpu) && isPart(memory) && isPart(disk) ? { cpu, memory, disk } : undefined
}
