/** Takes deltas from elsewhere into the catalog. All of a request are checked before the first is applied. */
import type { ActorId } from '@joinery/core'
import type { JoineryNode } from '@joinery/node'
import { ReplicationError } from '@joinery/sync/replication'
import { CatalogError } from '../errors.ts'
import type { CatalogLimits } from '../limits.ts'
import { documentOf } from '../model/shards.ts'
import type { Parts } from '../parts.ts'
import { told } from '../told.ts'
import { type AdmittedDelta, admitDelta, timeMaxMicros } from './admit.ts'

/** What became of deltas, in numbers of them. */
export interface Applied {
  /** They changed what is here, and are durable. */
  readonly applied: number
  /** All that they say was known already. It is durable. */
  readonly stale: number
  /** Names of changes that come after others which are not here yet. They are kept in memory: send them again after those. */
  readonly waiting: readonly string[]
}

export interface ApplierOptions {
  readonly node: Pick<JoineryNode, 'submit' | 'status'>
  readonly parts: Parts
  readonly limits: CatalogLimits
  readonly wallMs: () => number
}

type Outcome = 'applied' | 'stale' | 'waiting'

export class Applier {
  readonly counted = { applied: 0, stale: 0, waiting: 0, refused: 0 }
  readonly #options: ApplierOptions

  constructor(options: ApplierOptions) {
    this.#options = options
  }

  async apply(deltas: readonly unknown[]): Promise<Applied> {
    try {
      return await this.#apply(deltas)
    } catch (error) {
      if (error instanceof CatalogError) this.counted.refused += deltas.length
      throw error
    }
  }

  async #apply(deltas: readonly unknown[]): Promise<Applied> {
    const { limits, wallMs } = this.#options
    if (deltas.length > limits.deltasPostMax) {
      throw new CatalogError(
        'CATALOG_DELTA_MALFORMED',
        `there are at most ${limits.deltasPostMax} deltas in one request`,
      )
    }
    const options = { limits, timeMaxMicros: timeMaxMicros(wallMs()), read: new Map() }
    const admitted = deltas.map((delta, at) => this.#admit(delta, at, options))
    const changes = new Map(admitted.map((delta) => [delta.change, delta]))
    for (const delta of changes.values()) this.#checkAuthors(delta)
    const outcomes = new Map(
      await Promise.all(
        [...changes.values()].map(
          async (delta): Promise<[string, Outcome]> => [delta.change, await this.#submit(delta)],
        ),
      ),
    )
    const counts = { applied: 0, stale: 0, waiting: 0 }
    for (const { change } of admitted) counts[outcomes.get(change) as Outcome] += 1
    for (const outcome of Object.keys(counts) as Outcome[]) this.counted[outcome] += counts[outcome]
    const waiting = [...outcomes].filter(([, outcome]) => outcome === 'waiting').map(([change]) => change)
    return { applied: counts.applied, stale: counts.stale, waiting }
  }

  #admit(delta: unknown, at: number, options: Parameters<typeof admitDelta>[1]): AdmittedDelta {
    try {
      return admitDelta(delta, options)
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error
      throw new CatalogError(error.code, `deltas[${at}]: ${error.message}`, { cause: error, extra: { delta: at } })
    }
  }

  #checkAuthors({ shard, reaches, change }: AdmittedDelta): void {
    const { limits, parts } = this.#options
    const doc = parts.get(shard)?.doc
    if (doc === undefined) {
      if (reaches.size > limits.authorsMax) throw tooManyAuthors(change)
      return
    }
    const own = doc.actor.id
    if ((reaches.get(own) ?? 0) > doc.known(own)) {
      throw new CatalogError('CATALOG_DELTA_FORKED', `${change} is by this node, which knows nothing of it`)
    }
    const strangers = [...reaches.keys()].filter((actor) => doc.known(actor as ActorId) === 0).length
    if (strangers > 0 && doc.version().size + strangers > limits.authorsMax) throw tooManyAuthors(change)
  }

  async #submit({ shard, bytes, reaches }: AdmittedDelta): Promise<Outcome> {
    const { node, parts } = this.#options
    const isKnown = (): boolean => {
      const doc = parts.get(shard)?.doc
      return [...reaches].every(([actor, counter]) => (doc?.known(actor as ActorId) ?? 0) >= counter)
    }
    const wasKnown = isKnown()
    try {
      // Also what is known: it may not be durable yet, and the answer says that it is.
      await node.submit(documentOf(shard), [bytes])
    } catch (error) {
      if (error instanceof ReplicationError && error.code === 'REPLICATION_MALFORMED') throw contradiction(error)
      return await told(Promise.reject(error))
    }
    if (wasKnown) return 'stale'
    return isKnown() ? 'applied' : 'waiting'
  }
}

function contradiction(cause: ReplicationError): CatalogError {
  const isFull = cause.message.includes('CORE_BUFFER_FULL')
  const isFork = cause.message.includes('two histories') || cause.message.includes('CORE_ACTOR')
  const code = isFull ? 'CATALOG_DELTA_EARLY' : isFork ? 'CATALOG_DELTA_FORKED' : 'CATALOG_DELTA_MALFORMED'
  return new CatalogError(code, cause.message, { cause })
}

function tooManyAuthors(change: string): CatalogError {
  return new CatalogError('CATALOG_DELTA_FOREIGN', `${change} is by an author beyond the number that is believed`)
}
