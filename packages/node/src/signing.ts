/** How a node signs its changes, and whose signatures it believes: SHA-256 and Ed25519, with the keys that nodes connect by. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { Signing } from '@joinery/sync/replication'
import type { AllowList, NodeIdentity, NodePublicKey } from '@joinery/transport/nodes'

export interface NodeSigning {
  readonly identity: NodeIdentity
  /**
   * Who may have signed changes, asked at every signature. A node that may not connect any more stays on it: what it wrote stays, and
   * whoever comes later has to believe it, too.
   */
  readonly signers: () => AllowList
}

/** What the engine is handed. */
export function signingWith({ identity, signers }: NodeSigning): Signing {
  const keys = new SignerKeys(signers)
  return {
    hash(...parts) {
      const hash = createHash('sha256')
      for (const part of parts) hash.update(part)
      return new Uint8Array(hash.digest())
    },
    sign: (digest) => new Uint8Array(sign(null, digest, identity.privateKey)),
    verify(node, digest, signature) {
      const known = keys.of(node)
      return known.length === 0 ? undefined : known.some((key) => verify(null, digest, key, signature))
    },
  }
}

/** Keys by the names of nodes: a node that was given another key may have two. */
class SignerKeys {
  readonly #signers: () => AllowList
  #list: AllowList | undefined
  #byNode = new Map<string, KeyObject[]>()

  constructor(signers: () => AllowList) {
    this.#signers = signers
  }

  of(node: string): readonly KeyObject[] {
    const list = this.#signers()
    if (list !== this.#list) {
      this.#list = list
      this.#byNode = new Map()
      for (const [key, name] of list) this.#byNode.set(name, [...(this.#byNode.get(name) ?? []), keyObject(key)])
    }
    return this.#byNode.get(node) ?? []
  }
}

function keyObject(key: NodePublicKey): KeyObject {
  const x = key.slice('ed25519:'.length)
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}
