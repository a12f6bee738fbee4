/** Every limit of HTTP that hosts share: name with its unit last, default, reason. Collected in `docs/LIMITS.md`. */
export interface HttpLimits {
  /** The largest value core takes (1 MiB encoded) fits with its envelope. More belongs in several requests. */
  readonly bodyBytesMax: number
  /** Bodies being read, all together. Beyond it new ones are put off, so that many slow senders cannot exhaust memory. */
  readonly bodiesBufferedBytesMax: number
  /** The same for one tenant, as for every bound of this kind: so that no tenant takes all there is. */
  readonly bodiesBufferedTenantBytesMax: number
  /** Nesting of a body: values of core's 64 levels inside nested operations. Checked before parsing, whose stack is finite. */
  readonly bodyDepthMax: number
  /** Requests being answered. Beyond it a caller is told to come back: a queue would only grow. */
  readonly requestsConcurrentMax: number
  /** The same for one tenant. Beyond it the tenant is told to come back with `RATE_LIMITED`, and the others are answered. */
  readonly requestsTenantMax: number
  /** Open connections; more are dropped at accept. */
  readonly connectionsMax: number
  /** Request line and headers together, and the longest of them: ids, key and cursor with room for a proxy's additions. */
  readonly headersBytesMax: number
  /** Headers of a request. A proxy adds a dozen. */
  readonly headersMax: number
  /** Time to send the headers. A client that trickles them holds a connection for nothing. */
  readonly headersTimeoutMs: number
  /** Time to send the whole request. */
  readonly requestTimeoutMs: number
  /** An idle connection is kept longer than the usual load balancer does (60 s), so that the balancer closes first. */
  readonly keepAliveTimeoutMs: number
  /** A connection on which nothing moves, such as a reader that does not read, is closed, whatever it was upgraded to. */
  readonly idleTimeoutMs: number
  /** What was sent and not taken, over all connections. Beyond it those who owe most are cut off. */
  readonly unreadBytesMax: number
  /** After SIGTERM requests in progress get this long. Orchestrators usually kill after 30 s. */
  readonly shutdownGraceMs: number
  /** Callers that wait for news, or are told of it as it comes. Each keeps a connection and what it follows open. */
  readonly streamsMax: number
  /** The same for one tenant. */
  readonly streamsTenantMax: number
  /** A stream on which nothing happens is heard of this often, so that proxies keep it. */
  readonly streamHeartbeatMs: number
  /** Lines of each kind that callers may cause in the log in the long run: done, refused, failed. What is left out is counted. */
  readonly logLinesPerSecondMax: number
  /** The same at once. */
  readonly logLinesBurstMax: number
  /** Pages of an application are kept in memory, each as it is and packed. */
  readonly siteBytesMax: number
  /** What a refused caller is told to wait. */
  readonly retryAfterSeconds: number
}

export const defaultHttpLimits: HttpLimits = {
  bodyBytesMax: 2_097_152,
  bodiesBufferedBytesMax: 67_108_864,
  bodiesBufferedTenantBytesMax: 50_331_648,
  bodyDepthMax: 128,
  requestsConcurrentMax: 256,
  requestsTenantMax: 192,
  connectionsMax: 10_000,
  headersBytesMax: 16_384,
  headersMax: 100,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  idleTimeoutMs: 120_000,
  unreadBytesMax: 268_435_456,
  shutdownGraceMs: 10_000,
  streamsMax: 1_000,
  streamsTenantMax: 750,
  streamHeartbeatMs: 15_000,
  logLinesPerSecondMax: 200,
  logLinesBurstMax: 1_000,
  siteBytesMax: 33_554_432,
  retryAfterSeconds: 1,
}
