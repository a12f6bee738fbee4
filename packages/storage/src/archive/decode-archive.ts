/**
 * Reads an archive. Nothing of it is trusted: lines are bounded before they are taken in, each is checked against its sum, each
 * document against its hash and the rules of a store, and the whole against the hash in the last line.
 */
import { type LogEntry, ownValuePrefix, type Receipt, type StoredDocument, type StoredSnapshot } from '@joinery/sync'
import { misfit } from '../common/stored-document.ts'
import { type ArchiveHeader, archiveFormat } from './encode-archive.ts'
import { DataError } from './errors.ts'
import { Fields } from './fields.ts'
import { ContentHash, documentHash, sameTotals, type Totals } from './hash.ts'
import type { StoreItem } from './items.ts'
import { type ArchiveLimits, archiveLimits } from './limits.ts'
import { opened, type ReadLine, splitLines } from './lines.ts'
import { Order } from './order.ts'

/** An archive that is being read. */
export interface Archive {
  readonly header: ArchiveHeader
  /** Once, and in order. Ends when the last line was reached and all was right. */
  items(): AsyncGenerator<StoreItem, Totals, undefined>
}

/** Reads the first line. Throws `DATA_FORMAT`, `DATA_DAMAGED`, `DATA_TRUNCATED`; so does reading on. */
export async function openArchive(
  chunks: AsyncIterable<Uint8Array>,
  limits: Partial<ArchiveLimits> = {},
): Promise<Archive> {
  const lines = new Lines(chunks, { ...archiveLimits, ...limits })
  const first = await lines.next().catch((error: unknown) => {
    // What the source of the bytes refuses is its own.
    const isOfLine = error instanceof DataError && error.line !== undefined
    if (!isOfLine || lines.isLikeFirst) throw error
    throw new DataError('DATA_FORMAT', 'this is no archive', { cause: error })
  })
  return { header: headerOf(first), items: () => itemsOf(lines) }
}

/** What a piece or an entry takes in memory beside its text and bytes. */
const PART_BYTES = 100

/** Lines with the pieces before them, one after the other. */
class Lines {
  readonly documentBytesMax: number
  readonly #lines: ReturnType<typeof splitLines>
  #last: ReadLine | undefined

  constructor(chunks: AsyncIterable<Uint8Array>, limits: ArchiveLimits) {
    this.#lines = splitLines(chunks, limits.lineBytesMax)
    this.documentBytesMax = limits.documentBytesMax
  }

  /** Whether the line that was read begins as the first one of an archive, damaged or not. */
  get isLikeFirst(): boolean {
    const begin = Buffer.from(this.#last?.bytes.subarray(0, 40) ?? []).toString('latin1')
    return begin.startsWith('{"kind":"archive","joinery":"archive",')
  }

  /** The next line. There is always one more until the one that says `end`. */
  async next(): Promise<Fields> {
    const pieces: string[] = []
    let bytes = 0
    for (;;) {
      const line = opened(await this.#read())
      const fields = new Fields(line, this.#last!.number, line.kind === 'part' ? [] : pieces)
      if (line.kind !== 'part') return fields
      const text = fields.text('text')
      fields.end()
      bytes += text.length + PART_BYTES
      if (bytes > this.documentBytesMax) throw fields.damaged('these pieces are longer than a document may be')
      pieces.push(text)
    }
  }

  async #read(): Promise<ReadLine> {
    const read = await this.#lines.next()
    if (!read.done) {
      this.#last = read.value
      return read.value
    }
    throw new DataError('DATA_TRUNCATED', 'the file ends before its last line', { line: (this.#last?.number ?? 0) + 1 })
  }

  /** Nothing stands behind the last line. */
  async end(): Promise<void> {
    const read = await this.#lines.next()
    if (!read.done)
      throw new DataError('DATA_DAMAGED', 'something stands behind the last line', { line: read.value.number })
  }
}

function headerOf(fields: Fields): ArchiveHeader {
  if (fields.kind !== 'archive' || fields.text('joinery') !== 'archive') {
    throw new DataError('DATA_FORMAT', 'this is no archive')
  }
  const format = fields.whole('format')
  if (format > archiveFormat) {
    throw new DataError('DATA_FORMAT', `the archive has format ${format}, this version reads up to ${archiveFormat}`)
  }
  const content = fields.text('content')
  if (content !== 'documents' && content !== 'everything') throw fields.damaged('"content" is documents or everything')
  const tenant = fields.has('tenant') ? { tenant: fields.text('tenant') } : {}
  const scope = fields.has('id') ? { ...tenant, id: fields.text('id') } : tenant
  const header = { content, scope, storeId: fields.text('storeId'), madeAt: fields.text('madeAt') } as const
  fields.end()
  return header
}

async function* itemsOf(lines: Lines): AsyncGenerator<StoreItem, Totals, undefined> {
  const hash = new ContentHash()
  const order = new Order()
  for (;;) {
    const fields = await lines.next()
    if (fields.kind === 'end') return await endOf(fields, hash.totals(), lines)
    const item = await itemOf(fields, lines)
    if (!order.take(item)) throw fields.damaged('it is out of order')
    hash.add(item)
    yield item
  }
}

async function itemOf(fields: Fields, lines: Lines): Promise<StoreItem> {
  switch (fields.kind) {
    case 'document':
      return { type: 'document', document: await documentOf(fields, lines) }
    case 'receipt':
      return { type: 'receipt', receipt: receiptOf(fields) }
    case 'value':
      return { type: 'value', ...hostValueOf(fields) }
    default:
      throw fields.damaged(`there is no kind ${JSON.stringify(fields.kind) ?? 'of this'} here`)
  }
}

async function endOf(fields: Fields, found: Totals, lines: Lines): Promise<Totals> {
  const count = (name: string) => fields.whole(name)
  const counts = { documents: count('documents'), receipts: count('receipts'), values: count('values') }
  const said = { ...counts, hash: fields.text('hash') }
  fields.end()
  if (!sameTotals(said, found)) throw fields.damaged(`what stands before it has the hash ${found.hash}`)
  await lines.end()
  return found
}

function receiptOf(fields: Fields): Receipt {
  const names = { tenant: fields.text('tenant'), scope: fields.text('scope'), key: fields.text('key') }
  const receipt = { ...names, requestHash: fields.text('requestHash'), answer: fields.text('answer') }
  const expiry = fields.has('expiresAtMs') ? { expiresAtMs: fields.whole('expiresAtMs') } : {}
  fields.end()
  return { ...receipt, ...expiry }
}

function hostValueOf(fields: Fields): { readonly name: string; readonly value: string } {
  const [name, value] = [fields.text('name'), fields.text('value')]
  fields.end()
  if (name.startsWith(ownValuePrefix)) throw fields.damaged('such a value does not leave its store')
  return { name, value }
}

async function documentOf(fields: Fields, lines: Lines): Promise<StoredDocument> {
  // What is there for people stands in the pieces first.
  fields.skip('value')
  fields.skipPieces('valueParts')
  const key = { tenant: fields.text('tenant'), id: fields.text('id') }
  const life = {
    version: fields.whole('version'),
    incarnation: fields.text('incarnation'),
    deleted: fields.flag('deleted'),
  }
  const attributes = fields.text('attributes')
  const covered = {
    snapshotVersion: fields.whole('snapshotVersion'),
    compactedVersion: fields.whole('compactedVersion'),
  }
  const head = { key, ...life, attributes, ...covered }
  const [hasTombstone, hash] = [fields.flag('tombstone'), fields.text('hash')]
  fields.end()
  const parts = new DocumentLines(fields, lines, head)
  const tombstone = hasTombstone ? await parts.entry('tombstone') : undefined
  const snapshot = head.snapshotVersion > 0 ? await parts.snapshot() : undefined
  const log: LogEntry[] = []
  if (!head.deleted)
    for (let at = head.compactedVersion; at < head.version; at += 1) log.push(await parts.entry('entry'))
  const document = { head, log, ...(tombstone && { tombstone }), ...(snapshot && { snapshot }) }
  const rule = misfit(document)
  if (rule !== undefined) throw fields.damaged(`this is no document that a store can have: ${rule}`)
  if (documentHash(document) !== hash) throw fields.damaged('the document has another hash than the line says')
  return document
}

/** The lines that follow the first one of a document, bounded all together. */
class DocumentLines {
  readonly #first: Fields
  readonly #lines: Lines
  readonly #head: StoredDocument['head']
  #bytes = 0

  constructor(first: Fields, lines: Lines, head: StoredDocument['head']) {
    this.#first = first
    this.#lines = lines
    this.#head = head
  }

  async #next(kind: string): Promise<Fields> {
    const fields = await this.#lines.next()
    if (fields.kind !== kind) throw fields.damaged(`a line of kind "${kind}" belongs here`)
    return fields
  }

  #count(fields: Fields, ...parts: (string | Uint8Array)[]): void {
    this.#bytes += PART_BYTES
    for (const part of parts) this.#bytes += part.length
    if (this.#bytes <= this.#lines.documentBytesMax) return
    throw fields.damaged(`the document that begins in line ${this.#first.number} is larger than one may be`)
  }

  async entry(kind: 'entry' | 'tombstone'): Promise<LogEntry> {
    const fields = await this.#next(kind)
    const incarnation = kind === 'tombstone' ? fields.text('incarnation') : this.#head.incarnation
    const place = { version: fields.whole('version'), position: fields.whole('position') }
    const [attributes, change] = [fields.text('attributes'), fields.bytes('change')]
    fields.end()
    this.#count(fields, attributes, change)
    return { key: this.#head.key, ...place, incarnation, change, attributes }
  }

  async snapshot(): Promise<StoredSnapshot> {
    const fields = await this.#next('snapshot')
    const [attributes, bytes] = [fields.text('attributes'), fields.bytes('bytes')]
    fields.end()
    this.#count(fields, attributes, bytes)
    return { version: this.#head.snapshotVersion, incarnation: this.#head.incarnation, bytes, attributes }
  }
}
