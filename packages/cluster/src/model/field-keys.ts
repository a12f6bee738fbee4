/**
 * Records as one flat map: a field of a record is a key of its own, `FIELD:ID`, and its value a plain value, last writer wins. So
 * records merge field by field, and a million fields are a million rows of columns rather than as many containers. A record is there
 * while it has a field: whoever writes one field while another removes the record keeps that field.
 */

/** What no name of a field has in it. */
const BETWEEN = ':'
const METADATA = 'metadata.'

export function fieldKey(field: string, id: string): string {
  return field + BETWEEN + id
}

export interface FieldOf {
  readonly field: string
  readonly id: string
}

export function parseFieldKey(key: string): FieldOf | undefined {
  const at = key.indexOf(BETWEEN)
  return at <= 0 ? undefined : { field: key.slice(0, at), id: key.slice(at + 1) }
}

/** Fields of the metadata merge one by one, too. Their names may be anything, so what would end the name is encoded. */
export function metadataField(name: string): string {
  return METADATA + name.replaceAll(/[%:]/g, encodeURIComponent)
}

/** The name of a field of the metadata; undefined for other fields. */
export function metadataName(field: string): string | undefined {
  if (!field.startsWith(METADATA)) return undefined
  return field.slice(METADATA.length).replaceAll(/%(25|3A)/g, decodeURIComponent)
}
