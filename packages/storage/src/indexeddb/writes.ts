import type { Commit, ImportOptions, LogEntry, Receipt, StoredDocument } from '@joinery/sync'
import type { Compaction } from '../common/durable-store.ts'
import {
  checkCommit,
  checkCompaction,
  checkImport,
  headAfterCommit,
  headAfterCompaction,
  positionTaken,
} from '../common/rules.ts'
import { entriesOf } from '../common/stored-document.ts'
import type { Group, Write } from './group.ts'
import { compare, documentKey, toBytes, versionsAfter } from './keys.ts'
import { entryRecord, receiptRecord, snapshotRecord } from './records.ts'
import { answered } from './request.ts'

/** One commit; answers with what is stored. */
export function commitWrite(commit: Commit): Write {
  const { kind, incarnation, expectedVersion } = commit
  const { tenant, id } = commit.key
  const document = { tenant, id }
  return {
    document,
    run(group) {
      const head = group.head(document)
      checkCommit(head, commit)
      if (kind === 'end') dropLife(group, document)
      const entries = commit.entries.map(({ change, attributes }, i): LogEntry => {
        const version = expectedVersion + i + 1
        return { key: document, version, position: group.nextPosition(), incarnation, change, attributes }
      })
      putEntries(group, entries)
      const after = headAfterCommit(head, commit)
      group.setHead({ ...after, tombstoneVersion: after.deleted ? after.version : (head?.tombstoneVersion ?? 0) })
      if (commit.receipt) putReceipts(group, [commit.receipt])
      return entries
    },
  }
}

/** The snapshot, and with it the cut. */
export function compactionWrite(document: LogEntry['key'], { snapshot, keepAfter }: Compaction): Write {
  return {
    document,
    run(group) {
      const head = group.head(document)
      checkCompaction(head, snapshot)
      const { compactedVersion } = head!
      group.transaction.objectStore('snapshots').put(snapshotRecord(document, snapshot))
      if (keepAfter > compactedVersion) {
        group.transaction.objectStore('log').delete(versionsAfter(document, compactedVersion, keepAfter))
      }
      group.setHead({ ...head!, ...headAfterCompaction(head!, snapshot, keepAfter) })
    },
  }
}

/** A document as another store has it. */
export function importWrite(document: StoredDocument, options: ImportOptions): Write {
  const { head, snapshot, tombstone } = document
  const { tenant, id } = head.key
  const isKept = options.arrival === 'kept'
  return {
    document: head.key,
    async run(group) {
      const before = group.head(head.key)
      checkImport(before, options)
      const entries = entriesOf(document)
      if (isKept) await requireFree(group, entries)
      if (before) dropLife(group, head.key)
      putEntries(
        group,
        entries.map((entry) => {
          const position = isKept ? group.takePosition(entry.position) : group.nextPosition()
          return { ...entry, key: { tenant, id }, position }
        }),
      )
      if (snapshot) group.transaction.objectStore('snapshots').put(snapshotRecord(head.key, snapshot))
      group.setHead({ ...head, tombstoneVersion: tombstone?.version ?? 0 })
    },
  }
}

export function receiptsWrite(receipts: readonly Receipt[]): Write {
  return { run: (group) => putReceipts(group, receipts) }
}

/** Forgets at most `limit` receipts that are due; answers how many. */
export function purgeWrite(nowMs: number, limit: number): Write {
  return {
    async run({ transaction }) {
      const receipts = transaction.objectStore('receipts')
      const due = await answered(receipts.index('expiry').getAllKeys(IDBKeyRange.upperBound(nowMs), limit))
      for (const key of due) receipts.delete(key)
      return due.length
    },
  }
}

export function valueWrite(name: string, value: string | undefined): Write {
  return {
    run({ transaction }) {
      const values = transaction.objectStore('values')
      if (value === undefined) values.delete(toBytes(name))
      else values.put(value, toBytes(name))
    },
  }
}

/** Log, snapshot and the tombstone of the life before. */
function dropLife({ transaction }: Group, document: LogEntry['key']): void {
  transaction.objectStore('log').delete(versionsAfter(document, 0))
  transaction.objectStore('snapshots').delete(documentKey(document))
}

function putEntries({ transaction }: Group, entries: readonly LogEntry[]): void {
  const log = transaction.objectStore('log')
  for (const entry of entries) log.put(entryRecord(entry))
}

/** Refused when an entry of another document stands where one of these is to stand. */
async function requireFree({ transaction }: Group, entries: readonly LogEntry[]): Promise<void> {
  const arrivals = transaction.objectStore('log').index('arrival')
  for (const { key, position } of entries) {
    const found = await answered(arrivals.getKey([toBytes(key.tenant), position]))
    const isTaken = found && compare((found as IDBValidKey[]).slice(0, 2), documentKey(key)) !== 0
    if (isTaken) throw positionTaken(position)
  }
}

function putReceipts({ transaction }: Group, receipts: readonly Receipt[]): void {
  const store = transaction.objectStore('receipts')
  for (const receipt of receipts) store.put(receiptRecord(receipt))
}
