/** Virtual machines as users see them: their fields, where they are assigned, and the region of that node. */
import type { ClusterLimits } from '../limits.ts'
import { metadataName } from '../model/field-keys.ts'
import type { Vm, VmFilter, VmPage } from '../model/types.ts'
import type { Records, Row } from './records.ts'
import { namedFields } from './resources.ts'

export interface VmSources {
  readonly vms: Records
  readonly assignments: Records
  readonly nodeRecords: Records
}

const plain: ReadonlySet<string> = new Set([
  'status',
  'cpuCores',
  'memoryMb',
  'diskGb',
  'ipAddress',
  'createdAt',
  'updatedAt',
])

/** Whether readers are shown a field of a virtual machine: others may come from later versions. */
export function isVmField(field: string): boolean {
  return plain.has(field) || metadataName(field) !== undefined
}

export function vmOf({ vms, assignments, nodeRecords }: VmSources, id: string): Vm | undefined {
  const row = vms.get(id)
  if (row === undefined) return undefined
  const nodeId = assignments.get(id)?.node as string | undefined
  const region = nodeId === undefined ? undefined : (nodeRecords.get(nodeId)?.region as string | undefined)
  const where = { ...(nodeId !== undefined && { nodeId }), ...(region !== undefined && { region }) }
  return { id, ...plainOf(row), ...where, metadata: namedFields(row) }
}

function plainOf(row: Row): Partial<Vm> {
  return Object.fromEntries(Object.entries(row).filter(([field]) => plain.has(field)))
}

/** Ascending by id. O(those passed over). */
export function listVms(sources: VmSources, filter: VmFilter, limits: ClusterLimits): VmPage {
  const { after, prefix, limit = limits.pageSizeDefault } = filter
  const ids = sources.vms.ids()
  const found: Vm[] = []
  for (let at = firstAfter(ids, after, prefix); at < ids.length; at += 1) {
    const id = ids[at] as string
    if (prefix !== undefined && !id.startsWith(prefix)) break
    if (!admits(sources, id, filter)) continue
    if (found.length === limit) return { vms: found, next: (found[limit - 1] as Vm).id }
    found.push(vmOf(sources, id) as Vm)
  }
  return { vms: found }
}

function admits({ vms, assignments, nodeRecords }: VmSources, id: string, { status, node, region }: VmFilter): boolean {
  if (status !== undefined && vms.get(id)?.status !== status) return false
  if (node === undefined && region === undefined) return true
  const at = assignments.get(id)?.node
  if (node !== undefined && at !== node) return false
  return region === undefined || (typeof at === 'string' && nodeRecords.get(at)?.region === region)
}

/** Where a page begins, by halves. */
function firstAfter(ids: readonly string[], after: string | undefined, prefix: string | undefined): number {
  const isBefore = (id: string): boolean =>
    (after !== undefined && id <= after) || (prefix !== undefined && id < prefix)
  let low = 0
  for (let high = ids.length; low < high; ) {
    const middle = (low + high) >>> 1
    if (isBefore(ids[middle] as string)) low = middle + 1
    else high = middle
  }
  return low
}
