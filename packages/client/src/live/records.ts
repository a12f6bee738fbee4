/** Names and forms of what the client keeps in the storage beside the documents. */
import type { ActorId } from '@joinery/core'
import type { DocumentKey } from '@joinery/sync'
import { refuse } from '../errors.ts'
import type { RefusedEdit } from './types.ts'

/** Who wrote here before, and how much of it the server has. */
export interface FormerActor {
  readonly actor: ActorId
  readonly stored: number
  /** The life of the storage in which it may write again, where it was that of a tab. */
  readonly epoch?: string
}

export interface DocRecord {
  /** The state that counts; others are left over. */
  readonly generation: number
  readonly actor: ActorId
  /** The life of the storage in which the actor may write. */
  readonly epoch: string
  /** The last dot of the actor that the server has stored, as far as it said. */
  readonly stored: number
  readonly storedAtMs?: number
  /** By the device's clock. */
  readonly openedAtMs?: number
  readonly former: readonly FormerActor[]
}

/** A refused edit as it is kept and exported. */
export interface ParkedEdit extends RefusedEdit {
  /** The change as it is encoded, base64. */
  readonly change: string
}

export const EPOCH_NAME = 'client/epoch'
export const CLOCK_NAME = 'client/clock'

export function nodeName(tenant: string): string {
  return `client/node/${JSON.stringify(tenant)}`
}

/** What the names of all documents of a tenant begin with. */
export function recordPrefix(tenant: string): string {
  return `client/doc/${JSON.stringify([tenant]).slice(0, -1)},`
}

export function recordName(tenant: string, id: string): string {
  return `client/doc/${JSON.stringify([tenant, id])}`
}

export function parkedPrefix(tenant: string, id: string): string {
  return `client/parked/${JSON.stringify([tenant, id])}/`
}

export function parkedName(tenant: string, id: string, generation: number): string {
  return `${parkedPrefix(tenant, id)}${generation}`
}

export function undoName(tenant: string, id: string): string {
  return `client/undo/${JSON.stringify([tenant, id])}`
}

/** Where a generation of a document is kept. */
export function documentKey(tenant: string, id: string, generation: number): DocumentKey {
  return { tenant, id: `${generation}/${id}` }
}

export function writeRecord(record: DocRecord): string {
  return JSON.stringify(record)
}

/** Throws `CLIENT_STORAGE` for what this client cannot have written. */
export function readRecord(text: string): DocRecord {
  const record = parse(text) as Partial<DocRecord> | undefined
  if (typeof record?.generation !== 'number' || typeof record.actor !== 'string' || !Array.isArray(record.former)) {
    refuse('CLIENT_STORAGE', 'the record of a document cannot be read')
  }
  return record as DocRecord
}

export function readParked(text: string): readonly ParkedEdit[] {
  const edits = parse(text)
  return Array.isArray(edits) ? edits : refuse('CLIENT_STORAGE', 'edits that were set aside cannot be read')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    return refuse('CLIENT_STORAGE', `not JSON: ${String(cause)}`)
  }
}
