/** Bounds of what moves data between stores and files. */
export interface ArchiveLimits {
  /**
   * A line of an archive. A reader refuses a longer one before it has taken it in. Default 4 MiB: the pieces below fit, however
   * their characters are written.
   */
  readonly lineBytesMax: number
  /** Characters of a text that stand in one line; a longer one is written in pieces, a line each. Default 262 144. */
  readonly pieceCharsMax: number
  /**
   * One document in memory, changes and snapshot and attributes together, and whatever stands in a file in pieces. Default
   * 1 GiB. Documents are read and written whole, as by whoever opens them.
   */
  readonly documentBytesMax: number
  /** Documents that are written at a time. Default 256, so that they share flushes. */
  readonly inFlightDocumentsMax: number
  /** Documents that are read at a time. Default 16: more than the connections of a store wait for each other. */
  readonly aheadDocumentsMax: number
  /** Bytes of documents being read or written; one larger document goes alone. Default 16 MiB. */
  readonly inFlightBytesMax: number
  /** Receipts that are written in one step. Default 500, as many as share a flush. */
  readonly receiptsTogetherMax: number
  /** Names and heads listed at a time. Default 1 000. */
  readonly pageItemsMax: number
  /** Entries of a log read at a time: an embedded store answers nobody else meanwhile. Default 100. */
  readonly pageEntriesMax: number
  /** Attempts to read a document whose history is folded again and again meanwhile. Default 10. */
  readonly readAttemptsMax: number
}

export const archiveLimits: ArchiveLimits = {
  lineBytesMax: 4 * 1024 * 1024,
  pieceCharsMax: 262_144,
  documentBytesMax: 1024 * 1024 * 1024,
  inFlightDocumentsMax: 256,
  aheadDocumentsMax: 16,
  inFlightBytesMax: 16 * 1024 * 1024,
  receiptsTogetherMax: 500,
  pageItemsMax: 1_000,
  pageEntriesMax: 100,
  readAttemptsMax: 10,
}
