/** Writes changes of one actor without a node, and may be copied to write two histories: what no honest node does. */
import { type Actor, Doc, openChange } from '@joinery/core'
import { changeDigest, type LifeKey, type Signing, sealOf } from '@joinery/sync/replication'

export interface AuthorOptions {
  readonly actor: Actor
  readonly life: LifeKey
  /** Absent: what it writes is not signed. */
  readonly signing?: Signing
  /** What is there already, in causal order. */
  readonly changes?: readonly Uint8Array[]
}

export class Author {
  /** Everything that it knows, in causal order. */
  readonly changes: Uint8Array[]
  readonly #options: AuthorOptions
  readonly #doc: Doc

  constructor(options: AuthorOptions) {
    const { actor, life, signing, changes = [] } = options
    this.#options = options
    this.changes = [...changes]
    this.#doc = changes.length === 0 ? new Doc({ actor, incarnation: life.incarnation }) : Doc.load(changes, { actor })
    if (signing !== undefined) this.#doc.sealWith(sealOf(signing, life, () => this.#head(signing)))
  }

  get actor(): Actor {
    return this.#options.actor
  }

  /** Digest of its last change. */
  #head(signing: Signing): Uint8Array | undefined {
    const { actor, life } = this.#options
    const last = this.changes.map((bytes) => openChange(bytes)).findLast(({ header }) => header.actor === actor.id)
    return last && changeDigest(signing, life, last)
  }

  /** The same actor with the same history, which from here on writes another one. */
  copy(): Author {
    return new Author({ ...this.#options, changes: this.changes })
  }

  write(mutate: (doc: Doc) => void): this {
    const bytes = this.#doc.change(() => mutate(this.#doc))
    if (bytes !== undefined) this.changes.push(bytes.slice())
    return this
  }

  snapshot(): Uint8Array {
    return this.#doc.snapshot()
  }
}
