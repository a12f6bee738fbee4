/** What callers may write, checked before anything is. */
import type { JsonValue } from '@joinery/core'
import { isUsableText } from '@joinery/http'
import { ClusterError } from '../errors.ts'
import type { ClusterLimits } from '../limits.ts'
import { metadataField } from './field-keys.ts'
import type { NodeFields, NodeUsage, VmFields } from './types.ts'

/** Throws `ID_INVALID`. */
export function checkId(what: string, id: string, { idBytesMax }: Pick<ClusterLimits, 'idBytesMax'>): void {
  if (typeof id === 'string' && isUsableText(id, idBytesMax)) return
  throw new ClusterError('ID_INVALID', `the name of a ${what} has 1 to ${idBytesMax} bytes, without control characters`)
}

type Fields = Map<string, JsonValue | undefined>

const texts: ReadonlySet<string> = new Set(['status', 'ipAddress', 'createdAt'])
const counts: ReadonlySet<string> = new Set(['cpuCores', 'memoryMb', 'diskGb'])

/** The fields as they are stored; undefined where one goes. Throws `CLUSTER_FIELD_INVALID`. */
export function vmFields(fields: VmFields & { readonly createdAt?: string }, limits: ClusterLimits): Fields {
  const checked: Fields = new Map()
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (name === 'metadata') addMetadata(checked, value as Record<string, JsonValue>, limits)
    else checked.set(name, checkField(name, value as JsonValue, limits))
  }
  if (checked.size > limits.fieldsMax) invalid(`a virtual machine has at most ${limits.fieldsMax} fields`)
  return checked
}

function checkField(name: string, value: JsonValue, limits: ClusterLimits): JsonValue {
  if (texts.has(name)) return checkText(name, value, limits)
  if (!counts.has(name)) invalid(`a virtual machine has no field ${JSON.stringify(name.slice(0, 100))}`)
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  return invalid(`${name} is no number from 0 on`)
}

function checkText(name: string, value: JsonValue, { fieldBytesMax }: ClusterLimits): string {
  if (typeof value !== 'string' || !isUsableText(value, fieldBytesMax)) {
    return invalid(`${name} is no text of 1 to ${fieldBytesMax} bytes without control characters`)
  }
  return value
}

function addMetadata(checked: Fields, metadata: JsonValue, limits: ClusterLimits): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) invalid('fields come as an object')
  for (const [name, value] of Object.entries(metadata as Record<string, JsonValue>)) {
    if (!isUsableText(name, limits.metadataKeyBytesMax)) {
      invalid(`the name of a field has 1 to ${limits.metadataKeyBytesMax} bytes, without control characters`)
    }
    if (value !== null && Buffer.byteLength(JSON.stringify(value)) > limits.fieldBytesMax) {
      invalid(`the value of ${JSON.stringify(name)} has more than ${limits.fieldBytesMax} bytes`)
    }
    checked.set(metadataField(name), value ?? undefined)
  }
}

/** Throws `CLUSTER_FIELD_INVALID`. */
export function resourceFields(fields: Readonly<Record<string, JsonValue>>, limits: ClusterLimits): Fields {
  const checked: Fields = new Map()
  addMetadata(checked, fields, limits)
  if (checked.size > limits.fieldsMax) invalid(`a resource has at most ${limits.fieldsMax} fields`)
  return checked
}

/** Throws `CLUSTER_FIELD_INVALID`. */
export function nodeFields(fields: NodeFields, limits: ClusterLimits): Fields {
  const checked: Fields = new Map()
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (name !== 'region' && name !== 'status' && name !== 'endpoint') {
      invalid(`a node has no field ${JSON.stringify(name.slice(0, 100))}`)
    }
    checked.set(name, checkText(name, value as JsonValue, limits))
  }
  return checked
}

/** Throws `CLUSTER_FIELD_INVALID`. */
export function checkUsage({ cpu, memory, disk }: NodeUsage): NodeUsage {
  for (const [name, value] of Object.entries({ cpu, memory, disk })) {
    if (!(value >= 0 && value <= 1)) invalid(`the usage of ${name} is no number from 0 to 1`)
  }
  return { cpu, memory, disk }
}

function invalid(detail: string): never {
  throw new ClusterError('CLUSTER_FIELD_INVALID', detail)
}
