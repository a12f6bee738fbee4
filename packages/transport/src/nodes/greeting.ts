/**
 * The beginning of a connection: who is there, and may they be. The end that was dialled answers only when it would have the other,
 * so that whoever dialled knows by the last answer that the connection stands.
 *
 *     by key                         by secret
 *     dialled end     dialling end   dialled end     dialling end
 *             <- hello                       <- hello
 *        hello ->                       hello ->
 *                                            <- proof
 *                                       proof ->
 */
import type { TLSSocket } from 'node:tls'
import { type Authentication, type Role, sameProof } from './authentication.ts'
import { TransportError, type TransportRefusal } from './errors.ts'
import { frameKind } from './frames.ts'
import { decodeHello, encodeHello, type Hello } from './hello.ts'
import type { NodePublicKey } from './identity.ts'
import { secureEnd, speaksNode } from './secure-stream.ts'

export interface GreetingOptions {
  readonly role: Role
  readonly authentication: Authentication
  readonly hello: Hello
  /** Sends a frame. */
  readonly send: (kind: number, body: Uint8Array) => void
  /** Asked last: answers why not, if not. */
  readonly admit: (peer: Hello) => TransportRefusal | undefined
}

/** Who is there, and has proved it; and why it is not to be connected all the same. */
export interface Greeted {
  readonly peer: Hello
  readonly refusal?: TransportRefusal
}

export class Greeting {
  readonly #options: GreetingOptions
  readonly #hello: Uint8Array
  #key: NodePublicKey | undefined
  #exported: Uint8Array = new Uint8Array(0)
  #otherHello: Uint8Array = new Uint8Array(0)
  #peer: Hello | undefined

  constructor(options: GreetingOptions) {
    this.#options = options
    this.#hello = encodeHello(options.hello)
  }

  /** TLS stands. Answers why not to go on, if not. */
  begin(socket: TLSSocket): TransportRefusal | undefined {
    const { role, authentication, send } = this.#options
    if (!speaksNode(socket)) return 'TRANSPORT_TLS'
    const { key, exported } = secureEnd(socket)
    this.#key = key
    this.#exported = exported
    const refusal = authentication.checkKey(key)
    if (refusal === undefined && role === 'dialled') send(frameKind.hello, this.#hello)
    return refusal
  }

  /**
   * Takes a frame of the other end.
   * @returns who is there, once that is certain, or undefined while it is not. Throws `TransportError` with why not.
   */
  take(kind: number, body: Uint8Array): Greeted | undefined {
    if (kind === frameKind.hello && this.#peer === undefined) return this.#takeHello(body)
    if (kind === frameKind.proof && this.#peer !== undefined) return this.#takeProof(this.#peer, body)
    throw new TransportError('TRANSPORT_MALFORMED', 'this is not how one introduces oneself')
  }

  #takeHello(body: Uint8Array): Greeted | undefined {
    const { role, authentication, hello, send } = this.#options
    const peer = decodeHello(body)
    if (peer.cluster !== hello.cluster) refuse('TRANSPORT_CLUSTER_MISMATCH', 'it belongs to another cluster')
    const wrong = authentication.checkHello(this.#key as NodePublicKey, peer)
    if (wrong !== undefined) refuse(wrong, `it calls itself ${peer.node}`)
    this.#peer = peer
    this.#otherHello = body.slice()
    if (authentication.prove === undefined) return this.#admit(peer, frameKind.hello, () => this.#hello)
    if (role === 'accepted') send(frameKind.hello, this.#hello)
    else send(frameKind.proof, this.#proof(role, this.#hello, this.#otherHello))
    return undefined
  }

  #takeProof(peer: Hello, body: Uint8Array): Greeted {
    const { role, authentication } = this.#options
    if (authentication.prove === undefined) refuse('TRANSPORT_MALFORMED', 'it proves what nobody asked for')
    const other: Role = role === 'dialled' ? 'accepted' : 'dialled'
    if (!sameProof(this.#proof(other, this.#otherHello, this.#hello), body)) {
      refuse('TRANSPORT_SECRET_WRONG', `it calls itself ${peer.node}`)
    }
    return this.#admit(peer, frameKind.proof, () => this.#proof(role, this.#hello, this.#otherHello))
  }

  #proof(role: Role, hello: Uint8Array, otherHello: Uint8Array): Uint8Array {
    const { prove } = this.#options.authentication
    return prove?.({ exported: this.#exported, role, hello, otherHello }) ?? new Uint8Array(0)
  }

  /** The end that was dialled has the last word, and says it only if it has the other. */
  #admit(peer: Hello, kind: number, lastWord: () => Uint8Array): Greeted {
    const refusal = this.#options.admit(peer)
    if (refusal !== undefined) return { peer, refusal }
    if (this.#options.role === 'accepted') this.#options.send(kind, lastWord())
    return { peer }
  }
}

function refuse(code: TransportRefusal, detail: string): never {
  throw new TransportError(code, detail)
}
