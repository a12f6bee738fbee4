/** Reads the members of answers, and refuses answers that lack them: a proxy may have made them up. */
import type { JsonValue } from '@joinery/core'
import { type DocumentType, documentTypes } from '@joinery/sync'
import { ClientError } from '../errors.ts'
import type { DocumentPage, DocumentState, DocumentValue, LoggedOperation, LogPage } from '../types.ts'
import { Unavailable } from './failure.ts'
import type { JsonObject } from './transport.ts'

export interface OpsAnswer extends DocumentState {
  readonly snapshot: JsonValue
  readonly ids: readonly string[] | undefined
  readonly ops: readonly LoggedOperation[]
}

export function readState(json: JsonObject): DocumentState {
  const { id, type, version, incarnation, storeId } = json
  const known = documentTypes.includes(type as DocumentType)
  if (typeof id !== 'string' || !known || !Number.isSafeInteger(version)) throw malformed()
  if (typeof incarnation !== 'string' || typeof storeId !== 'string') throw malformed()
  return { id, type: type as DocumentType, version: version as number, incarnation, storeId }
}

export function readValue(json: JsonObject): DocumentValue {
  if (json.value === undefined) throw malformed()
  const ids = readIds(json)
  return { ...readState(json), value: json.value, ...(ids === undefined ? {} : { ids }) }
}

export function readOpsAnswer(json: JsonObject): OpsAnswer {
  if (json.snapshot === undefined) throw malformed()
  return { ...readState(json), snapshot: json.snapshot, ids: readIds(json), ops: readLogged(json.ops) }
}

export function readLogPage(json: JsonObject): LogPage {
  const next = json.next
  return { ...readState(json), ops: readLogged(json.ops), ...(typeof next === 'number' ? { next } : {}) }
}

export function readPage(json: JsonObject): DocumentPage {
  if (!Array.isArray(json.documents)) throw malformed()
  const documents = (json.documents as JsonObject[]).map(readState)
  return { documents, ...(typeof json.cursor === 'string' ? { cursor: json.cursor } : {}) }
}

/**
 * The state that a 409 carries, to start over from; undefined when it carries none. In a problem document `type` is that of the
 * problem, so the document's is the one that was asked for.
 */
export function readReset(json: JsonObject, type: DocumentType): DocumentValue | undefined {
  try {
    return readValue({ ...json, type, value: json.snapshot })
  } catch {
    return undefined
  }
}

/** The server's time in a `CLOCK_SKEW`, in milliseconds; undefined when it says none. */
export function readServerTime({ serverTime }: JsonObject): number | undefined {
  const ms =
    typeof serverTime === 'string' ? Date.parse(serverTime) : typeof serverTime === 'number' ? serverTime : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

function readIds({ ids }: JsonObject): readonly string[] | undefined {
  return Array.isArray(ids) && ids.every((id) => typeof id === 'string') ? (ids as string[]) : undefined
}

function readLogged(ops: JsonValue | undefined): readonly LoggedOperation[] {
  if (!Array.isArray(ops)) throw malformed()
  return ops as unknown as LoggedOperation[]
}

function malformed(): Unavailable {
  const reason = new ClientError('CLIENT_BAD_ANSWER', 'an answer lacks members that every Joinery server sends')
  return new Unavailable(reason, { answered: false })
}
