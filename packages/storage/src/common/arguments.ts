import {
  type Commit,
  type ListOptions,
  type LogOptions,
  type PageOptions,
  type Receipt,
  type StoredSnapshot,
  StoreError,
} from '@joinery/sync'

/**
 * What every adapter checks before it looks at its data. A mistake of the caller is refused here, whatever is stored, so that
 * it never reaches a driver as a strange value.
 */

/** The id that a cursor continues after. A cursor is readable on purpose: it survives a restart and needs no memory here. */
const cursorMark = 'after:'

export function cursorAfter(id: string): string {
  return cursorMark + id
}

export function idOfCursor(cursor: string): string {
  if (!cursor.startsWith(cursorMark)) throw refusal('this cursor was not given by a store')
  return cursor.slice(cursorMark.length)
}

const receiptMark = 'receipt:'

/** The names that a cursor of receipts continues after. */
export interface ReceiptPlace {
  readonly scope: string
  readonly key: string
}

export function cursorAfterReceipt({ scope, key }: ReceiptPlace): string {
  return receiptMark + JSON.stringify([scope, key])
}

export function placeOfCursor(cursor: string): ReceiptPlace {
  const names = cursor.startsWith(receiptMark) ? namesIn(cursor.slice(receiptMark.length)) : undefined
  if (!names) throw refusal('this cursor was not given by a store')
  return names
}

function namesIn(text: string): ReceiptPlace | undefined {
  try {
    const names: unknown = JSON.parse(text)
    if (!Array.isArray(names) || names.length !== 2) return undefined
    const [scope, key] = names as unknown[]
    return typeof scope === 'string' && typeof key === 'string' ? { scope, key } : undefined
  } catch {
    return undefined
  }
}

export function checkCommitArguments(commit: Commit): void {
  checkVersion(commit.expectedVersion, 'expectedVersion')
  if (commit.entries.length === 0) throw refusal('a commit has at least one entry')
  if (commit.kind === 'end' && commit.entries.length !== 1) {
    throw refusal('the commit that ends a life has exactly one entry')
  }
  if (commit.receipt) checkReceiptArguments(commit.receipt)
}

export function checkReceiptArguments({ expiresAtMs }: Receipt): void {
  if (expiresAtMs === undefined || Number.isSafeInteger(expiresAtMs)) return
  throw refusal(`expiresAtMs is a whole number of milliseconds, not ${expiresAtMs}`)
}

export function checkCompactionArguments(snapshot: StoredSnapshot, keepAfter: number): void {
  checkVersion(snapshot.version, 'the snapshot version')
  if (snapshot.version === 0) throw refusal('a snapshot covers at least one change')
  checkVersion(keepAfter, 'keepAfter')
  if (keepAfter > snapshot.version) throw refusal('the log is cut only where the snapshot covers it')
}

export function checkLogArguments({ after, limit }: LogOptions): void {
  checkVersion(after, 'after')
  checkLimit(limit)
}

export function checkListArguments({ limit, cursor }: ListOptions | PageOptions): void {
  checkLimit(limit)
  if (cursor !== undefined) idOfCursor(cursor)
}

export function checkReceiptsArguments({ limit, cursor }: PageOptions): void {
  checkLimit(limit)
  if (cursor !== undefined) placeOfCursor(cursor)
}

export function checkPurgeArguments(nowMs: number): void {
  if (Number.isNaN(nowMs)) throw refusal('nowMs is a number of milliseconds')
}

function checkVersion(value: number, name: string): void {
  if (!Number.isSafeInteger(value)) throw refusal(`${name} is a whole number, not ${value}`)
  if (value < 0) throw refusal(`${name} is not negative, but ${value} is`)
}

function checkLimit(limit: number): void {
  if (!Number.isSafeInteger(limit)) throw refusal(`limit is a whole number, not ${limit}`)
  if (limit < 1) throw refusal(`limit is at least 1, not ${limit}`)
}

function refusal(message: string): StoreError {
  return new StoreError('STORE_ARGUMENT', message)
}
