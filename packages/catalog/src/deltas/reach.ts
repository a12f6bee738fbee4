/**
 * Which changes somebody was given, or has acknowledged: per part of the catalog and author all up to a counter, and single ones
 * beyond it, since acknowledgements come in any order.
 */
import { type ActorId, VersionVector } from '@joinery/core'
import { type Shard, shards } from '../model/shards.ts'

/** A change, or all that a state covers. */
export type Covered =
  | { readonly shard: Shard; readonly actor: string; readonly first: number; readonly last: number }
  | { readonly shard: Shard; readonly clock: Readonly<Record<string, number>> }

interface Author {
  prefix: number
  /** Changes beyond the prefix: first counter to last. */
  readonly beyond: Map<number, number>
}

/** As JSON: per part and author the prefix, then first and last of each change beyond it. */
export type ReachJson = Readonly<Record<Shard, Readonly<Record<string, readonly number[]>>>>

export class Reach {
  readonly #shards = new Map<Shard, Map<string, Author>>()

  /** Throws a `TypeError` for what `toJSON` does not write. */
  static of(json: ReachJson): Reach {
    const reach = new Reach()
    for (const [shard, authors] of Object.entries(json)) {
      if (!shards.includes(shard)) throw new TypeError(`${shard} is no part of the catalog`)
      for (const [actor, [prefix = 0, ...beyond]] of Object.entries(authors)) {
        const author = reach.#author(shard, actor)
        author.prefix = prefix
        for (let i = 0; i + 1 < beyond.length; i += 2) author.beyond.set(beyond[i] as number, beyond[i + 1] as number)
      }
    }
    return reach
  }

  add(covered: Covered): void {
    const { shard } = covered
    if ('clock' in covered) {
      for (const [actor, counter] of Object.entries(covered.clock)) this.#advance(this.#author(shard, actor), counter)
      return
    }
    const { actor, first, last } = covered
    const author = this.#author(shard, actor)
    if (first === author.prefix + 1) this.#advance(author, last)
    else if (first > author.prefix) author.beyond.set(first, last)
  }

  /** Everything that the other one has. */
  join(other: Reach): void {
    for (const [shard, authors] of other.#shards) {
      for (const [actor, { prefix, beyond }] of authors) {
        const author = this.#author(shard, actor)
        this.#advance(author, prefix)
        for (const [first, last] of beyond) this.add({ shard, actor, first, last })
      }
    }
  }

  has(shard: Shard, actor: string, first: number): boolean {
    const author = this.#shards.get(shard)?.get(actor)
    return author !== undefined && (first <= author.prefix || author.beyond.has(first))
  }

  /** Per author all up to a counter. */
  vector(shard: Shard): VersionVector {
    const authors = this.#shards.get(shard) ?? []
    return new VersionVector([...authors].map(([actor, { prefix }]) => [actor as ActorId, prefix]))
  }

  toJSON(): ReachJson {
    const written = [...this.#shards].map(([shard, authors]) => {
      const each = [...authors].map(([actor, { prefix, beyond }]) => [actor, [prefix, ...[...beyond].flat()]])
      return [shard, Object.fromEntries(each)]
    })
    return Object.fromEntries(written) as ReachJson
  }

  #author(shard: Shard, actor: string): Author {
    let authors = this.#shards.get(shard)
    if (authors === undefined) {
      authors = new Map()
      this.#shards.set(shard, authors)
    }
    let author = authors.get(actor)
    if (author === undefined) {
      author = { prefix: 0, beyond: new Map() }
      authors.set(actor, author)
    }
    return author
  }

  #advance(author: Author, counter: number): void {
    author.prefix = Math.max(author.prefix, counter)
    for (const [first, last] of [...author.beyond].sort(([a], [b]) => a - b)) {
      if (first > author.prefix + 1) break
      author.prefix = Math.max(author.prefix, last)
      author.beyond.delete(first)
    }
  }
}
