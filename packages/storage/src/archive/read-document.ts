import {
  type DocumentHead,
  type DocumentKey,
  type LogEntry,
  type Store,
  type StoredDocument,
  StoreError,
} from '@joinery/sync'
import { misfit } from '../common/stored-document.ts'
import type { ArchiveLimits } from './limits.ts'

/**
 * Reads a document as it is at one moment, also while others write to it. Its parts are read one after the other; what is
 * appended meanwhile is left out, and when its history was folded or it was deleted meanwhile, the parts do not fit each other
 * and are read again. Undefined when there never was such a document.
 */
export async function readDocument(
  store: Store,
  key: DocumentKey,
  limits: Pick<ArchiveLimits, 'pageEntriesMax' | 'readAttemptsMax'>,
): Promise<StoredDocument | undefined> {
  for (let attempt = 0; attempt < limits.readAttemptsMax; attempt += 1) {
    const head = await store.head(key)
    if (!head) return undefined
    const document = await readParts(store, head, limits.pageEntriesMax)
    if (misfit(document) === undefined) return document
  }
  throw new StoreError('STORE_CONFLICT', `${JSON.stringify(key.id)} changed again and again while it was read`)
}

async function readParts(store: Store, head: DocumentHead, pageEntriesMax: number): Promise<StoredDocument> {
  const { key, deleted, snapshotVersion, compactedVersion } = head
  // A first life that was never folded has no end before it.
  const tombstone = compactedVersion === 0 ? undefined : await store.tombstone(key)
  const snapshot = snapshotVersion === 0 ? undefined : await store.snapshot(key)
  const log = deleted ? [] : await readLog(store, head, pageEntriesMax)
  return { head, log, ...(tombstone && { tombstone }), ...(snapshot && { snapshot }) }
}

async function readLog(store: Store, head: DocumentHead, pageEntriesMax: number): Promise<readonly LogEntry[]> {
  const { key, version, compactedVersion } = head
  const log: LogEntry[] = []
  for (let after = compactedVersion; after < version; ) {
    const page = await store.log(key, { after, limit: Math.min(pageEntriesMax, version - after) })
    const last = page.at(-1)
    if (!last) break
    log.push(...page)
    after = last.version
  }
  return log
}
