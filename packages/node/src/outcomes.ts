/** Those who wait for what they have asked of the engine. */
import type { ChangeHeader } from '@joinery/core'
import type { Scheduler } from '@joinery/sync'
import type { LifeKey, Output } from '@joinery/sync/replication'
import { NodeError } from './errors.ts'
import type { NodeLimits } from './limits.ts'

interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

type Replicated = Extract<Output, { type: 'replicated' }>

interface ReplicationWaiter extends Waiting<void> {
  readonly life: LifeKey
  readonly header: ChangeHeader
  readonly cancel: () => void
}

export class Outcomes {
  readonly #scheduler: Pick<Scheduler, 'after'>
  readonly #limits: Pick<NodeLimits, 'replicationWaitersMax' | 'replicationMsMax'>
  readonly #byTicket = new Map<number, Waiting<readonly ChangeHeader[]>>()
  readonly #replications = new Set<ReplicationWaiter>()
  #lastTicket = 0

  constructor(
    scheduler: Pick<Scheduler, 'after'>,
    limits: Pick<NodeLimits, 'replicationWaitersMax' | 'replicationMsMax'>,
  ) {
    this.#scheduler = scheduler
    this.#limits = limits
  }

  get waiting(): number {
    return this.#byTicket.size
  }

  /** A ticket, and what becomes of it. */
  ticket(): { readonly ticket: number; readonly outcome: Promise<readonly ChangeHeader[]> } {
    this.#lastTicket += 1
    const ticket = this.#lastTicket
    const outcome = new Promise<readonly ChangeHeader[]>((resolve, reject) => {
      this.#byTicket.set(ticket, { resolve, reject })
    })
    return { ticket, outcome }
  }

  admitted(ticket: number, headers: readonly ChangeHeader[]): void {
    this.#byTicket.get(ticket)?.resolve(headers)
    this.#byTicket.delete(ticket)
  }

  refused(ticket: number, error: Error): void {
    this.#byTicket.get(ticket)?.reject(error)
    this.#byTicket.delete(ticket)
  }

  /** Resolves when another node has the change on its store. Throws `NODE_NOT_REPLICATED`. */
  replication(life: LifeKey, header: ChangeHeader): Promise<void> {
    if (this.#replications.size >= this.#limits.replicationWaitersMax) {
      return Promise.reject(new NodeError('NODE_NOT_REPLICATED', 'too many wait for their confirmation'))
    }
    return new Promise<void>((resolve, reject) => {
      const cancel = this.#scheduler.after(this.#limits.replicationMsMax, () => {
        this.#replications.delete(waiter)
        reject(new NodeError('NODE_NOT_REPLICATED', 'no other node has confirmed it yet'))
      })
      const waiter: ReplicationWaiter = { life, header, resolve, reject, cancel }
      this.#replications.add(waiter)
    })
  }

  replicated({ life, actor, counter }: Replicated): void {
    for (const waiter of this.#replications) {
      const { header } = waiter
      const isSame = waiter.life.document === life.document && waiter.life.incarnation === life.incarnation
      if (!isSame || header.actor !== actor || header.first + header.length - 1 > counter) continue
      this.#replications.delete(waiter)
      waiter.cancel()
      waiter.resolve()
    }
  }

  /** Nobody will answer any more. */
  stop(): void {
    const error = new NodeError('NODE_STOPPED', 'the node is stopping')
    for (const { reject } of this.#byTicket.values()) reject(error)
    this.#byTicket.clear()
    for (const { cancel, reject } of this.#replications) {
      cancel()
      reject(error)
    }
    this.#replications.clear()
  }
}
