/** Whom a node tells what it does, for metrics and logs. */
import type { Output } from '@joinery/sync/replication'
import type { RefusedEnd, TransportPeer, TransportRefusal } from '@joinery/transport/nodes'

export interface NodeObserver {
  /** A peer can be spoken to. */
  connected?(peer: TransportPeer): void
  disconnected?(node: string): void
  /** A transport turned somebody away, or did not get through. */
  refused?(code: TransportRefusal, who: RefusedEnd): void
  /** What the engine says, before it is done. */
  output?(output: Output): void
  /** A write was durable after so long. */
  stored?(seconds: number): void
  /** A read or write of the store failed. What was to be written is tried again. */
  storeFailed?(error: unknown): void
}
