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
  /** Told after each document, when it is stored or was there. */
  readonly onDocument?: () => void
  readonly limits?: Partial<ArchiveLimits>
}

/** Writes items to a store that is being filled. Documents are under way side by side; all are durable when it resolves. */
export async function fillStore(
  target: Store,
  items: AsyncIterable<StoreItem>,
  { onDocument, limits }: FillOptions = {},
): Promise<void> {
  const flow = new Flow({ ...archiveLimits, ...limits })
  let receipts: Receipt[] = []
  const flushReceipts = async () => {
    const batch = receipts
    receipts = []
    await flow.run(0, () => target.importReceipts(batch))
  }
  try {
    for await (const item of items) {
      if (item.type === 'document') {
        const { document } = item
        await flow.run(documentBytes(document), () => importOnce(target, document).then(onDocument))
      } else if (item.type === 'receipt') {
        if (receipts.push(item.receipt) >= 500) await flushReceipts()
      } else {
        await flow.run(0, () => target.setValue(item.name, item.value))
      }
    }
    await flushReceipts()
  } finally {
    await flow.settled()
  }
  flow.throwFailure()
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

async function importOnce(target: Store, document: StoredDocument): Promise<void> {
  if (await hasHead(target, document.head)) return
  await target.importDocument(document, { arrival: 'kept', replaces: true })
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

/** The hash over everything, and on the way that of each document. */
export async function totalsOf(
  items: AsyncIterable<StoreItem>,
  onDocument?: (key: DocumentKey, hash: string) => void,
): Promise<Totals> {
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

/** Work under way, bounded in number and bytes. The first failure stops what comes after it. */
class Flow {
  readonly #limits: ArchiveLimits
  readonly #running = new Set<Promise<void>>()
  #bytes = 0
  #failure: { readonly error: unknown } | undefined

  constructor(limits: ArchiveLimits) {
    this.#limits = limits
  }

  /** Begins the work as soon as there is room for it. */
  async run(bytes: number, work: () => Promise<void>): Promise<void> {
    const { inFlightDocumentsMax, inFlightBytesMax } = this.#limits
    while (
      this.#running.size > 0 &&
      (this.#running.size >= inFlightDocumentsMax || this.#bytes + bytes > inFlightBytesMax)
    ) {
      await Promise.race(this.#running)
    }
    this.throwFailure()
    this.#bytes += bytes
    const done = work()
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#bytes -= bytes
        this.#running.delete(done)
      })
    this.#running.add(done)
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  throwFailure(): void {
    if (this.#failure) throw this.#failure.error
  }
}
