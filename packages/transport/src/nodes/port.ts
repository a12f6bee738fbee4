/**
 * The port of transports between nodes. A transport names the peer truthfully, hands over messages whole and of bounded size, and
 * drops what it cannot send instead of queueing it without bound. It may lose messages, and those of two connections may overtake
 * each other; connections are its own affair, and it opens them again.
 */
import type { NodeId } from '@joinery/sync/replication'
import type { TransportRefusal } from './errors.ts'

/** Who is at the other end, as far as it has proved. */
export interface TransportPeer {
  readonly node: NodeId
  /** As it says itself. */
  readonly region: string
  /** Where it says that it is reached; empty where it is not. */
  readonly address: string
}

/** What a transport tells its host. None of these may throw. */
export interface NodeTransportEvents {
  /** A message of at most `messageBytesMax` bytes, which nobody writes to any more. */
  message(from: NodeId, bytes: Uint8Array): void
  /** This node can be spoken to. Told once until `disconnected`. */
  connected(peer: TransportPeer): void
  disconnected(node: NodeId): void
  /** A connection was not opened, or ended, because of something that one should know of. */
  refused(code: TransportRefusal, who: RefusedEnd): void
}

/** As much as is known of it. */
export interface RefusedEnd {
  /** Proved, or the one that was dialled. */
  readonly node?: NodeId
  /** The address that was dialled, or that somebody came from. */
  readonly remote?: string
  /** In words, for the log. */
  readonly detail?: string
}

/** Figures since the transport was opened. */
export interface NodeTransportFigures {
  readonly sentMessages: number
  readonly sentBytes: number
  readonly receivedMessages: number
  readonly receivedBytes: number
  /** Messages that were not sent, because there was no way or no room. */
  readonly droppedMessages: number
  /** Bytes that wait to be sent now. */
  readonly waitingBytes: number
}

export interface NodeTransport {
  /** Beginnings of the addresses that it can dial, such as `tcp:`. */
  readonly schemes: readonly string[]
  /** Begins. Resolves to the address where others reach this node, empty where they cannot. Throws `TransportError`. */
  open(events: NodeTransportEvents): Promise<string>
  /** Keeps a connection to who is at this address, whoever that is, until `close`. Throws `TRANSPORT_ADDRESS`. */
  join(address: string): void
  /** A node is at this address: it is dialled when there is something to send. An address that is none is passed over. */
  locate(node: NodeId, address: string): void
  /**
   * Sends a message, soon. Answers false where it was dropped: no way is known, or too much waits. True is no promise.
   * Throws `TRANSPORT_TOO_LARGE`.
   */
  send(to: NodeId, bytes: Uint8Array): boolean
  /** Whether a connection to this node stands. */
  reaches(node: NodeId): boolean
  /** Those that can be spoken to now. */
  peers(): readonly TransportPeer[]
  figures(): NodeTransportFigures
  /** Sends what waits, as far as the others take it at once, and closes everything. Idempotent. */
  close(): Promise<void>
}
