/** What watchers are told: once per turn and thing, however many fields of it changed. */
import type { ClusterEvent, ClusterNode, Conflict, Resource, Vm } from '../model/types.ts'

export interface NewsSources {
  readonly vm: (id: string) => Vm | undefined
  readonly node: (id: string) => ClusterNode | undefined
  readonly resource: (id: string) => Resource | undefined
}

export type ClusterListener = (event: ClusterEvent) => void

export class News {
  readonly #sources: NewsSources
  readonly #listeners = new Set<ClusterListener>()
  readonly #vms = new Map<string, 'local' | 'remote'>()
  readonly #nodes = new Set<string>()
  readonly #resources = new Set<string>()
  #conflicts: Conflict[] = []
  #isReset = false
  #isDue = false

  constructor(sources: NewsSources) {
    this.#sources = sources
  }

  watch(listener: ClusterListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  vm(id: string, origin: 'local' | 'remote'): void {
    if (this.#listeners.size === 0) return
    this.#vms.set(id, origin)
    this.#soon()
  }

  node(id: string): void {
    if (this.#listeners.size === 0) return
    this.#nodes.add(id)
    this.#soon()
  }

  resource(id: string): void {
    if (this.#listeners.size === 0) return
    this.#resources.add(id)
    this.#soon()
  }

  conflict(conflict: Conflict): void {
    if (this.#listeners.size === 0) return
    this.#conflicts.push(conflict)
    this.#soon()
  }

  reset(): void {
    this.#isReset = true
    this.#soon()
  }

  #soon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => this.#tellAll())
  }

  #tellAll(): void {
    this.#isDue = false
    const events = this.#take()
    for (const listener of this.#listeners) for (const event of events) listener(event)
  }

  #take(): ClusterEvent[] {
    const events: ClusterEvent[] = []
    if (this.#isReset) events.push({ type: 'reset' })
    else {
      for (const [id, origin] of this.#vms) events.push({ type: 'vm', id, vm: this.#sources.vm(id), origin })
      for (const id of this.#nodes) events.push({ type: 'node', id, node: this.#sources.node(id) })
      for (const id of this.#resources) {
        events.push({ type: 'resource', id, resource: this.#sources.resource(id) })
      }
    }
    for (const conflict of this.#conflicts) events.push({ type: 'conflict', conflict })
    this.#isReset = false
    this.#vms.clear()
    this.#nodes.clear()
    this.#resources.clear()
    this.#conflicts = []
    return events
  }
}
