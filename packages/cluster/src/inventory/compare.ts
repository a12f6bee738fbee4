/** Shadow mode: what another system has beside what the cluster has, before anybody relies on the cluster. */
import type { JsonValue } from '@joinery/core'
import type { Cluster } from '../cluster.ts'
import type { Vm, VmFields } from '../model/types.ts'

export type InventoryRecord = { readonly id: string } & VmFields

export interface Difference {
  readonly id: string
  /** Absent where the whole virtual machine is missing here. */
  readonly field?: string
  readonly theirs?: JsonValue
  readonly ours?: JsonValue
}

export interface Comparison {
  /** Records without a difference. */
  readonly same: number
  readonly differences: readonly Difference[]
}

/** Fields that a record does not name are not compared. */
export function compareInventory(cluster: Pick<Cluster, 'getVm'>, records: readonly InventoryRecord[]): Comparison {
  const differences: Difference[] = []
  let same = 0
  for (const record of records) {
    const found = differencesOf(record, cluster.getVm(record.id))
    if (found.length === 0) same += 1
    differences.push(...found)
  }
  return { same, differences }
}

function differencesOf({ id, metadata = {}, ...fields }: InventoryRecord, vm: Vm | undefined): Difference[] {
  if (vm === undefined) return [{ id }]
  const theirs: Record<string, JsonValue | undefined> = { ...fields }
  const ours: Record<string, JsonValue | undefined> = { ...(vm as unknown as Record<string, JsonValue>) }
  for (const [name, value] of Object.entries(metadata)) {
    theirs[`metadata.${name}`] = value ?? undefined
    ours[`metadata.${name}`] = vm.metadata[name]
  }
  return Object.keys(theirs)
    .filter((field) => !isSame(theirs[field], ours[field]))
    .map((field) => ({
      id,
      field,
      ...(theirs[field] !== undefined && { theirs: theirs[field] }),
      ...(ours[field] !== undefined && { ours: ours[field] }),
    }))
}

function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && sorted(a) === sorted(b))
}

/** Members of objects have no order. */
function sorted(value: JsonValue): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
