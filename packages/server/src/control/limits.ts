/** Bounds of the control socket. Whoever may write to it owns the store; they keep a mistake from costing the server. */
export interface ControlLimits {
  /** A request is a few names. */
  readonly requestBytesMax: number
  /** Every key of a store, listed. */
  readonly answerBytesMax: number
  /** A connection on which nothing is asked. */
  readonly requestMsMax: number
  /** A reader that takes nothing of its archive, or a server that sends nothing of it. Longer than the slowest flush of a disk. */
  readonly streamMsMax: number
  /** Commands at a time. */
  readonly connectionsMax: number
  /** How long a backup of a running server goes on reading before everybody else gets a turn. */
  readonly readTurnMsMax: number
  /** Documents that a backup of a running server reads ahead. Few, so that requests get their turn. */
  readonly readAheadDocumentsMax: number
  /** The same in bytes. */
  readonly readAheadBytesMax: number
}

export const controlLimits: ControlLimits = {
  requestBytesMax: 4096,
  answerBytesMax: 16_777_216,
  requestMsMax: 5_000,
  streamMsMax: 60_000,
  connectionsMax: 4,
  readTurnMsMax: 5,
  readAheadDocumentsMax: 4,
  readAheadBytesMax: 1_048_576,
}
