/**
 * The canonical hashes, by which two stores, or a store and a file, are seen to hold the same.
 *
 * Everything is SHA-256 over the same plain encoding: a number is 8 bytes, big-endian; a text is its length in bytes as such a
 * number, then its UTF-8; bytes likewise. `docs/DATA.md` says which in which order.
 */
import { createHash, type Hash } from 'node:crypto'
import type { LogEntry, Receipt, StoredDocument } from '@joinery/sync'
import { entriesOf } from '../common/stored-document.ts'
import type { StoreItem } from './items.ts'

class Digest {
  readonly #hash: Hash = createHash('sha256')
  readonly #number = Buffer.alloc(8)

  constructor(purpose: string) {
    this.text(purpose)
  }

  number(value: number): this {
    this.#number.writeBigUInt64BE(BigInt(value))
    this.#hash.update(this.#number)
    return this
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value, 'utf8'))
  }

  bytes(value: Uint8Array): this {
    this.number(value.byteLength)
    this.#hash.update(value)
    return this
  }

  end(): string {
    return this.#hash.digest('hex')
  }
}

/** The hash of one document: the same in every store that has it. Where its entries stand in the order of arrival is left out. */
export function documentHash({ head, tombstone, snapshot, log }: StoredDocument): string {
  const digest = new Digest('joinery document 1').text(head.key.tenant).text(head.key.id)
  digest
    .number(head.version)
    .text(head.incarnation)
    .number(head.deleted ? 1 : 0)
    .text(head.attributes)
  digest.number(head.snapshotVersion).number(head.compactedVersion)
  digest.number(tombstone ? 1 : 0)
  if (tombstone) addEntry(digest.text(tombstone.incarnation), tombstone)
  digest.number(snapshot ? 1 : 0)
  if (snapshot) digest.number(snapshot.version).text(snapshot.attributes).bytes(snapshot.bytes)
  digest.number(log.length)
  for (const entry of log) addEntry(digest, entry)
  return digest.end()
}

function addEntry(digest: Digest, { version, attributes, change }: LogEntry): void {
  digest.number(version).text(attributes).bytes(change)
}

/** How much there is, and the hash of all of it. */
export interface Totals {
  readonly documents: number
  readonly receipts: number
  readonly values: number
  readonly hash: string
}

/** The hash over everything, in the order of a store. Positions are part of it. */
export class ContentHash {
  readonly #digest = new Digest('joinery store 1')
  readonly #counts = { document: 0, receipt: 0, value: 0 }

  /** Answers the hash of a document. */
  add(item: StoreItem): string | undefined {
    this.#counts[item.type] += 1
    this.#digest.text(item.type)
    if (item.type === 'document') return this.#addDocument(item.document)
    if (item.type === 'receipt') this.#addReceipt(item.receipt)
    else this.#digest.text(item.name).text(item.value)
    return undefined
  }

  #addDocument(document: StoredDocument): string {
    const hash = documentHash(document)
    const entries = entriesOf(document)
    this.#digest.text(hash).number(entries.length)
    for (const { position } of entries) this.#digest.number(position)
    return hash
  }

  #addReceipt({ tenant, scope, key, requestHash, answer, expiresAtMs }: Receipt): void {
    this.#digest.text(tenant).text(scope).text(key).text(requestHash).text(answer)
    this.#digest.text(expiresAtMs === undefined ? '' : `${expiresAtMs}`)
  }

  /** Call once, at the end. */
  totals(): Totals {
    const { document, receipt, value } = this.#counts
    for (const count of [document, receipt, value]) this.#digest.number(count)
    return { documents: document, receipts: receipt, values: value, hash: this.#digest.end() }
  }
}

export function sameTotals(a: Totals, b: Totals): boolean {
  return a.documents === b.documents && a.receipts === b.receipts && a.values === b.values && a.hash === b.hash
}
