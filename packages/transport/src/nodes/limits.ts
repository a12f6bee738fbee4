/** Limits of transports between nodes: name with its unit last, default, reason. */
export interface NodeTransportLimits {
  /** One message. What is longer is refused before anything is kept of it. */
  readonly messageBytesMax: number
  /** Until the other end has said who it is, no frame is longer: a stranger gets no memory. */
  readonly strangerFrameBytesMax: number
  /** TLS and greeting together. A stranger is not waited for longer. */
  readonly handshakeMsMax: number
  /** Strangers that are being greeted. Beyond it the one that waits longest is cut. */
  readonly handshakesMax: number
  /** The same from one address: one machine cannot take the places of the others. */
  readonly handshakesPerAddressMax: number
  /** Open connections. Beyond it who connects is refused, and nobody else is dialled. */
  readonly connectionsMax: number
  /** Addresses of nodes that are remembered. Beyond it the oldest is forgotten. */
  readonly addressesMax: number
  /** Bytes that wait to be sent to one node. What is more is dropped: the exchange of nodes repairs it. */
  readonly waitingBytesMax: number
  /** The same while the node is being dialled. */
  readonly dialledBytesMax: number
  /** A connection on which nothing was sent for so long carries a sign of life. */
  readonly pingMs: number
  /** A connection on which nothing came for so long is cut: the way is gone, or half of it. Three signs of life were lost. */
  readonly silentMsMax: number
  /** An end that takes nothing of what waits for it for so long is cut. */
  readonly stalledMsMax: number
  /** A connection without a message for so long is closed. The next message opens another one. */
  readonly idleMsMax: number
  /** A dial that failed is tried again after up to this time, then after up to twice as long. */
  readonly redialMsMin: number
  /** The longest time between two dials of an address, so that a node that is back is found soon. */
  readonly redialMsMax: number
  /** Messages a second from one node, on the average. Beyond it they are read more slowly, and its own connection holds it back. */
  readonly receivedMessagesPerSecondMax: number
  /** Bytes a second from one node, on the average; the same holds. */
  readonly receivedBytesPerSecondMax: number
}

export const nodeTransportLimits: NodeTransportLimits = {
  messageBytesMax: 262_144,
  strangerFrameBytesMax: 1_024,
  handshakeMsMax: 10_000,
  handshakesMax: 64,
  handshakesPerAddressMax: 16,
  connectionsMax: 1_024,
  addressesMax: 16_384,
  waitingBytesMax: 4_194_304,
  dialledBytesMax: 1_048_576,
  pingMs: 5_000,
  silentMsMax: 16_000,
  stalledMsMax: 16_000,
  idleMsMax: 300_000,
  redialMsMin: 200,
  redialMsMax: 10_000,
  receivedMessagesPerSecondMax: 5_000,
  receivedBytesPerSecondMax: 33_554_432,
}

/** Name of a node or region, in bytes. */
export const nodeNameBytesMax = 128
/** Name of a cluster, in bytes. */
export const clusterNameBytesMax = 128
/** An address of a node, in bytes. It travels in the news of members. */
export const addressBytesMax = 128
/** A shared secret, in bytes. Shorter ones can be guessed by who is let connect. */
export const secretBytesMin = 32
