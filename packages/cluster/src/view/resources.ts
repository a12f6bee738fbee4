/** Resources as users see them. */
import type { JsonValue } from '@joinery/core'
import { metadataName } from '../model/field-keys.ts'
import type { Resource } from '../model/types.ts'
import type { Records, Row } from './records.ts'

export function isResourceField(field: string): boolean {
  return metadataName(field) !== undefined
}

/** The fields of a record that have names of their users' own. */
export function namedFields(row: Row): Record<string, JsonValue> {
  const fields: [string, JsonValue][] = []
  for (const [field, value] of Object.entries(row)) {
    const name = metadataName(field)
    if (name !== undefined) fields.push([name, value])
  }
  return Object.fromEntries(fields)
}

export function resourceOf(resources: Records, id: string): Resource | undefined {
  const row = resources.get(id)
  return row && { id, fields: namedFields(row) }
}
