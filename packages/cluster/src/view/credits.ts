/**
 * Credits: numbers that never go below zero, in no region and no partition, because a node takes only what it holds itself. Whoever adds
 * credits holds them; they are handed to others by name.
 */
import { type ActorId, type BoundedCounter, boundedCounter, CoreError, type Doc } from '@joinery/core'
import type { EditOptions, JoineryNode } from '@joinery/node'
import { NodeError } from '@joinery/node'
import { ClusterError } from '../errors.ts'
import type { Credits as Shown } from '../model/types.ts'

const DOCUMENT = 'credits'
const spec = boundedCounter()

type Node = Pick<JoineryNode, 'edit' | 'read'>

export class Credits {
  readonly #node: Node

  constructor(node: Node) {
    this.#node = node
  }

  async add(resource: string, amount: number, how: EditOptions): Promise<Shown> {
    return await this.#change(resource, how, (counter) => counter.increment(amount))
  }

  /** Throws `CLUSTER_CREDITS_INSUFFICIENT`. */
  async take(resource: string, amount: number, how: EditOptions): Promise<Shown> {
    return await this.#change(resource, how, (counter) => counter.decrement(amount))
  }

  /** @param to the actor of the node that gets them. Throws `CLUSTER_CREDITS_INSUFFICIENT`. */
  async transfer(resource: string, to: ActorId, amount: number, how: EditOptions): Promise<Shown> {
    return await this.#change(resource, how, (counter) => counter.transfer(to, amount))
  }

  async #change(resource: string, how: EditOptions, change: (counter: BoundedCounter) => void): Promise<Shown> {
    let seen: Shown | undefined
    try {
      await this.#node.edit(
        DOCUMENT,
        (doc) => {
          const counter = doc.field(resource, spec)
          change(counter)
          seen = shown(resource, counter)
        },
        how,
      )
    } catch (error) {
      throw translated(error)
    }
    return seen as unknown as Shown
  }

  /** As this node knows them. */
  async all(): Promise<readonly Shown[]> {
    try {
      return await this.#node.read(DOCUMENT, (doc) =>
        Object.keys(doc.toJSON() as object).map((name) => shown(name, (doc as Doc).field(name, spec))),
      )
    } catch (error) {
      if (error instanceof NodeError && error.code === 'NODE_DOCUMENT_MISSING') return []
      throw error
    }
  }
}

function shown(resource: string, counter: BoundedCounter): Shown {
  return { resource, available: Number(counter.value), held: counter.rights() }
}

function translated(error: unknown): unknown {
  if (!(error instanceof CoreError)) return error
  if (error.code === 'CORE_PRECONDITION_FAILED') {
    return new ClusterError('CLUSTER_CREDITS_INSUFFICIENT', error.message, { cause: error })
  }
  if (error.code === 'CORE_VALUE_INVALID' || error.code === 'CORE_LIMIT_EXCEEDED') {
    return new ClusterError('CLUSTER_FIELD_INVALID', error.message, { cause: error })
  }
  return error
}
