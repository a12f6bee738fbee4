/** Every refusal of a cluster: stable code, HTTP status, and what the caller should do. */
import { type ErrorEntry, type HttpErrorCode, httpErrors, Refusal, type RefusalOptions } from '@joinery/http'

/** Stable codes of what a cluster refuses, beside those of every host. */
export type ClusterErrorCode =
  | HttpErrorCode
  | 'CLUSTER_VM_UNKNOWN'
  | 'CLUSTER_NODE_UNKNOWN'
  | 'CLUSTER_RESOURCE_UNKNOWN'
  | 'CLUSTER_FIELD_INVALID'
  | 'CLUSTER_VM_ELSEWHERE'
  | 'CLUSTER_CREDITS_INSUFFICIENT'
  | 'CLUSTER_NODE_SILENT'
  | 'CLUSTER_NOT_RUNNING'

export const clusterErrors: Readonly<Record<ClusterErrorCode, ErrorEntry>> = {
  ...httpErrors,
  CLUSTER_VM_UNKNOWN: {
    status: 404,
    title: 'There is no such virtual machine',
    advice: 'Create it with PUT. It may exist in a region that this node has not heard from yet.',
  },
  CLUSTER_NODE_UNKNOWN: {
    status: 404,
    title: 'There is no such node',
    advice: 'Register it with PUT first.',
  },
  CLUSTER_RESOURCE_UNKNOWN: {
    status: 404,
    title: 'There is no such resource',
    advice: 'Create it with PUT.',
  },
  CLUSTER_FIELD_INVALID: {
    status: 400,
    title: 'A field has a value that it cannot have',
    advice: 'Send the fields as /openapi.json describes them.',
  },
  CLUSTER_VM_ELSEWHERE: {
    status: 409,
    title: 'The virtual machine is on another node',
    advice: 'Read where it is, and decide again.',
  },
  CLUSTER_CREDITS_INSUFFICIENT: {
    status: 409,
    title: 'This node does not hold that many credits',
    advice: 'Take fewer, or have another node transfer some of its own.',
  },
  CLUSTER_NODE_SILENT: {
    status: 409,
    title: 'The node has not been heard of lately',
    advice: 'Try again once it is alive: credits are handed to who is there.',
  },
  CLUSTER_NOT_RUNNING: {
    status: 503,
    title: 'The cluster node is not running',
    advice: 'Start it first.',
  },
}

export class ClusterError extends Refusal {
  override readonly name = 'ClusterError'
  override readonly code: ClusterErrorCode

  constructor(code: ClusterErrorCode, detail: string, options?: RefusalOptions) {
    super(clusterErrors[code], detail, options)
    this.code = code
  }
}
