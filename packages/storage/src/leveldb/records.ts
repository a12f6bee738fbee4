/**
 * Values as they are stored: numbers as varints, text as UTF-8 with its length before it, bytes last and without a length.
 * What a key says is not repeated.
 */
import { Reader, Writer } from '@joinery/core'
import type { DocumentHead, DocumentKey, LogEntry, Receipt, StoredSnapshot } from '@joinery/sync'
import type { ReceiptKey } from '../common/durable-store.ts'
import type { StoreMark } from '../common/identity.ts'

/**
 * Version of the layout and of these records, in the name of the directory. A change is a new number, with its reason here.
 *
 * 1. The first.
 */
export const format = 1

/** Texts were bounded by the host when they were written. */
const anyLength: number = Number.MAX_SAFE_INTEGER

function record(numbers: readonly number[], texts: readonly string[], bytes?: Uint8Array): Uint8Array {
  const writer = Writer.take()
  for (const number of numbers) writer.varint(number)
  for (const text of texts) writer.string(text)
  const head = bytes ? undefined : writer.finish()
  const whole = head ?? joined(writer, bytes!)
  writer.release()
  return whole
}

function joined({ bytes: head, length }: Writer, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(length + bytes.byteLength)
  whole.set(head.subarray(0, length))
  whole.set(bytes, length)
  return whole
}

function text(reader: Reader): string {
  return reader.string(anyLength)
}

/** A plain view, also of a Node `Buffer`: whoever keeps it must not meet the other behaviour of `slice`. */
function rest(reader: Reader): Uint8Array {
  const { buffer, byteOffset, byteLength } = reader.view(reader.remaining)
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** The mark of the store, and the last position: kept apart from the log, which may lose its last entry to compaction. */
export interface StoreRecord extends StoreMark {
  readonly lastPosition: number
}

export function encodeStore({ storeId, token, transactions, lastPosition }: StoreRecord): Uint8Array {
  return record([transactions, lastPosition], [storeId], token)
}

export function decodeStore(bytes: Uint8Array): StoreRecord {
  const reader = new Reader(bytes)
  const transactions = reader.varint()
  const lastPosition = reader.varint()
  const storeId = text(reader)
  return { storeId, token: rest(reader), transactions, lastPosition }
}

export function encodeHead(head: DocumentHead): Uint8Array {
  const { version, snapshotVersion, compactedVersion, incarnation, attributes } = head
  return record([version, snapshotVersion, compactedVersion], [incarnation, attributes])
}

export function decodeHead({ tenant, id }: DocumentKey, deleted: boolean, bytes: Uint8Array): DocumentHead {
  const reader = new Reader(bytes)
  const version = reader.varint()
  const snapshotVersion = reader.varint()
  const compactedVersion = reader.varint()
  const incarnation = text(reader)
  const attributes = text(reader)
  const key = { tenant, id }
  return { key, version, incarnation, deleted, attributes, snapshotVersion, compactedVersion }
}

export function encodeEntry({ version, position, incarnation, attributes, change }: LogEntry): Uint8Array {
  return record([version, position], [incarnation, attributes], change)
}

export function decodeEntry({ tenant, id }: DocumentKey, bytes: Uint8Array): LogEntry {
  const reader = new Reader(bytes)
  const version = reader.varint()
  const position = reader.varint()
  const incarnation = text(reader)
  const attributes = text(reader)
  return { key: { tenant, id }, version, position, incarnation, change: rest(reader), attributes }
}

/** Where an entry is found that arrived somewhere. */
export interface Arrival {
  readonly id: string
  readonly version: number
  /** It is the tombstone, not part of the log. */
  readonly isEnd: boolean
}

export function encodeArrival({ id, version, isEnd }: Arrival): Uint8Array {
  return record([version, isEnd ? 1 : 0], [id])
}

export function decodeArrival(bytes: Uint8Array): Arrival {
  const reader = new Reader(bytes)
  const version = reader.varint()
  const isEnd = reader.varint(1) === 1
  return { id: text(reader), version, isEnd }
}

export function encodeSnapshot({ version, incarnation, attributes, bytes }: StoredSnapshot): Uint8Array {
  return record([version], [incarnation, attributes], bytes)
}

export function decodeSnapshot(bytes: Uint8Array): StoredSnapshot {
  const reader = new Reader(bytes)
  const version = reader.varint()
  const incarnation = text(reader)
  const attributes = text(reader)
  return { version, incarnation, bytes: rest(reader), attributes }
}

export function encodeReceipt({ requestHash, answer, expiresAtMs }: Receipt): Uint8Array {
  return record([], [requestHash, answer, expiresAtMs === undefined ? '' : `${expiresAtMs}`])
}

export function decodeReceipt({ tenant, scope, key }: ReceiptKey, bytes: Uint8Array): Receipt {
  const reader = new Reader(bytes)
  const receipt = { tenant, scope, key, requestHash: text(reader), answer: text(reader) }
  const expires = text(reader)
  return expires === '' ? receipt : { ...receipt, expiresAtMs: Number(expires) }
}

export function encodeValue(value: string): Uint8Array {
  return record([], [value])
}

export function decodeValue(bytes: Uint8Array): string {
  return text(new Reader(bytes))
}
