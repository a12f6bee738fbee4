/** Limits of live documents: name with its unit last, default, reason. */
export interface LiveLimits {
  /** Changes of one document that the server has not stored. Beyond it `change` is refused with `CLIENT_QUEUE_FULL`. */
  readonly pendingChangesMax: number
  /** Entries of a document's log on the device before they are folded into a snapshot: what opening it has to read. */
  readonly journalEntriesMax: number
  /** The same in bytes. */
  readonly journalBytesMax: number
  /** Entries stored in one step, so that a long queue does not make one step that takes seconds. */
  readonly stepEntriesMax: number
  /** Marks of what the server has stored are written within this time. Lost, they cost sending it again. */
  readonly markDelayMs: number
  /** First wait before what could not be stored on the device is tried again; each failure doubles it. */
  readonly storageRetryMsMin: number
  /** Longest such wait: a full disk is noticed to be free again within this time. */
  readonly storageRetryMsMax: number
  /** The device's clock may differ from the server's by this much before it is corrected: about what a slow network adds. */
  readonly clockToleranceMs: number
  /** First wait before a connection is tried again; each failure doubles it, and a random half of it is left out. */
  readonly connectRetryMsMin: number
  /** Longest such wait: a client that comes back online notices within this time. */
  readonly connectRetryMsMax: number
  /** Presence is sent at most this often: more than people see, less than pointers move. */
  readonly presenceMsMin: number
  /** Presence that nobody renewed for this long is forgotten, as at the server. */
  readonly presenceMsMax: number
  /** One presence state as JSON, as at the server: it is sent to everybody in the document. */
  readonly presenceBytesMax: number
  /** A deletion without an answer is given up. */
  readonly deleteTimeoutMs: number
  /** Steps of undo in each direction that outlive the process or page. */
  readonly undoStepsMax: number
  /** All of these as text, in UTF-16 units; the oldest are left out. A page has a few MB for texts of this kind. */
  readonly undoTextLengthMax: number
  /** A document that nobody opened for this long, and of which nothing waits for the server, leaves the device: it is at the server. */
  readonly idleDocumentMsMax: number
}

export const defaultLiveLimits: LiveLimits = {
  pendingChangesMax: 100_000,
  journalEntriesMax: 2_000,
  journalBytesMax: 4_194_304,
  stepEntriesMax: 1_000,
  markDelayMs: 1_000,
  storageRetryMsMin: 100,
  storageRetryMsMax: 30_000,
  clockToleranceMs: 2_000,
  connectRetryMsMin: 250,
  connectRetryMsMax: 30_000,
  presenceMsMin: 50,
  presenceMsMax: 60_000,
  presenceBytesMax: 4_096,
  deleteTimeoutMs: 20_000,
  undoStepsMax: 100,
  undoTextLengthMax: 262_144,
  idleDocumentMsMax: 7_776_000_000,
}
