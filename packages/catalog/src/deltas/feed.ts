/** Pages of what a consumer has not acknowledged, part by part, in an order in which each change comes after those it follows. */
import { CoreError, openChange, readBundle, type SchemaDoc } from '@joinery/core'
import { CatalogError } from '../errors.ts'
import { type Shard, shards } from '../model/shards.ts'
import type { Consumer } from './consumers.ts'
import type { Delta } from './delta.ts'
import { changeName, deltasOf, readCatalogChange, stateOf } from './describe.ts'
import type { Covered, Reach } from './reach.ts'

/** A part of the catalog as it is now. */
export interface Part {
  readonly doc: SchemaDoc
  /** The last change of this node's own that is durable: what is not yet must not leave it. */
  readonly ownDurable: number
}

export interface DeltaPage {
  readonly deltas: readonly Delta[]
  /** Acknowledges these and all that were returned before. */
  readonly version: number
  /** Absent on the last page. */
  readonly cursor?: string
}

export interface FeedOptions {
  readonly part: (shard: Shard) => Part | undefined
  readonly limit: number
  readonly bytesMax: number
  readonly cursor?: string | undefined
}

/** Throws `CATALOG_CURSOR_INVALID`. */
export function readFeed(consumer: Consumer, { part, limit, bytesMax, cursor }: FeedOptions): DeltaPage {
  const from = cursor === undefined ? undefined : readCursor(cursor)
  const page = new PageWriter(limit, bytesMax)
  for (const shard of shards) {
    if (from !== undefined && shard < from.shard) continue
    const found = part(shard)
    if (found === undefined) continue
    const after = shard === from?.shard ? from.change : undefined
    if (!page.add(pendingOf(shard, found, consumer.cleared), shard, after)) break
  }
  const version = consumer.returned(page.covered)
  return { deltas: page.deltas, version, ...(page.next !== undefined && { cursor: page.next }) }
}

/** One change or state, and its deltas. */
interface Pending {
  readonly name: string
  readonly covered: Covered
  readonly deltas: () => readonly Delta[]
}

class PageWriter {
  readonly deltas: Delta[] = []
  readonly covered = new Map<string, Covered>()
  next: string | undefined
  readonly #limit: number
  readonly #bytesMax: number
  #bytes = 0
  #last: { readonly shard: Shard; readonly change: string } | undefined

  constructor(limit: number, bytesMax: number) {
    this.#limit = limit
    this.#bytesMax = bytesMax
  }

  /** Answers false when the page is full. */
  add(pending: readonly Pending[], shard: Shard, after: string | undefined): boolean {
    const from = after === undefined ? 0 : pending.findIndex(({ name }) => name === after) + 1
    for (const { name, covered, deltas } of pending.slice(from)) {
      // A change is returned whole, so that acknowledging it is.
      if (this.deltas.length >= this.#limit || this.#bytes >= this.#bytesMax) {
        this.next = this.#last && writeCursor(this.#last)
        return false
      }
      const told = deltas()
      this.deltas.push(...told)
      for (const { bytes } of told) this.#bytes += bytes.length
      this.covered.set(name, covered)
      this.#last = { shard, change: name }
    }
    return true
  }
}

function pendingOf(shard: Shard, { doc, ownDurable }: Part, cleared: Reach): Pending[] {
  const vector = cleared.vector(shard)
  // Nearly always nothing is pending in most parts, and a log is long.
  if (['before', 'equal'].includes(doc.version().compare(vector))) return []
  const bundle = doc.changesSince(vector)
  const own = doc.actor.id
  if (bundle === undefined) {
    // While something of its own is not durable yet, the state waits: the next page has it.
    if (doc.known(own) > ownDurable) return []
    const state = stateOf(shard, doc)
    return [{ name: state.change, covered: { shard, clock: state.clock }, deltas: () => [state] }]
  }
  const pending: Pending[] = []
  for (const bytes of readBundle(bundle)) {
    const { header } = openChange(bytes)
    const { actor, first, length } = header
    const last = first + length - 1
    if ((actor === own && last > ownDurable) || cleared.has(shard, actor, first)) continue
    const covered = { shard, actor, first, last }
    const deltas = (): readonly Delta[] => described(bytes)
    pending.push({ name: changeName(shard, header), covered, deltas })
  }
  return pending
}

/** Whoever writes to the documents of a catalog by other means writes what is no delta: nothing of it is told, or taken. */
function described(bytes: Uint8Array): readonly Delta[] {
  try {
    return deltasOf(readCatalogChange(bytes))
  } catch (error) {
    if (error instanceof CatalogError || error instanceof CoreError) return []
    throw error
  }
}

function writeCursor({ shard, change }: { readonly shard: Shard; readonly change: string }): string {
  return Buffer.from(JSON.stringify([shard, change])).toString('base64url')
}

function readCursor(text: string): { readonly shard: Shard; readonly change: string } {
  try {
    const [shard, change] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    if (shards.includes(shard as Shard) && typeof change === 'string') return { shard: shard as Shard, change }
  } catch {
    // As below.
  }
  throw new CatalogError('CATALOG_CURSOR_INVALID', 'this cursor was not answered by GET /crdt/delta')
}
