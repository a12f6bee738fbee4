/** Limits of live sync: name with its unit last, default, reason. */
export interface SessionLimits {
  /** One frame. Larger payloads travel in chunks, so that no document keeps the others of its socket waiting. */
  readonly frameBytesMax: number
  /** The first frame is due within this time: until then nobody knows who is there. */
  readonly helloMsMax: number
  /** A connection on which nothing arrives for this long is closed. Clients ping three times as often. */
  readonly idleMsMax: number
  /** A batch of changes, whole. It holds at least one change, which core limits to the same size. */
  readonly batchBytesMax: number
  /** Documents one connection may follow at once. */
  readonly channelsMax: number
  /** Bytes of one document that may be under way to a client which has not said that it took them. */
  readonly windowBytesMax: number
  /** Bytes that wait in one socket before the rest waits outside, where it costs nothing. */
  readonly socketBytesMax: number
  /** Recent updates of one document that are kept encoded. Who is further behind is brought up to date from the log or by a snapshot. */
  readonly feedBytesMax: number
  /** Changes merged into one update. */
  readonly updateChangesMax: number
  /** Changes of one document that wait to be stored. Beyond it a batch is refused with `rate_limited`. */
  readonly inboxChangesMax: number
  /** The same in bytes. */
  readonly inboxBytesMax: number
  /** Changes stored in one step. */
  readonly commitChangesMax: number
  /** What a refused client is told to wait. */
  readonly retryAfterMs: number
  /** One presence state, encoded by the application. It is sent to everybody in the document. */
  readonly presenceBytesMax: number
  /** Presence that is not renewed is forgotten after this time. */
  readonly presenceMsMax: number
  /** Large transfers that can be resumed after a lost connection, in bytes over all documents. */
  readonly transferBytesMax: number
}

export const sessionLimits: SessionLimits = {
  frameBytesMax: 262_144,
  helloMsMax: 5_000,
  idleMsMax: 90_000,
  batchBytesMax: 16_842_752,
  channelsMax: 1_000,
  windowBytesMax: 4_194_304,
  socketBytesMax: 1_048_576,
  feedBytesMax: 1_048_576,
  updateChangesMax: 5_000,
  inboxChangesMax: 20_000,
  inboxBytesMax: 33_554_432,
  commitChangesMax: 2_000,
  retryAfterMs: 500,
  presenceBytesMax: 4_096,
  presenceMsMax: 60_000,
  transferBytesMax: 67_108_864,
}

/** Ids, codes and messages inside frames. */
export const textBytesMax = 512
/** Entries of a version vector in a frame; a client with more starts from a position of the log. */
export const vectorEntriesMax = 8_192
/** Bytes of a frame beside its payload, at most. */
export const frameOverheadBytes = 1_024
