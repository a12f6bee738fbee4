import { StoreError, type StoreErrorCode } from '@joinery/sync'

/** Primary result codes of SQLite that mean something else than a failing medium. */
const codes: ReadonlyMap<number, StoreErrorCode> = new Map([
  // SQLITE_BUSY and SQLITE_LOCKED: we wait for nobody, so whoever holds the file is another owner.
  [5, 'STORE_LOCKED'],
  [6, 'STORE_LOCKED'],
  // SQLITE_FULL. It has rolled back by then.
  [13, 'STORE_FULL'],
  // SQLITE_NOTADB.
  [26, 'STORE_FORMAT'],
])

/** The refusal that a failure of the driver or of the file system amounts to. A refusal passes unchanged. */
export function storeFailure(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error
  // The low byte is the primary code, the rest tells variants apart.
  const code = codes.get(resultCode(error) & 0xff) ?? 'STORE_IO'
  const message = error instanceof Error ? error.message : String(error)
  return new StoreError(code, `${doing}: ${message}`, { cause: error })
}

/** SQLITE_ERROR: a statement does not fit the tables that are there. */
export function isWrongSchema(error: unknown): boolean {
  return (resultCode(error) & 0xff) === 1
}

function resultCode(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return 0
  return typeof error.errcode === 'number' ? error.errcode : 0
}
