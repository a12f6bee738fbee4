/** Keys of nodes, and what a peer sends that no honest node would: for tests of signed changes. */
import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { orSet } from '@joinery/core'
import { type LifeKey, MessageCodec, type Signing } from '@joinery/sync/replication'
import { Author } from '@joinery/testing'
import { life, type Nodes, newActor } from './nodes.ts'

export class Signers {
  readonly #keys = new Map<string, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>()

  /** What a node signs with; it knows everybody who was given a key. */
  of(node: string): Signing {
    const { privateKey } = this.#keyOf(node)
    return {
      hash(...parts) {
        const hash = createHash('sha256')
        for (const part of parts) hash.update(part)
        return new Uint8Array(hash.digest())
      },
      sign: (digest) => new Uint8Array(sign(null, digest, privateKey)),
      verify: (signer, digest, signature) => {
        const keys = this.#keys.get(signer)
        return keys && verify(null, digest, keys.publicKey, signature)
      },
    }
  }

  #keyOf(node: string) {
    const keys = this.#keys.get(node) ?? generateKeyPairSync('ed25519')
    this.#keys.set(node, keys)
    return keys
  }
}

/** Somebody who writes tags as a node, by default a malicious one. */
export function authorOf(signing: Signing | undefined, { node = 'm', key = life } = {}): Author {
  return new Author({ actor: newActor(node), life: key, ...(signing && { signing }) })
}

export function add(author: Author, ...tags: readonly string[]): Author {
  for (const tag of tags) author.write((doc) => doc.field('tags', orSet<string>()).add(tag))
  return author
}

const codec = new MessageCodec()

/** Hands changes to a node as if a peer had pushed them. */
export function push(nodes: Nodes, to: string, parts: readonly Uint8Array[], key: LifeKey = life, ended = false): void {
  const bytes = codec.encode({
    kind: 'changes',
    push: 0,
    hops: 0,
    cause: 'live',
    told: [],
    foreign: false,
    more: false,
    lives: [{ ...key, ended, parts }],
  })
  nodes.handle(to, { type: 'message', from: 'm', bytes })
}
