/** What the parts of an engine share: the moment, the options, and where outputs go. */
import { type HashKey, hashKey } from './hash64.ts'
import { type ReplicationLimits, replicationLimits } from './limits.ts'
import { MessageCodec } from './messages/codec.ts'
import type { Cause, Message } from './messages/messages.ts'
import type { NodeId, NodeOptions, Output } from './ports.ts'

export class Context {
  readonly options: NodeOptions
  readonly limits: ReplicationLimits
  readonly codec: MessageCodec
  readonly hashKey: HashKey
  /** Milliseconds of a clock that is never set back, as the host gives them with each input. */
  nowMs = 0
  #outputs: Output[] = []

  constructor(options: NodeOptions) {
    this.options = options
    this.limits = { ...replicationLimits, ...options.limits }
    this.codec = new MessageCodec(options.compression)
    this.hashKey = hashKey(options.digestKey)
  }

  emit(output: Output): void {
    this.#outputs.push(output)
  }

  send(to: NodeId, message: Message, cause: Cause | 'control' = 'control'): void {
    this.emit({ type: 'send', to, bytes: this.codec.encode(message), cause })
  }

  take(): readonly Output[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  /** A time spread by a fifth to either side, so that nodes which began together do not stay together. */
  jitter(ms: number): number {
    return Math.round(ms * (0.8 + this.options.random(401) / 1000))
  }
}
