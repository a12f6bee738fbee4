/** Every limit of the HTTP server beside those of every host: name with its unit last, default, reason. Collected in `docs/LIMITS.md`. */
import { defaultHttpLimits, type HttpLimits } from '@joinery/http'

export interface ServerLimits extends HttpLimits {
  /** A tenant names a customer or an application; it is part of every key of the store. */
  readonly tenantIdBytesMax: number
  /** A node id is a replica id and travels in every change: the same bound as in core. */
  readonly nodeIdBytesMax: number
  /** A document id is a name or a path, and part of every key of the store. */
  readonly documentIdBytesMax: number
  /** Room for `NODE:SEQ` with the longest node id, or for any usual opaque key. */
  readonly idempotencyKeyBytesMax: number
  /** One request is one change, applied in one turn of the event loop: this keeps that turn in the milliseconds. */
  readonly opsPerRequestMax: number
  /** Page size when the caller names none. */
  readonly pageSizeDefault: number
  /** A page is built in memory. */
  readonly pageSizeMax: number
  /** Sessions over plain requests, which have no socket of their own that would be counted. More than one tenant may have. */
  readonly linksMax: number
  /** WebSocket connections of one tenant, counted from its greeting. */
  readonly sessionsTenantMax: number
  /** The longest wait for news in one request. Proxies end a silent answer after a minute. */
  readonly waitMsMax: number
  /** After a drain clients connect again spread over this time, so that the next server is not overrun. */
  readonly reconnectWindowMs: number
  /** Where several processes share a store, each looks this often for keys that others created or revoked. */
  readonly keysRefreshMs: number
}

export const defaultServerLimits: ServerLimits = {
  ...defaultHttpLimits,
  tenantIdBytesMax: 128,
  nodeIdBytesMax: 128,
  documentIdBytesMax: 256,
  idempotencyKeyBytesMax: 256,
  opsPerRequestMax: 1000,
  pageSizeDefault: 100,
  pageSizeMax: 1000,
  linksMax: 10_000,
  sessionsTenantMax: 7_500,
  waitMsMax: 50_000,
  reconnectWindowMs: 5_000,
  keysRefreshMs: 2_000,
}
