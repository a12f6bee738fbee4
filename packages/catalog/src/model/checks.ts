/** What may enter a catalog: checked once, where it is admitted. */
import { type JsonValue, normalizeJson } from '@joinery/core'
import { CatalogError } from '../errors.ts'
import type { CatalogLimits } from '../limits.ts'

type ModelLimits = Pick<CatalogLimits, 'idBytesMax' | 'fieldNameBytesMax' | 'fieldsMax' | 'metadataBytesMax'>

export type Metadata = Readonly<Record<string, JsonValue>>

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds.
const control = /[\u0000-\u001f\u007f-\u009f]/

function isName(text: string, bytesMax: number): boolean {
  const bytes = Buffer.byteLength(text)
  const isWellFormed = (text as unknown as { isWellFormed(): boolean }).isWellFormed()
  return bytes > 0 && bytes <= bytesMax && isWellFormed && !control.test(text)
}

/** Throws `ID_INVALID`. */
export function checkId(id: string, { idBytesMax }: Pick<ModelLimits, 'idBytesMax'>): void {
  if (!isName(id, idBytesMax)) {
    throw new CatalogError('ID_INVALID', `an id has 1 to ${idBytesMax} bytes, without control characters`)
  }
  // In a URL they mean another place, so nobody could ask for them.
  if (id === '.' || id === '..') throw new CatalogError('ID_INVALID', `${id} means another place in a URL`)
}

/** Answers the metadata as core keeps it. Throws `CATALOG_METADATA_INVALID`. */
export function checkMetadata(given: unknown, limits: ModelLimits): Metadata {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) refuse('metadata is a JSON object')
  const entries = Object.entries(given as object)
  if (entries.length > limits.fieldsMax) refuse(`metadata has at most ${limits.fieldsMax} fields in one request`)
  for (const [name] of entries) checkField(name, limits)
  const metadata = Object.fromEntries(entries.map(([name, value]) => [name, normal(name, value)]))
  const bytes = Buffer.byteLength(JSON.stringify(metadata))
  if (bytes > limits.metadataBytesMax) refuse(`metadata has at most ${limits.metadataBytesMax} bytes, not ${bytes}`)
  return metadata
}

/** Throws `CATALOG_METADATA_INVALID`. */
export function checkField(name: string, { fieldNameBytesMax }: Pick<ModelLimits, 'fieldNameBytesMax'>): void {
  if (!isName(name, fieldNameBytesMax)) {
    refuse(`the name of a field has 1 to ${fieldNameBytesMax} bytes, without control characters`)
  }
}

function normal(name: string, value: unknown): JsonValue {
  try {
    return normalizeJson(value as JsonValue)
  } catch (cause) {
    const detail = `${JSON.stringify(name)} has a value that is not JSON: ${(cause as Error).message}`
    throw new CatalogError('CATALOG_METADATA_INVALID', detail, { cause })
  }
}

function refuse(detail: string): never {
  throw new CatalogError('CATALOG_METADATA_INVALID', detail)
}
