/** Stable codes of what transports between nodes refuse: of their host, and of who connects. */
export type TransportErrorCode =
  /** A key, secret or list of keys cannot be used. Nothing was opened. */
  | 'TRANSPORT_IDENTITY'
  /** An address is none of this transport. Use `tcp://HOST:PORT`, `ws://HOST:PORT/PATH` or `wss://…`. */
  | 'TRANSPORT_ADDRESS'
  /** The address cannot be listened on: it is taken, or not one of this machine. */
  | 'TRANSPORT_UNAVAILABLE'
  /** A message, or a frame of a peer, is longer than agreed. Nothing of it was sent, or kept. */
  | 'TRANSPORT_TOO_LARGE'
  /** The transport is not open. */
  | 'TRANSPORT_CLOSED'
  /** Nobody answers at an address, or the way there was cut. It is tried again. */
  | 'TRANSPORT_UNREACHABLE'
  /** What came is no TLS 1.3 with an Ed25519 certificate: something else connects, or a proxy looks inside. */
  | 'TRANSPORT_TLS'
  /** The other end did not say who it is in time. */
  | 'TRANSPORT_HANDSHAKE_TIMEOUT'
  /** The key of the other end is not on the list. Add it to the list of this node if it should be. */
  | 'TRANSPORT_KEY_UNKNOWN'
  /** The other end does not know the secret of the cluster. */
  | 'TRANSPORT_SECRET_WRONG'
  /** The other end calls itself by a name that its key does not have, or by this node's own. Every node has its own name and key. */
  | 'TRANSPORT_NAME_MISMATCH'
  /** The other end belongs to another cluster. */
  | 'TRANSPORT_CLUSTER_MISMATCH'
  /** The other end speaks no version that is spoken here. */
  | 'TRANSPORT_VERSION'
  /** What the other end sent cannot be read. */
  | 'TRANSPORT_MALFORMED'
  /** There is a connection to this node already, and that one stays. Nothing is wrong: both ends had dialled. */
  | 'TRANSPORT_DUPLICATE'
  /** As many connections are open, or being opened, as there may be. */
  | 'TRANSPORT_FULL'
  /** Nothing came for too long, not even a sign of life. */
  | 'TRANSPORT_SILENT'
  /** The other end takes nothing of what is sent. */
  | 'TRANSPORT_STALLED'
  /** The other end sends more than it may; what it sends is read more slowly. */
  | 'TRANSPORT_FLOOD'

/** What an end says, or counts, when it does not go on with another. */
export type TransportRefusal = Exclude<
  TransportErrorCode,
  'TRANSPORT_IDENTITY' | 'TRANSPORT_ADDRESS' | 'TRANSPORT_UNAVAILABLE' | 'TRANSPORT_CLOSED'
>

export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportErrorCode

  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
