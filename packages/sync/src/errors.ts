/** Stable codes of what a store refuses; adapters throw nothing else. */
export type StoreErrorCode =
  /** The commit was made on a version that is no longer the last, or on another incarnation. Read again, then retry. */
  | 'STORE_CONFLICT'
  /** An argument breaks the contract: no entries, a limit below 1, a cursor that is none. Nothing was changed. */
  | 'STORE_ARGUMENT'
  /** More writes wait than the store takes. Nothing of the commit was stored; try again later. */
  | 'STORE_BUSY'
  /** The store was closed. */
  | 'STORE_CLOSED'
  /** Another process holds the store, or has taken this owner's place in it. Nothing of the commit was stored. */
  | 'STORE_LOCKED'
  /** The medium failed; nothing of the commit may be assumed stored. `cause` has the driver's error. */
  | 'STORE_IO'
  /** There is no room left for it: the disk is full, or what the browser grants is used up. Nothing of the commit was stored. */
  | 'STORE_FULL'
  /**
   * The data was taken from under the open store: deleted by the user, the browser or another program. Nothing of the commit was
   * stored. Open the store again: another store id says that it is a new one.
   */
  | 'STORE_GONE'
  /** The connection was lost during the commit, and whether it was stored could not be found out. Read before trying again. */
  | 'STORE_UNKNOWN'
  /** What is on the medium is not a store, or one of a newer format. Nothing was changed. */
  | 'STORE_FORMAT'
  /**
   * The store was being filled from another one, or from a file, and that was interrupted. Run the same command again, or remove the
   * store.
   */
  | 'STORE_UNFINISHED'

/** A refusal or failure of a storage adapter. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
