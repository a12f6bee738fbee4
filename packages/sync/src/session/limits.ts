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
  /**
   * Bytes of batches that have begun to arrive and are not stored yet, over all connections. A batch in parts counts whole from its
   * first part. Beyond it a batch is refused with `rate_limited`.
   */
  readonly pendingBytesMax: number
  /** The same for one tenant: the others are left the rest. */
  readonly pendingTenantBytesMax: number
  /** A batch in parts has this time for a start, and then has to come at the rate below: it holds its place in `pendingBytesMax`. */
  readonly uploadStartMsMax: number
  /** The slowest that a batch in parts may arrive: a modem of 64 kbit/s. Slower ones end their connection with `timeout`. */
  readonly uploadBytesPerSecondMin: number
  /** Frames one connection may send at once. A client that comes back sends some for each of its documents. */
  readonly framesBurstMax: number
  /** Frames one connection may send in the long run. Beyond it the connection ends with `rate_limited`. */
  readonly framesPerSecondMax: number
  /** Documents one connection may ask for at once: all it may follow, when it comes back. */
  readonly subscribesBurstMax: number
  /** The same in the long run: each may load a document. Beyond it a request is refused with `rate_limited`. */
  readonly subscribesPerSecondMax: number
  /** What one request to subscribe may cost: a larger document counts as several, so that no client has large ones put together again and again. */
  readonly subscribeBytesMax: number
  /** Documents one connection may follow at once. */
  readonly channelsMax: number
  /** Documents followed over all connections, counted per connection. Beyond it a request is refused with `rate_limited`. */
  readonly subscriptionsMax: number
  /** The same for one tenant. */
  readonly subscriptionsTenantMax: number
  /** Bytes of one document that may be under way to a client which has not said that it took them. */
  readonly windowBytesMax: number
  /** Bytes that wait in one socket before the rest waits outside, where it costs nothing. */
  readonly socketBytesMax: number
  /** Recent updates of one document that are kept encoded. Who is further behind is brought up to date from the log or by a snapshot. */
  readonly feedBytesMax: number
  /** The same over all documents. Beyond it a document that gets another update lets go of its own oldest. */
  readonly feedTotalBytesMax: number
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
  /** What presence of one document may send, to all who follow it together. Beyond it news is merged for longer. */
  readonly presenceBytesPerSecondMax: number
  /** States of presence that are kept, over all documents. Beyond it a new one is passed over, as if it had been lost. */
  readonly presenceTotalBytesMax: number
  /** The same for one tenant. */
  readonly presenceTenantBytesMax: number
  /** Large transfers that can be resumed after a lost connection, in bytes over all documents. */
  readonly transferBytesMax: number
  /** What was not asked for in this time leaves memory. A client whose connection was lost is back within the first tries. */
  readonly transferIdleMsMax: number
}

export const sessionLimits: SessionLimits = {
  frameBytesMax: 262_144,
  helloMsMax: 5_000,
  idleMsMax: 90_000,
  batchBytesMax: 16_842_752,
  pendingBytesMax: 268_435_456,
  pendingTenantBytesMax: 134_217_728,
  uploadStartMsMax: 15_000,
  uploadBytesPerSecondMin: 8_192,
  framesBurstMax: 20_000,
  framesPerSecondMax: 10_000,
  subscribesBurstMax: 1_000,
  subscribesPerSecondMax: 200,
  subscribeBytesMax: 262_144,
  channelsMax: 1_000,
  subscriptionsMax: 200_000,
  subscriptionsTenantMax: 100_000,
  windowBytesMax: 4_194_304,
  socketBytesMax: 1_048_576,
  feedBytesMax: 1_048_576,
  feedTotalBytesMax: 67_108_864,
  updateChangesMax: 5_000,
  inboxChangesMax: 20_000,
  inboxBytesMax: 33_554_432,
  commitChangesMax: 2_000,
  retryAfterMs: 500,
  presenceBytesMax: 4_096,
  presenceMsMax: 60_000,
  presenceBytesPerSecondMax: 16_777_216,
  presenceTotalBytesMax: 67_108_864,
  presenceTenantBytesMax: 33_554_432,
  transferBytesMax: 67_108_864,
  transferIdleMsMax: 30_000,
}

/** Ids, codes and messages inside frames. */
export const textBytesMax = 512
/** Payloads shorter than this travel as they are: what is gained is less than what it costs both sides. */
export const deflateBytesMin = 1_024
/** Payloads longer than this travel as they are: deflating takes one turn, and everybody waits for it. */
export const deflateBytesMax = 4_194_304
/** What a batch may become when it is inflated, per frame of its connection's rate: who sends little that becomes much sends less often. */
export const inflatedFrameBytes = 16_384
/** Entries of a version vector in a frame; a client with more starts from a position of the log. */
export const vectorEntriesMax = 8_192
/** Bytes of a frame beside its payload, at most. */
export const frameOverheadBytes = 1_024
/** What a peer takes in a frame beside its state, at most. */
export const peerBytes = 256
