/** Limits of the document service: name with its unit last, default, reason. */
export interface ServiceLimits {
  /** Documents kept open in memory, least recently used out first. */
  readonly residentDocumentsMax: number
  /** The same in bytes, counted as what the documents were made of: in memory they take a few times as much. */
  readonly residentBytesMax: number
  /** A document that nobody uses leaves memory after this time. */
  readonly residentIdleMsMax: number
  /**
   * Versions of each document that stay in the log at least. Positions and `since` reach back so far; twice as many are kept
   * before the older half is folded into the snapshot.
   */
  readonly historyVersionsMin: number
  /** The history of one document is folded at most this often, unless it has grown very long. */
  readonly compactionMsMin: number
  /** When the server stops, histories whose folding was put off are folded for this long: the next start has less to read. */
  readonly lastFoldsMsMax: number
  /** Operations in one request: each becomes a change, all are stored in one step. */
  readonly requestOpsMax: number
  /** Log entries looked at for what others did, in the answer to a write; the rest is read from the log, page by page. */
  readonly answerOpsMax: number
  /** How long an opaque idempotency key is remembered, in milliseconds. */
  readonly receiptMsMax: number
  /** A policy that takes longer to answer has failed: whoever waits for it is refused for now. */
  readonly policyMsMax: number
  /** How far ahead of the server a timestamp may be, in milliseconds. */
  readonly clockDriftMsMax: number
}

export const serviceLimits: ServiceLimits = {
  residentDocumentsMax: 10_000,
  residentBytesMax: 67_108_864,
  residentIdleMsMax: 30_000,
  historyVersionsMin: 1000,
  compactionMsMin: 5_000,
  lastFoldsMsMax: 2_000,
  requestOpsMax: 1000,
  answerOpsMax: 100,
  receiptMsMax: 86_400_000,
  policyMsMax: 5_000,
  clockDriftMsMax: 60_000,
}
