import type {
  Commit,
  DocumentHead,
  DocumentKey,
  ListOptions,
  LogEntry,
  LogOptions,
  Receipt,
  StoredDocument,
  StoredSnapshot,
  StoreErrorCode,
} from '@joinery/sync'
import { bytesOf } from './case.ts'

/**
 * The contract once more, as plainly as it can be said: lists that are filtered. It shares no code with any adapter, and it
 * is slow. The random runs compare a store with it.
 */
export class Model {
  heads: DocumentHead[] = []
  /** Entries that some log still shows, in order of arrival. */
  entries: (LogEntry & { readonly isEnd: boolean })[] = []
  snapshots: (StoredSnapshot & { readonly key: DocumentKey })[] = []
  receipts: Receipt[] = []
  values: { readonly name: string; readonly value: string }[] = []

  head(key: DocumentKey): DocumentHead | undefined {
    return this.heads.find((head) => isKey(head.key, key))
  }

  refusal(commit: Commit): StoreErrorCode | undefined {
    const head = this.head(commit.key)
    if ((head === undefined ? 0 : head.version) !== commit.expectedVersion) return 'STORE_CONFLICT'
    const lives = head !== undefined && head.deleted === false
    if (commit.kind === 'begin' && lives) return 'STORE_CONFLICT'
    if (commit.kind === 'begin' && head && head.incarnation === commit.incarnation) return 'STORE_CONFLICT'
    if (commit.kind !== 'begin' && !lives) return 'STORE_CONFLICT'
    if (commit.kind !== 'begin' && head!.incarnation !== commit.incarnation) return 'STORE_CONFLICT'
    return undefined
  }

  /** Applies a commit that is not refused. The positions are the store's to choose. */
  apply(commit: Commit, positions: readonly number[]): void {
    const { key, incarnation, kind } = commit
    const isEnd = kind === 'end'
    if (isEnd) {
      this.entries = this.entries.filter((entry) => !isKey(entry.key, key))
      this.snapshots = this.snapshots.filter((snapshot) => !isKey(snapshot.key, key))
    }
    for (const [i, { change, attributes }] of commit.entries.entries()) {
      const version = commit.expectedVersion + i + 1
      this.entries.push({ key, version, position: positions[i]!, incarnation, change, attributes, isEnd })
    }
    const version = commit.expectedVersion + commit.entries.length
    const old = this.head(key)
    const none = { snapshotVersion: 0, compactedVersion: isEnd ? version : commit.expectedVersion }
    const covered = kind === 'append' ? old! : none
    const attributes = kind === 'begin' ? (commit.attributes ?? '') : old!.attributes
    const { snapshotVersion, compactedVersion } = covered
    this.setHead({ key, version, incarnation, deleted: isEnd, attributes, snapshotVersion, compactedVersion })
    if (commit.receipt) {
      const { receipt } = commit
      this.receipts = [...this.receipts.filter((other) => !isSameReceipt(other, receipt)), receipt]
    }
  }

  log(key: DocumentKey, { after, limit }: LogOptions): LogEntry[] {
    const own = this.entries.filter((entry) => isKey(entry.key, key) && !entry.isEnd && entry.version > after)
    return own
      .sort((a, b) => a.version - b.version)
      .slice(0, limit)
      .map(withoutMark)
  }

  tenantLog(tenant: string, { after, limit }: LogOptions): LogEntry[] {
    const own = this.entries.filter((entry) => entry.key.tenant === tenant && entry.position > after)
    return own
      .sort((a, b) => a.position - b.position)
      .slice(0, limit)
      .map(withoutMark)
  }

  tombstone(key: DocumentKey): LogEntry | undefined {
    const found = this.entries.find((entry) => isKey(entry.key, key) && entry.isEnd)
    return found && withoutMark(found)
  }

  /** All that there is of a document. */
  stored(key: DocumentKey): StoredDocument | undefined {
    const head = this.head(key)
    const [tombstone, snapshot] = [this.tombstone(key), this.snapshot(key)]
    const log = this.log(key, { after: 0, limit: 1_000_000 })
    return head && { head, log, ...(tombstone ? { tombstone } : {}), ...(snapshot ? { snapshot } : {}) }
  }

  /** Why a document is not imported at the positions it has, if there is a reason. */
  importRefusal({ head, tombstone, log }: StoredDocument, replaces: boolean): StoreErrorCode | undefined {
    if (this.head(head.key) && !replaces) return 'STORE_CONFLICT'
    const wanted = new Set([...(tombstone ? [tombstone] : []), ...log].map(({ position }) => position))
    const others = this.entries.filter(({ key }) => key.tenant === head.key.tenant && key.id !== head.key.id)
    return others.some(({ position }) => wanted.has(position)) ? 'STORE_CONFLICT' : undefined
  }

  import({ head, tombstone, snapshot, log }: StoredDocument): void {
    const { key } = head
    const entries = log.map((entry) => ({ ...entry, isEnd: false }))
    if (tombstone) entries.push({ ...tombstone, isEnd: true })
    this.entries = [...this.entries.filter((entry) => !isKey(entry.key, key)), ...entries]
    this.snapshots = this.snapshots.filter((other) => !isKey(other.key, key))
    if (snapshot) this.snapshots.push({ ...snapshot, key })
    this.setHead(head)
  }

  tenants(): string[] {
    const names = [...this.heads.map(({ key }) => key.tenant), ...this.receipts.map(({ tenant }) => tenant)]
    return [...new Set(names)].sort(compareBytes)
  }

  receiptsOf(tenant: string): Receipt[] {
    const own = this.receipts.filter((receipt) => receipt.tenant === tenant)
    return own.sort((a, b) => compareBytes(a.scope, b.scope) || compareBytes(a.key, b.key))
  }

  snapshot(key: DocumentKey): StoredSnapshot | undefined {
    const found = this.snapshots.find((snapshot) => isKey(snapshot.key, key))
    if (!found) return undefined
    const { key: _, ...snapshot } = found
    return snapshot
  }

  /** Compacts, or answers why not. */
  compact(key: DocumentKey, snapshot: StoredSnapshot, keepAfter: number): StoreErrorCode | undefined {
    const head = this.head(key)
    if (!head || head.deleted || head.incarnation !== snapshot.incarnation) return 'STORE_CONFLICT'
    const oldest = Math.max(head.snapshotVersion, head.compactedVersion)
    if (snapshot.version < oldest || snapshot.version > head.version) return 'STORE_CONFLICT'
    this.snapshots = [...this.snapshots.filter((other) => !isKey(other.key, key)), { ...snapshot, key }]
    this.entries = this.entries.filter((entry) => !isKey(entry.key, key) || entry.isEnd || entry.version > keepAfter)
    const compactedVersion = keepAfter > head.compactedVersion ? keepAfter : head.compactedVersion
    this.setHead({ ...head, snapshotVersion: snapshot.version, compactedVersion })
    return undefined
  }

  /** All pages of a listing at once. */
  documents(tenant: string, { prefix = '', deleted = false }: Omit<ListOptions, 'limit'>): DocumentHead[] {
    const own = this.heads.filter(({ key }) => key.tenant === tenant && key.id.startsWith(prefix))
    return own.filter((head) => deleted || !head.deleted).sort((a, b) => compareBytes(a.key.id, b.key.id))
  }

  receipt(tenant: string, scope: string, key: string): Receipt | undefined {
    return this.receipts.find((receipt) => isSameReceipt(receipt, { tenant, scope, key }))
  }

  purgeReceipts(nowMs: number): number {
    const before = this.receipts.length
    this.receipts = this.receipts.filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs)
    return before - this.receipts.length
  }

  setValue(name: string, value: string | undefined): void {
    this.values = this.values.filter((other) => other.name !== name)
    if (value !== undefined) this.values.push({ name, value })
  }

  listValues(prefix: string): { readonly name: string; readonly value: string }[] {
    return this.values.filter(({ name }) => name.startsWith(prefix)).sort((a, b) => compareBytes(a.name, b.name))
  }

  private setHead(head: DocumentHead): void {
    this.heads = [...this.heads.filter((other) => !isKey(other.key, head.key)), head]
  }
}

function isKey(a: DocumentKey, b: DocumentKey): boolean {
  return a.tenant === b.tenant && a.id === b.id
}

function isSameReceipt(
  a: Pick<Receipt, 'tenant' | 'scope' | 'key'>,
  b: Pick<Receipt, 'tenant' | 'scope' | 'key'>,
): boolean {
  return a.tenant === b.tenant && a.scope === b.scope && a.key === b.key
}

function withoutMark({ isEnd: _, ...entry }: LogEntry & { readonly isEnd: boolean }): LogEntry {
  return entry
}

function compareBytes(a: string, b: string): number {
  const [x, y] = [bytesOf(a), bytesOf(b)]
  const at = x.findIndex((byte, i) => byte !== y[i])
  return at < 0 ? x.length - y.length : x[at]! - (y[at] ?? -1)
}
