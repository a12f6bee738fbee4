/** Counters of the whole cluster: what anybody adds, anywhere, adds up. */
import { orMap, pnCounter } from '@joinery/core'
import type { EditOptions, JoineryNode } from '@joinery/node'
import { NodeError } from '@joinery/node'
import { ClusterError } from '../errors.ts'

const DOCUMENT = 'counters'
const spec = orMap(pnCounter())

export class Tallies {
  readonly #node: Pick<JoineryNode, 'edit' | 'read'>

  constructor(node: Pick<JoineryNode, 'edit' | 'read'>) {
    this.#node = node
  }

  /** @param by may be negative. Throws `CLUSTER_FIELD_INVALID`. */
  async add(name: string, by: number, how: EditOptions): Promise<number> {
    if (!Number.isSafeInteger(by) || by === 0) {
      throw new ClusterError('CLUSTER_FIELD_INVALID', 'a counter takes an integer other than 0')
    }
    let value = 0
    await this.#node.edit(
      DOCUMENT,
      (doc) => {
        const counter = doc.field(DOCUMENT, spec).open(name)
        if (by > 0) counter.increment(by)
        else counter.decrement(-by)
        value = Number(counter.value)
      },
      how,
    )
    return value
  }

  /** As this node knows them. */
  async all(): Promise<ReadonlyMap<string, number>> {
    try {
      return await this.#node.read(DOCUMENT, (doc) => {
        const map = doc.field(DOCUMENT, spec)
        return new Map(map.keys().map((name) => [name, Number(map.open(name).value)]))
      })
    } catch (error) {
      if (error instanceof NodeError && error.code === 'NODE_DOCUMENT_MISSING') return new Map()
      throw error
    }
  }
}
