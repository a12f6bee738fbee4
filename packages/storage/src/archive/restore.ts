/** Writes an archive of a whole store into an empty one. */
import type { Store } from '@joinery/sync'
import { type Archive, openArchive } from './decode-archive.ts'
import type { ArchiveHeader } from './encode-archive.ts'
import { DataError } from './errors.ts'
import { beginFilling, dropValues, fillStore, finishFilling, type HashListener, totalsOf } from './fill-store.ts'
import type { Totals } from './hash.ts'
import type { StoreItem } from './items.ts'
import { type ArchiveLimits, archiveLimits } from './limits.ts'
import { interrupted, readStore } from './read-store.ts'
import { unpacked } from './unpack.ts'

/** Opens the bytes of an archive from the beginning; called once per pass over it. */
export type OpenBytes = () => AsyncIterable<Uint8Array>

/** How far it is. `reading` the file through, `writing` it, `checking` what was written. */
export interface RestoreProgress {
  readonly phase: 'reading' | 'writing' | 'checking'
  readonly done: number
  /** Known once the file was read through. */
  readonly total?: number
}

export interface RestoreOptions {
  readonly open: OpenBytes
  readonly to: Store
  readonly onProgress?: (progress: RestoreProgress) => void
  /** Told of each document of the target when it is read again. */
  readonly onHash?: HashListener
  /** Stops at the next document; what was written stays, and the same call goes on from there. */
  readonly signal?: AbortSignal
  readonly limits?: Partial<ArchiveLimits>
}

/**
 * Reads the archive through, and only then writes: a damaged one changes nothing. Throws `DATA_NOT_BACKUP` for an archive of a part
 * of a store, `DATA_TARGET_NOT_EMPTY`, `DATA_INTERRUPTED`, `DATA_DIFFERS`, `DATA_DAMAGED` and its like, and what the store throws.
 */
export async function restore(options: RestoreOptions): Promise<Totals & { readonly isResumed: boolean }> {
  const { open, to, signal, limits, onProgress = () => {}, onHash } = options
  const { header, totals } = await checkArchive(open, { ...options, onDocument: counter('reading', onProgress) })
  requireWhole(header)
  const { isResumed } = await beginFilling(to, `archive ${header.storeId} ${header.madeAt} ${totals.hash}`)
  if (isResumed) await dropValues(to)
  const total = totals.documents
  const archive = await openArchive(unpacked(open()), limits)
  const items = stoppable(archive.items(), signal)
  const onDocument = counter('writing', onProgress, total)
  await fillStore(to, items, { isResumed, onDocument, ...(limits && { limits }) })
  const count = counter('checking', onProgress, total)
  const reading = { content: 'everything', ...(signal && { signal }), ...(limits && { limits }) } as const
  const found = await totalsOf(readStore(to, reading), (key, hash) => {
    onHash?.(key, hash)
    count()
  })
  await finishFilling(to, found, totals)
  return { ...found, isResumed }
}

export interface CheckOptions {
  readonly onDocument?: HashListener
  /** The next item is read when it is done with this one. */
  readonly onItem?: (item: StoreItem) => Promise<void>
  readonly signal?: AbortSignal
  readonly limits?: Partial<ArchiveLimits>
}

/** Reads an archive through. Throws `DATA_DAMAGED` and its like when anything in it is not right. */
export async function checkArchive(
  open: OpenBytes,
  { onDocument, onItem, signal, limits }: CheckOptions = {},
): Promise<{ readonly header: ArchiveHeader; readonly totals: Totals }> {
  const archive = await openArchive(unpacked(open()), { ...archiveLimits, ...limits })
  // The items hold against the last line of the archive when they come to their end.
  const items = stoppable(archive.items(), signal)
  return { header: archive.header, totals: await totalsOf(onItem ? told(items, onItem) : items, onDocument) }
}

async function* told(
  items: AsyncIterable<StoreItem>,
  onItem: (item: StoreItem) => Promise<void>,
): AsyncGenerator<StoreItem> {
  for await (const item of items) {
    await onItem(item)
    yield item
  }
}

/** The items, until the signal says that it is enough. */
export async function* stoppable(
  items: ReturnType<Archive['items']>,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoreItem> {
  for await (const item of items) {
    if (signal?.aborted) throw interrupted()
    yield item
  }
}

function requireWhole({ content, scope }: ArchiveHeader): void {
  if (content === 'everything' && scope.tenant === undefined) return
  throw new DataError('DATA_NOT_BACKUP', 'the archive has only a part of a store')
}

function counter(
  phase: RestoreProgress['phase'],
  onProgress: NonNullable<RestoreOptions['onProgress']>,
  total?: number,
): () => void {
  let done = 0
  const report = () => onProgress(total === undefined ? { phase, done } : { phase, done, total })
  report()
  return () => {
    done += 1
    report()
  }
}
