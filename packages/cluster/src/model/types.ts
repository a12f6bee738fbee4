/** What a cluster keeps, as its users see it. */
import type { JsonValue } from '@joinery/core'

/** What callers say of a virtual machine. Each field is merged by itself: of two writes of one field the later one stays. */
export interface VmFields {
  readonly status?: string
  readonly cpuCores?: number
  readonly memoryMb?: number
  readonly diskGb?: number
  readonly ipAddress?: string
  /** Merged by name; null takes a name away. */
  readonly metadata?: Readonly<Record<string, JsonValue>>
}

export interface Vm {
  readonly id: string
  readonly status?: string
  /** Where it is assigned. */
  readonly nodeId?: string
  /** Region of that node. */
  readonly region?: string
  readonly cpuCores?: number
  readonly memoryMb?: number
  readonly diskGb?: number
  readonly ipAddress?: string
  /** RFC 3339. */
  readonly createdAt?: string
  readonly updatedAt?: string
  readonly metadata: Readonly<Record<string, JsonValue>>
}

export interface VmFilter {
  readonly region?: string | undefined
  readonly status?: string | undefined
  readonly node?: string | undefined
  /** Begins with this. */
  readonly prefix?: string | undefined
  /** Id that the page before ended with. */
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

export interface VmPage {
  readonly vms: readonly Vm[]
  /** `after` of the next page; absent on the last. */
  readonly next?: string
}

/** What changes rarely of a node, and is kept. */
export interface NodeFields {
  readonly region?: string
  /** As somebody declared it, such as `active`, `draining`, `retired`. */
  readonly status?: string
  readonly endpoint?: string
}

/** How busy a node is, from 0 to 1 each. */
export interface NodeUsage {
  readonly cpu: number
  readonly memory: number
  readonly disk: number
}

export interface ClusterNode extends NodeFields {
  readonly id: string
  /** Whether it was heard of lately. */
  readonly alive: boolean
  /** Of the last heartbeat, RFC 3339 by the clock of that node. */
  readonly lastHeartbeat?: string
  readonly usage?: NodeUsage
  /** Of all that it had then: equal on nodes that have the same, byte for byte. */
  readonly digest?: string
  /** Assigned to it, as this node knows. */
  readonly vmCount: number
}

/** One of several concurrent writes of a field. */
export interface ConcurrentWrite {
  readonly value: JsonValue
  /** RFC 3339, by the clock of who wrote it. */
  readonly time: string
  readonly by: string
}

/** A field that several wrote without knowing of each other. */
export interface Conflict {
  readonly kind: 'vm' | 'assignment' | 'node' | 'resource'
  readonly id: string
  readonly field: string
  readonly won: ConcurrentWrite
  readonly lost: readonly ConcurrentWrite[]
  /** Why this one: the later time, or, of equal ones, the larger name. */
  readonly because: 'later' | 'larger name'
}

/** Whatever is shared in a cluster, such as networks, pools or licences: fields of any name, merged one by one. */
export interface Resource {
  readonly id: string
  readonly fields: Readonly<Record<string, JsonValue>>
}

export interface Credits {
  readonly resource: string
  /** In the whole cluster, as this node knows. */
  readonly available: number
  /** That this node may take by itself. */
  readonly held: number
}

export type ClusterEvent =
  | { readonly type: 'vm'; readonly id: string; readonly vm: Vm | undefined; readonly origin: 'local' | 'remote' }
  | { readonly type: 'node'; readonly id: string; readonly node: ClusterNode | undefined }
  | { readonly type: 'resource'; readonly id: string; readonly resource: Resource | undefined }
  | { readonly type: 'conflict'; readonly conflict: Conflict }
  /** Everything may be another than before: read it. */
  | { readonly type: 'reset' }
