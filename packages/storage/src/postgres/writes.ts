import type { Commit, DocumentKey, ImportOptions, LogEntry, Receipt, StoredDocument } from '@joinery/sync'
import type { Compaction } from '../common/durable-store.ts'
import { checkCommit, checkCompaction, checkImport, headAfterCommit, headAfterCompaction } from '../common/rules.ts'
import { entriesOf } from '../common/stored-document.ts'
import type { GroupState } from './group-state.ts'

/** A write until it is stored. */
export interface Write {
  /** What it must see. */
  readonly documents: readonly DocumentKey[]
  /** Tenants that must be there before it, as it adds the first that they have. */
  readonly tenants: readonly string[]
  /** Works it out, and answers with what its caller gets. Refuses before it has changed anything. */
  readonly run: (state: GroupState) => unknown
}

export function commitWrite(commit: Commit): Write {
  const { key, kind, receipt } = commit
  const tenants = [...(kind === 'begin' ? [key.tenant] : []), ...(receipt ? [receipt.tenant] : [])]
  return { documents: [key], tenants, run: (state) => runCommit(state, commit) }
}

function runCommit(state: GroupState, commit: Commit): readonly LogEntry[] {
  const { kind, incarnation } = commit
  const { tenant, id } = commit.key
  const head = state.head(commit.key)
  checkCommit(head, commit)
  const isEnd = kind === 'end'
  const document = state.change(headAfterCommit(head, commit))
  if (isEnd) {
    document.dropsLog = true
    document.entries = []
    document.snapshot = null
  }
  const entries = commit.entries.map(({ change, attributes }, i): LogEntry => {
    document.tenant.lastPosition += 1
    const position = document.tenant.lastPosition
    const version = commit.expectedVersion + i + 1
    return { key: { tenant, id }, version, position, incarnation, change, attributes }
  })
  for (const entry of entries) document.entries.push({ entry, isEnd })
  if (commit.receipt) state.putReceipt(commit.receipt)
  state.commits.push({ key: { tenant, id }, version: document.head.version })
  return entries
}

export function compactionWrite(key: DocumentKey, { snapshot, keepAfter }: Compaction): Write {
  return {
    documents: [key],
    tenants: [],
    run(state) {
      const head = state.head(key)
      checkCompaction(head, snapshot)
      const document = state.change(headAfterCompaction(head!, snapshot, keepAfter))
      document.snapshot = snapshot
      document.cutsUpTo = Math.max(document.cutsUpTo, keepAfter)
      document.entries = document.entries.filter(({ entry, isEnd }) => isEnd || entry.version > keepAfter)
    },
  }
}

export function importWrite(document: StoredDocument, options: ImportOptions): Write {
  const { key } = document.head
  return { documents: [key], tenants: [key.tenant], run: (state) => runImport(state, document, options) }
}

/** Whether a position is taken is the index's to say, when all is stored. */
function runImport(state: GroupState, document: StoredDocument, options: ImportOptions): void {
  const { head, snapshot } = document
  const before = state.head(head.key)
  checkImport(before, options)
  const stored = state.change(head)
  const { tenant } = stored
  stored.dropsLog = before !== undefined
  stored.snapshot = snapshot ?? (before === undefined ? undefined : null)
  stored.entries = entriesOf(document).map((entry) => {
    const position = options.arrival === 'kept' ? entry.position : tenant.lastPosition + 1
    tenant.lastPosition = Math.max(tenant.lastPosition, position)
    return { entry: { ...entry, position }, isEnd: entry === document.tombstone }
  })
  state.commits.push({ key: { tenant: head.key.tenant, id: head.key.id }, version: head.version })
}

export function receiptsWrite(receipts: readonly Receipt[]): Write {
  return {
    documents: [],
    tenants: [...new Set(receipts.map(({ tenant }) => tenant))],
    run(state) {
      for (const receipt of receipts) state.putReceipt(receipt)
    },
  }
}

export function valueWrite(name: string, value: string | undefined): Write {
  return {
    documents: [],
    tenants: [],
    run(state) {
      state.values.set(name, value)
    },
  }
}
