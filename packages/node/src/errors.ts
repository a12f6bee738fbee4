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
  /** No other node confirmed the change in time. It is stored here, and is sent again until others have it. */
  | 'NODE_NOT_REPLICATED'
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
