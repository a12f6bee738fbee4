/** What the endpoints of a cluster share. */
import type { Endpoints } from '@joinery/http'
import type { Scheduler } from '@joinery/sync'
import type { Cluster } from '../cluster.ts'
import type { ClusterErrorCode } from '../errors.ts'
import type { Vm } from '../model/types.ts'
import type { ClusterSchemas } from './schemas.ts'

export interface ClusterEndpoints extends Endpoints<ClusterErrorCode> {
  readonly cluster: Cluster
  readonly schemas: ClusterSchemas
  readonly scheduler: Scheduler
  /** Throws `CLUSTER_VM_UNKNOWN`. */
  readonly requireVm: (id: string | undefined) => Vm
}
