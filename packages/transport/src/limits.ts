/** Limits of WebSocket connections at the server: name with its unit last, default, reason. */

/** Parts of one message. Each costs an object beside its bytes, and no client of ours or of a browser sends more than a few. */
export const messageFragmentsMax = 128
/** Pieces in which one frame arrives: a message in packets of a byte each would take a hundred times its size. */
export const frameChunksMax = 4_096
/** After a connection was closed here the other end has this long to close it, too. */
export const closeMsMax = 5_000
