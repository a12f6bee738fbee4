/** Limits of a node: name with its unit last, default, reason. Those of its engine and of its transports are their own. */
export interface NodeLimits {
  /** Lives of which the store is asked at once when the node starts. */
  readonly startReadsMax: number
  /** Lives in a page of what the store has. */
  readonly startPageLivesMax: number
  /** Entries of a life that are read at once. */
  readonly readEntriesMax: number
  /** Changes whose confirmation by others somebody waits for. Beyond it nobody else may wait. */
  readonly replicationWaitersMax: number
  /** How long a change waits for its confirmation by others before whoever waits is told that none came. */
  readonly replicationMsMax: number
  /** Lines of the log about others, a second: whoever is refused does not fill the disk. */
  readonly logLinesPerSecondMax: number
  /** The same at once. */
  readonly logLinesBurstMax: number
  /** What is being stored when the node stops is waited for so long. */
  readonly stopMsMax: number
}

export const nodeLimits: NodeLimits = {
  startReadsMax: 16,
  startPageLivesMax: 1_000,
  readEntriesMax: 1_000,
  replicationWaitersMax: 10_000,
  replicationMsMax: 10_000,
  logLinesPerSecondMax: 10,
  logLinesBurstMax: 100,
  stopMsMax: 10_000,
}

/** A key, a secret or a list of keys, as a file. */
export const keyFileBytesMax = 1_048_576
