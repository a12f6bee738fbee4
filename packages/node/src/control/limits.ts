/** Bounds of the control socket. Whoever may write to it owns the node; they keep a mistake from costing it. */
export interface NodeControlLimits {
  /** Operations of one change. */
  readonly bodyBytesMax: number
  /** A value of a document, a list of documents or a status. */
  readonly answerBytesMax: number
  /** A connection on which nothing is asked. */
  readonly requestMsMax: number
  /** Until an answer, which for a confirmed change is the time that others take. */
  readonly answerMsMax: number
  /** Commands at a time. */
  readonly connectionsMax: number
}

export const controlLimits: NodeControlLimits = {
  bodyBytesMax: 16_777_216,
  answerBytesMax: 268_435_456,
  requestMsMax: 5_000,
  answerMsMax: 60_000,
  connectionsMax: 64,
}
