/** Stable codes of what replication refuses, from peers and from its host. */
export type ReplicationErrorCode =
  /** A message cannot be read. It changed nothing; the peer that sent it is broken or hostile. */
  | 'REPLICATION_MALFORMED'
  /** A message of a version of the protocol that is not spoken here. */
  | 'REPLICATION_VERSION'
  /** A message or payload exceeds a limit that does not go away by waiting. */
  | 'REPLICATION_TOO_LARGE'
  /** More waits to be stored than there is room for: try again when something was stored. */
  | 'REPLICATION_BUSY'
  /** The document's life has ended: what was written to it cannot be taken. */
  | 'REPLICATION_ENDED'
  /** The node holds as many documents as it may. */
  | 'REPLICATION_FULL'
  /** The store could not keep it. Nothing of it was sent to anybody. */
  | 'REPLICATION_STORE'
  /** The document on the store cannot be read: it is being fetched from peers, and cannot be written to until then. */
  | 'REPLICATION_DAMAGED'
  /** Changes of this cluster are signed, and this one is not: it was made by a node that does not sign, or before the cluster did. */
  | 'REPLICATION_UNSIGNED'
  /** A signature is not that of the node it names: the change was altered, or made for another document or another life of it. */
  | 'REPLICATION_SIGNATURE'
  /** No key is known of the node that is said to have signed a change: it is not on the list of those who may. */
  | 'REPLICATION_SIGNER'

export class ReplicationError extends Error {
  override readonly name = 'ReplicationError'
  readonly code: ReplicationErrorCode

  constructor(code: ReplicationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
