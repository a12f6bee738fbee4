/** Stable codes of what a node refuses itself; what its engine refuses has codes of replication. */
export type NodeErrorCode =
  /** The node is not running: it was not started yet, or is stopping. Nothing was done. */
  | 'NODE_STOPPED'
  /** A name of a document is empty, too long or has control characters in it. */
  | 'NODE_DOCUMENT_INVALID'
  /** There is no such document on this node, or it was deleted. */
  | 'NODE_DOCUMENT_MISSING'
  /** The store may have several owners. A node has its store to itself: use SQLite, LevelDB or memory. */
  | 'NODE_STORE_SHARED'
  /** Changes in the store are signed and the node does not sign, or the other way round: that is settled when a cluster begins. */
  | 'NODE_STORE_SIGNING'
  /** No other node confirmed the change in time. It is stored here, and is sent again until others have it. */
  | 'NODE_NOT_REPLICATED'
  /** What a node tells of itself for now is larger than others take. It tells what it told before. */
  | 'NODE_PRESENCE_TOO_LARGE'
  /** No node answers on the control socket. */
  | 'NODE_NOT_RUNNING'
  /** What was asked on the control socket is nothing that a node can be asked, or not in JSON. Nothing was done. */
  | 'NODE_REQUEST_INVALID'
  /** A key, secret or list of keys cannot be read, or others than its owner can read it. */
  | 'NODE_KEY_FILE'

export class NodeError extends Error {
  override readonly name = 'NodeError'
  readonly code: NodeErrorCode

  constructor(code: NodeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What a running node refused, told over its control socket. The code is one of the node, its engine, its transports or operations. */
export class NodeRefusal extends Error {
  override readonly name = 'NodeRefusal'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
