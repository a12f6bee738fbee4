/** Limits of replication among nodes: name with its unit last, default, reason. */
export interface ReplicationLimits {
  /** One message, whole. Larger payloads travel in parts, so that none keeps the others of its connection waiting. */
  readonly messageBytesMax: number
  /** What the payload of one message may become when it is inflated. */
  readonly inflatedBytesMax: number
  /** Documents named in one message. More travel in the next one. */
  readonly messageLivesMax: number
  /** Changes of one document in one message. */
  readonly messageChangesMax: number
  /** Changes gathered before they are pushed. */
  readonly batchChangesMax: number
  /** How long the first change of a batch may wait for others, once one batch has just left. */
  readonly batchMs: number
  /** Nodes that a node pushes a new change to. */
  readonly fanout: number
  /**
   * Times that a change is pushed on, beyond twice the logarithm of the number of members. A fuse: what ends the spreading is that
   * everybody knows the change.
   */
  readonly hopsMax: number
  /** A push that nobody confirmed is sent again after this time; from the fifth time on after twice as long each. */
  readonly pushRetryMs: number
  /** Times that one push is sent to a peer before it is left to anti-entropy. */
  readonly pushTriesMax: number
  /** Pushes that wait for their confirmation, over all peers. Beyond it the oldest is left to anti-entropy. */
  readonly pushesMax: number
  /** The shortest time between two rounds of anti-entropy: after any difference, and after a local write. */
  readonly antiEntropyMinMs: number
  /** The longest: each round that finds nothing doubles the time up to here. */
  readonly antiEntropyMaxMs: number
  /** What is missing is asked for again after this time. */
  readonly askAgainMs: number
  /** Cells of a digest in one message. */
  readonly digestCellsMax: number
  /** Cells after which a digest gives way to ranges: two nodes differ in most of what they have, or somebody made it so. */
  readonly digestCellsTotalMax: number
  /** Peers whose half-read digests are kept. The oldest is forgotten, and begins anew. */
  readonly digestsMax: number
  /** With so few documents on both sides a difference is answered with all their frontiers, which saves a round. */
  readonly shortListMax: number
  /** Ranges or entries of ranges in one message. */
  readonly rangesMax: number
  /** Entries of version vectors in one message. Longer ones travel in pages. */
  readonly vectorEntriesMax: number
  /** Documents held in memory at once. Others are loaded when they are written to or asked for. */
  readonly documentsLoadedMax: number
  /** Documents that a node keeps. Beyond it a new one is refused: to the local caller, or left to the peers that have it. */
  readonly livesMax: number
  /** Bytes of changes that wait to be stored. Beyond it local writes are refused and what peers send is left to them. */
  readonly unstoredBytesMax: number
  /** A write that failed is given out again after this time. */
  readonly writeAgainMs: number
  /** A life that takes this much in the store, and four times its last snapshot, is folded into a snapshot. */
  readonly foldBytesMin: number
  /** Large payloads that are kept for peers to fetch piece by piece. Beyond it no other is begun: it is asked for again. */
  readonly transfersBytesMax: number
  /** What came early waits so long for what it follows before that is asked for: most of it is on its way. */
  readonly askAfterMs: number
  /**
   * Bytes of changes that came early, over all documents. Beyond it no more of them are kept: whoever has what they follow sends them
   * again.
   */
  readonly earlyBytesMax: number
  /** Times that what is missing is asked for, each after up to twice as long. Then what waits for it is dropped: nobody has it. */
  readonly askTriesMax: number
  /** The state of one document is compared with a peer's so often, to find what went wrong in silence. */
  readonly scrubMs: number
  /** Bytes of repair that one peer is sent in the long run: what is beyond it is dropped, and asked for again. */
  readonly repairBytesPerSecondMax: number
  /** The same at once, after a rest. */
  readonly repairBurstBytesMax: number
  /** One member is asked so often whether it is there. */
  readonly probeMs: number
  /** Members that were given up are asked again, and pages of all members are told, about so often. */
  readonly gossipIntervalMs: number
  /** A member that was given up is forgotten after this time. It is met again when it speaks. */
  readonly deadMemberMsMax: number
  /** Changes younger than this are not sent as repair: they are being pushed, and most who lack them will have them in a moment. */
  readonly repairAgeMs: number
  /** News of what nodes tell of themselves for now is passed on so often: what comes meanwhile goes together. */
  readonly presenceMs: number
  /** What a node told of itself is forgotten after this time, unless it is told anew: several times the interval of heartbeats. */
  readonly presenceMsMax: number
  /** Members known at once. */
  readonly membersMax: number
}

export const replicationLimits: ReplicationLimits = {
  messageBytesMax: 262_144,
  inflatedBytesMax: 1_048_576,
  messageLivesMax: 1_000,
  messageChangesMax: 10_000,
  batchChangesMax: 100,
  batchMs: 50,
  fanout: 3,
  hopsMax: 10,
  pushRetryMs: 350,
  pushTriesMax: 6,
  pushesMax: 10_000,
  antiEntropyMinMs: 1_000,
  antiEntropyMaxMs: 30_000,
  askAgainMs: 300,
  digestCellsMax: 2_048,
  digestCellsTotalMax: 16_384,
  digestsMax: 64,
  shortListMax: 4,
  rangesMax: 4_096,
  vectorEntriesMax: 4_096,
  documentsLoadedMax: 1_000,
  livesMax: 1_000_000,
  unstoredBytesMax: 67_108_864,
  writeAgainMs: 1_000,
  foldBytesMin: 262_144,
  transfersBytesMax: 67_108_864,
  askAfterMs: 150,
  earlyBytesMax: 67_108_864,
  askTriesMax: 16,
  scrubMs: 10_000,
  repairBytesPerSecondMax: 4_194_304,
  repairBurstBytesMax: 8_388_608,
  probeMs: 1_000,
  gossipIntervalMs: 5_000,
  deadMemberMsMax: 259_200_000,
  repairAgeMs: 500,
  presenceMs: 1_000,
  presenceMsMax: 30_000,
  membersMax: 16_384,
}

/** Name of a node, and of a document, in bytes. */
export const nodeIdBytesMax = 128
/** Id of a document in messages between nodes. */
export const documentIdBytesMax = 512
/** What one node tells of itself for now, in bytes: it is kept by all and stored by none. */
export const presenceBytesMax = 1_024
/** Proofs of forks in one message. More of them travel in the next one. */
export const forksPerMessageMax = 64
/** Forks that a node lists in its status, those found last. All of them are kept with their documents. */
export const forksListedMax = 1_000
/** Members of whom one message has news. */
export const membersPerMessageMax = 256
/** Nodes that one push says were told already. */
export const toldMax = 64
/** Messages shorter than this travel as they are: deflated they would hardly be shorter. */
export const deflateMessageBytesMin = 256
