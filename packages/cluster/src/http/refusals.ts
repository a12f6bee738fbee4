/** Whatever is thrown, as a refusal of a cluster. */
import { CoreError } from '@joinery/core'
import { HttpError, Refusal } from '@joinery/http'
import { NodeError } from '@joinery/node'
import { ReplicationError } from '@joinery/sync/replication'
import { TransportError } from '@joinery/transport/nodes'
import { ClusterError } from '../errors.ts'

export function asClusterRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof NodeError && error.code === 'NODE_NOT_REPLICATED') {
    return new HttpError('STORE_UNAVAILABLE', `${error.message}; it is stored here, and others get it later`, {
      cause: error,
    })
  }
  if (error instanceof NodeError && error.code === 'NODE_STOPPED') {
    return new ClusterError('CLUSTER_NOT_RUNNING', error.message, { cause: error })
  }
  if (error instanceof ReplicationError && (error.code === 'REPLICATION_BUSY' || error.code === 'REPLICATION_FULL')) {
    return new HttpError('OVERLOADED', error.message, { cause: error })
  }
  if (error instanceof CoreError && error.code === 'CORE_LIMIT_EXCEEDED') {
    return new HttpError('LIMIT_EXCEEDED', error.message, { cause: error })
  }
  if (error instanceof CoreError && error.code === 'CORE_VALUE_INVALID') {
    return new ClusterError('CLUSTER_FIELD_INVALID', error.message, { cause: error })
  }
  if (error instanceof TransportError && error.code === 'TRANSPORT_ADDRESS') {
    return new HttpError('BODY_INVALID', error.message, { cause: error })
  }
  return new HttpError('INTERNAL', 'an unexpected failure; the log has it under this requestId', { cause: error })
}
