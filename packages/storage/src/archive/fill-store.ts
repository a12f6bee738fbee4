/**
 * Fills an empty store. While that lasts a mark in the store says so, and whoever would serve from it is refused: half of the data
 * must not be taken for all of it. Whoever is interrupted begins again with the same source, and what is there already is passed over.
 */
import {
  type DocumentHead,
  type DocumentKey,
  ownValuePrefix,
  type Receipt,
  type Store,
  type StoredDocument,
  unfinishedValue,
} from '@joinery/sync'
import { documentBytes } from '../common/stored-document.ts'
import { DataError } from './errors.ts'
import { Flow } from './flow.ts'
import { ContentHash, sameTotals, type Totals } from './hash.ts'
import type { StoreItem } from './items.ts'
import { type ArchiveLimits, archiveLimits } from './limits.ts'
import { isEmpty } from './read-store.ts'

/**
 * Marks a store as being filled from a source, which is named by a text that is the same each time. Answers whether that was begun
 * before. Refused with `DATA_TARGET_NOT_EMPTY` when the store holds data of its own, or part of another source's.
 */
export async function beginFilling(target: Store, source: string): Promise<{ readonly isResumed: boolean }> {
  const begun = await target.value(unfinishedValue)
  if (begun === source) return { isResumed: true }
  if (begun !== undefined) {
    throw new DataError(
      'DATA_TARGET_NOT_EMPTY',
      'the target was being filled from another source, which was interrupted',
    )
  }
  if (!(await isEmpty(target))) throw new DataError('DATA_TARGET_NOT_EMPTY', 'the target holds other data')
  await target.setValue(unfinishedValue, source)
  return { isResumed: false }
}

export interface FillOptions {
  /** Some may be there already. */
  readonly isResumed?: boolean
  /** Told after each document, when it is stored or was there. */
  readonly onDocument?: () => void
  readonly limits?: Partial<ArchiveLimits>
}

/** Writes items to a store that is being filled. Documents are under way side by side; all are durable when it resolves. */
export async function fillStore(
  target: Store,
  items: AsyncIterable<StoreItem>,
  { isResumed = false, onDocument, limits }: FillOptions = {},
): Promise<void> {
  const bounds = { ...archiveLimits, ...limits }
  const flow = new Flow(bounds)
  let receipts: Receipt[] = []
  const storeReceipts = () => {
    const batch = receipts
    receipts = []
    return { bytes: 0, work: () => target.importReceipts(batch) }
  }
  await flow.each(items, (item) => {
    switch (item.type) {
      case 'document': {
        const { document } = item
        return { bytes: documentBytes(document), work: () => importOne(target, document, isResumed).then(onDocument) }
      }
      case 'receipt':
        return receipts.push(item.receipt) < bounds.receiptsTogetherMax ? undefined : storeReceipts()
      case 'value':
        return { bytes: 0, work: () => target.setValue(item.name, item.value) }
    }
  })
  await storeReceipts().work()
}

/** Whether a store has a document with exactly this head, so that nothing of it has to be written. */
export async function hasHead(store: Store, head: DocumentHead): Promise<boolean> {
  const there = await store.head(head.key)
  if (!there) return false
  const { version, incarnation, deleted, snapshotVersion, compactedVersion, attributes } = there
  return (
    version === head.version &&
    incarnation === head.incarnation &&
    deleted === head.deleted &&
    snapshotVersion === head.snapshotVersion &&
    compactedVersion === head.compactedVersion &&
    attributes === head.attributes
  )
}

async function importOne(target: Store, document: StoredDocument, isResumed: boolean): Promise<void> {
  if (isResumed && (await hasHead(target, document.head))) return
  await target.importDocument(document, { arrival: 'kept', replaces: isResumed })
}

/** Removes values that the source has not, or has no longer. */
export async function dropValues(target: Store): Promise<void> {
  for (const { name } of await target.values('')) {
    if (!name.startsWith(ownValuePrefix)) await target.setValue(name, undefined)
  }
}

/** Takes the mark away when what was written is what it was written from. Throws `DATA_DIFFERS` otherwise; the mark stays then. */
export async function finishFilling(target: Store, found: Totals, expected: Totals): Promise<void> {
  if (!sameTotals(found, expected)) {
    throw new DataError(
      'DATA_DIFFERS',
      `the target has ${describeTotals(found)}, the source has ${describeTotals(expected)}`,
    )
  }
  await target.setValue(unfinishedValue, undefined)
}

export type HashListener = (key: DocumentKey, hash: string) => void

/** The hash over everything, and on the way that of each document. */
export async function totalsOf(items: AsyncIterable<StoreItem>, onDocument?: HashListener): Promise<Totals> {
  const all = new ContentHash()
  for await (const item of items) {
    const hash = all.add(item)
    if (item.type === 'document' && hash !== undefined) onDocument?.(item.document.head.key, hash)
  }
  return all.totals()
}

function describeTotals({ documents, receipts, values, hash }: Totals): string {
  return `${documents} documents, ${receipts} receipts and ${values} values with hash ${hash}`
}
