/** Adds documents of an archive to a store that has others. */
import { type DocumentKey, type Store, type StoredDocument, StoreError } from '@joinery/sync'
import { documentBytes } from '../common/stored-document.ts'
import { openArchive } from './decode-archive.ts'
import { DataError } from './errors.ts'
import type { HashListener } from './fill-store.ts'
import { Flow } from './flow.ts'
import { documentHash, type Totals } from './hash.ts'
import type { Scope, StoreItem } from './items.ts'
import { type ArchiveLimits, archiveLimits } from './limits.ts'
import { checkArchive, type OpenBytes, stoppable } from './restore.ts'
import { unpacked } from './unpack.ts'

export interface ImportArchiveOptions {
  readonly open: OpenBytes
  readonly to: Store
  /** Only these documents of the archive. */
  readonly scope?: Scope
  /**
   * What becomes of a document that the store has, or had and deleted. `refuse`: nothing is imported at all. `skip`: it stays as it is
   * there. There is no third: versions that were seen cannot be taken back, and what was deleted has ended.
   */
  readonly existing: 'refuse' | 'skip'
  readonly onProgress?: (progress: { readonly phase: 'reading' | 'importing'; readonly done: number }) => void
  /** Told of each document that was imported. */
  readonly onHash?: HashListener
  readonly signal?: AbortSignal
  readonly limits?: Partial<ArchiveLimits>
}

export interface Imported {
  readonly imported: number
  readonly skipped: number
  /** Of the whole archive. */
  readonly totals: Totals
}

/** Documents that exist are named in the refusal, but not all of many. */
const NAMED_MAX = 5

/**
 * Reads the archive through, and only then writes: a damaged one changes nothing. Each document arrives now, with the versions it
 * has. Receipts and values are left out. Throws `DATA_EXISTS`, `DATA_NOT_FOUND` when nothing of the scope is in the archive,
 * `DATA_INTERRUPTED` (with `skip` the same call goes on), `DATA_DAMAGED` and its like, and what the store throws.
 */
export async function importArchive(options: ImportArchiveOptions): Promise<Imported> {
  const { open, to, scope = {}, existing, signal, limits, onHash, onProgress = () => {} } = options
  const there: DocumentKey[] = []
  let found = 0
  const { totals } = await checkArchive(open, {
    ...(signal && { signal }),
    ...(limits && { limits }),
    onItem: async (item) => {
      const document = documentIn(item, scope)
      if (!document) return
      found += 1
      onProgress({ phase: 'reading', done: found })
      if (await to.head(document.head.key)) there.push(document.head.key)
    },
  })
  if (found === 0) throw new DataError('DATA_NOT_FOUND', 'the archive has no such document')
  if (existing === 'refuse' && there.length > 0) throw exists(there)
  const flow = new Flow({ ...archiveLimits, ...limits })
  const counts = { imported: 0, skipped: 0 }
  const one = async (document: StoredDocument): Promise<void> => {
    const isNew = await importNew(to, document)
    if (!isNew && existing === 'refuse') throw exists([document.head.key])
    counts[isNew ? 'imported' : 'skipped'] += 1
    if (isNew) onHash?.(document.head.key, documentHash(document))
    onProgress({ phase: 'importing', done: counts.imported + counts.skipped })
  }
  const archive = await openArchive(unpacked(open()), limits)
  await flow.each(stoppable(archive.items(), signal), (item) => {
    const document = documentIn(item, scope)
    return document && { bytes: documentBytes(document), work: () => one(document) }
  })
  return { ...counts, totals }
}

function documentIn(item: StoreItem, { tenant, id }: Scope): StoredDocument | undefined {
  if (item.type !== 'document') return undefined
  const { key } = item.document.head
  const isMeant = (tenant === undefined || key.tenant === tenant) && (id === undefined || key.id === id)
  return isMeant ? item.document : undefined
}

/** False when the store has, or had, such a document. */
async function importNew(to: Store, document: StoredDocument): Promise<boolean> {
  try {
    await to.importDocument(document, { arrival: 'now' })
    return true
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_CONFLICT') return false
    throw error
  }
}

function exists(keys: readonly DocumentKey[]): DataError {
  const names = keys.slice(0, NAMED_MAX).map(({ tenant, id }) => `${JSON.stringify(id)} of ${JSON.stringify(tenant)}`)
  const more = keys.length > NAMED_MAX ? ` and ${keys.length - NAMED_MAX} more` : ''
  return new DataError('DATA_EXISTS', `the store has, or had, ${names.join(', ')}${more}`)
}
