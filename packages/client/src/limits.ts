/** Every limit of the client: name with its unit last, default, reason. Collected in `docs/LIMITS.md`. */
export interface ClientLimits {
  /** Operations queued or refused, all documents together. Beyond it a push is refused with `CLIENT_QUEUE_FULL`. */
  readonly queuedOpsMax: number
  /** The same in bytes of JSON, since one operation may carry a megabyte. */
  readonly queuedBytesMax: number
  /** Operations in one request; the server takes 1000. Smaller requests are repeated more cheaply after a lost answer. */
  readonly requestOpsMax: number
  /** Bytes of operations in one request; the server takes bodies of 2 MiB, and one operation may have half of it. */
  readonly requestBytesMax: number
  /** Documents whose last known value is kept. Beyond it the least recently used without queued requests is forgotten. */
  readonly documentsMax: number
  /** Bytes of those values, as JSON. */
  readonly documentsBytesMax: number
  /** An answer larger than this is not read: it is held in memory as a whole. */
  readonly answerBytesMax: number
  /** A request without an answer is given up and repeated. Longer than a slow flush of the server, shorter than patience. */
  readonly requestTimeoutMs: number
  /** First back-off; each failure doubles it, and the wait is a random part of it (full jitter). */
  readonly backoffMsMin: number
  /** Longest back-off: a client that comes back online notices within this time. */
  readonly backoffMsMax: number
  /** The longest `Retry-After` that is obeyed: a mistaken header must not silence a client for ever. */
  readonly retryAfterMsMax: number
  /** Attempts of a read before it reports that the server cannot be reached. A person waits for it. */
  readonly readAttemptsMax: number
  /** Operations of others that `pull` collects; beyond it `truncated` says that there were more. */
  readonly pullOpsMax: number
  /** Page size of `list` and `log` when the caller names none. */
  readonly pageSizeDefault: number
  /** Times that one request is issued anew after resets of its base, before it is set aside as refused. */
  readonly reissuesMax: number
}

export const defaultClientLimits: ClientLimits = {
  queuedOpsMax: 100_000,
  queuedBytesMax: 64 * 1024 * 1024,
  requestOpsMax: 500,
  requestBytesMax: 1024 * 1024,
  documentsMax: 1000,
  documentsBytesMax: 64 * 1024 * 1024,
  answerBytesMax: 256 * 1024 * 1024,
  requestTimeoutMs: 20_000,
  backoffMsMin: 500,
  backoffMsMax: 60_000,
  retryAfterMsMax: 600_000,
  readAttemptsMax: 3,
  pullOpsMax: 10_000,
  pageSizeDefault: 500,
  reissuesMax: 5,
}

/** Limits of the file queue. */
export interface FileQueueLimits {
  /** The journal is rewritten once it is larger than this and than `compactionRatio` times what lives in it. */
  readonly compactionBytesMin: number
  /** Larger wastes space, smaller rewrites more often. */
  readonly compactionRatio: number
  /** A journal larger than this is refused: it is read into memory as a whole. */
  readonly journalBytesMax: number
}

export const defaultFileQueueLimits: FileQueueLimits = {
  compactionBytesMin: 1024 * 1024,
  compactionRatio: 4,
  journalBytesMax: 1024 * 1024 * 1024,
}
