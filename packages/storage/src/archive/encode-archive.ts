/** Writes items as the lines of an archive. */
import type { LogEntry, StoredDocument } from '@joinery/sync'
import { ContentHash, documentHash, type Totals } from './hash.ts'
import type { Scope, StoreItem } from './items.ts'
import { type ArchiveLimits, archiveLimits } from './limits.ts'
import { type Line, sealed } from './lines.ts'

/**
 * Version of the format, in the first line. A change is a new number, with its reason here.
 *
 * 1. The first.
 */
export const archiveFormat = 1

/** What an archive says of itself in its first line. */
export interface ArchiveHeader {
  /** Documents alone, or receipts and values as well. */
  readonly content: 'documents' | 'everything'
  /** Which part of the store. */
  readonly scope: Scope
  /** Of the store that it was made from. */
  readonly storeId: string
  /** When it was begun, as ISO 8601 has it. */
  readonly madeAt: string
}

export interface EncodeOptions {
  /** The value of a document as JSON, for people and scripts. What it answers is not read back. */
  readonly show?: (document: StoredDocument) => unknown
  readonly limits?: Partial<ArchiveLimits>
}

/** Lines are handed out together until they are about so long. */
const CHUNK_CHARS = 65_536

/** The bytes of an archive, in chunks. They end with the hash over everything. */
export async function* encodeArchive(
  header: ArchiveHeader,
  items: AsyncIterable<StoreItem>,
  { show, limits }: EncodeOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { pieceCharsMax } = { ...archiveLimits, ...limits }
  const hash = new ContentHash()
  let text = sealed(headerLine(header))
  const put = function* (lines: Iterable<Line>): Iterable<Uint8Array> {
    for (const line of lines) {
      for (const written of inPieces(line, pieceCharsMax)) {
        text += sealed(written)
        if (text.length < CHUNK_CHARS) continue
        yield Buffer.from(text, 'utf8')
        text = ''
      }
    }
  }
  for await (const item of items) {
    hash.add(item)
    yield* put(linesOf(item, show, pieceCharsMax))
  }
  yield* put([{ kind: 'end', ...hash.totals() } satisfies Line & Totals])
  if (text !== '') yield Buffer.from(text, 'utf8')
}

function headerLine({ content, scope, storeId, madeAt }: ArchiveHeader): Line {
  const { tenant, id } = scope
  const part = { ...(tenant !== undefined && { tenant }), ...(id !== undefined && { id }) }
  return { kind: 'archive', joinery: 'archive', format: archiveFormat, content, ...part, storeId, madeAt }
}

function* linesOf(item: StoreItem, show: EncodeOptions['show'], pieceCharsMax: number): Iterable<Line> {
  switch (item.type) {
    case 'document':
      yield* documentLines(item.document, show, pieceCharsMax)
      break
    case 'receipt':
      yield { kind: 'receipt', ...item.receipt }
      break
    case 'value':
      yield { kind: 'value', name: item.name, value: item.value }
      break
  }
}

function* documentLines(document: StoredDocument, show: EncodeOptions['show'], pieceCharsMax: number): Iterable<Line> {
  const { head, tombstone, snapshot, log } = document
  const { key, version, incarnation, deleted, attributes, snapshotVersion, compactedVersion } = head
  const places = { tenant: key.tenant, id: key.id, version, incarnation, deleted, attributes }
  const covered = { snapshotVersion, compactedVersion, tombstone: tombstone !== undefined }
  const shown = yield* valueMember(show?.(document), pieceCharsMax)
  yield { kind: 'document', ...places, ...covered, ...shown, hash: documentHash(document) }
  if (tombstone) yield { kind: 'tombstone', incarnation: tombstone.incarnation, ...entryMembers(tombstone) }
  if (snapshot) yield { kind: 'snapshot', attributes: snapshot.attributes, bytes: base64(snapshot.bytes) }
  for (const entry of log) yield { kind: 'entry', ...entryMembers(entry) }
}

/** A value that is too long for a line stands in pieces before it, as the text of its JSON. */
function* valueMember(value: unknown, pieceCharsMax: number): Generator<Line, Line> {
  if (value === undefined) return {}
  const text = JSON.stringify(value)
  if (text.length <= pieceCharsMax) return { value }
  const pieces = [...split(text, pieceCharsMax)]
  for (const piece of pieces) yield { kind: 'part', text: piece }
  return { valueParts: pieces.length }
}

function entryMembers({ version, position, attributes, change }: LogEntry): Line {
  return { version, position, attributes, change: base64(change) }
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

/** The line, and before it the pieces of texts that are too long for it. */
function* inPieces(line: Line, pieceCharsMax: number): Iterable<Line> {
  const members: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(line)) {
    members[name] = value
    if (name === 'kind' || typeof value !== 'string' || value.length <= pieceCharsMax) continue
    const pieces = [...split(value, pieceCharsMax)]
    for (const text of pieces) yield { kind: 'part', text }
    members[name] = { parts: pieces.length }
  }
  yield members
}

function* split(text: string, pieceCharsMax: number): Iterable<string> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + pieceCharsMax)
    // The halves of a character stay together.
    if (to < text.length && to - from > 1 && /[\ud800-\udbff]/.test(text[to - 1]!)) to -= 1
    yield text.slice(from, to)
    from = to
  }
}
