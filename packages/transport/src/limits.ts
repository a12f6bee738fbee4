/** Limits of connections: name with its unit last, default, reason. */

/** Parts of one message. Each costs an object beside its bytes, and no client of ours or of a browser sends more than a few. */
export const messageFragmentsMax = 128
/** Pieces in which one frame arrives: a message in packets of a byte each would take a hundred times its size. */
export const frameChunksMax = 4_096
/** After a connection was closed here the other end has this long to close it, too. */
export const closeMsMax = 5_000
/** A client over HTTP that asks for nothing so long has gone. */
export const linkIdleMsMax = 30_000
/** What one request of a connection over HTTP carries at most; a single frame may be larger. */
export const bodyBytesMax = 1_048_576
/** No longer frame is taken from a server over HTTP, whatever it says. */
export const receivedFrameBytesMax = 67_108_864
/** A WebSocket that has not opened by then does not get through. */
export const connectMsMax = 10_000
