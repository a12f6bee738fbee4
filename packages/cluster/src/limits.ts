/** Limits of a cluster's own: name with its unit last, default, reason. Those of the node below it are its own. */
import type { HttpLimits } from '@joinery/http'

export interface ClusterLimits {
  /** Name of a virtual machine, node, counter or resource: part of the key of each of its fields. */
  readonly idBytesMax: number
  /** Name of a field of the metadata of a virtual machine. */
  readonly metadataKeyBytesMax: number
  /** Value of one field as JSON: fields are merged one by one, so what is large belongs into several. */
  readonly fieldBytesMax: number
  /** Fields of one virtual machine, those of its metadata included. */
  readonly fieldsMax: number
  /** Virtual machines written by one request: one change for each document that they are spread over. */
  readonly batchMax: number
  /** Entries of a page when the caller names no number. */
  readonly pageSizeDefault: number
  /** Entries of a page, which is built in memory. */
  readonly pageSizeMax: number
  /** How often a node tells how busy it is and that it is there. */
  readonly heartbeatMs: number
  /** Events that wait for one watcher. Beyond it the watcher is told to begin anew. */
  readonly watchEventsMax: number
}

/** Of HTTP, where a cluster differs: there is one tenant, and a request takes a millisecond, so that many may wait for the disk at once. */
export const clusterHttpLimits: Pick<HttpLimits, 'requestsConcurrentMax' | 'requestsTenantMax'> = {
  requestsConcurrentMax: 2_048,
  requestsTenantMax: 2_048,
}

export const clusterLimits: ClusterLimits = {
  idBytesMax: 128,
  metadataKeyBytesMax: 128,
  fieldBytesMax: 16_384,
  fieldsMax: 256,
  batchMax: 1_000,
  pageSizeDefault: 100,
  pageSizeMax: 10_000,
  heartbeatMs: 5_000,
  watchEventsMax: 10_000,
}
