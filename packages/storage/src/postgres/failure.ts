import { StoreError, type StoreErrorCode } from '@joinery/sync'

/** States of PostgreSQL that mean something else than a failing medium. */
const codes: ReadonlyMap<string, StoreErrorCode> = new Map([
  // lock_not_available: another owner's transaction took too long.
  ['55P03', 'STORE_BUSY'],
  // unique_violation: an import has a position that another document has. Nothing else is written that could be there already.
  ['23505', 'STORE_CONFLICT'],
])

/** The refusal that a failure of the driver or of PostgreSQL amounts to. A refusal passes unchanged. */
export function storeFailure(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new StoreError(codes.get(stateOf(error) ?? '') ?? 'STORE_IO', `${doing}: ${message}`, { cause: error })
}

/** The five characters by which PostgreSQL names an error; absent when the error is the connection's. */
export function stateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The transaction failed before this statement, so it says nothing of its own. */
export function isAftermath(error: unknown): boolean {
  return stateOf(error) === '25P02'
}

/** PostgreSQL refused a statement and is there for the next one; in all other cases the connection is of no more use. */
export function isRefusedStatement(error: unknown): boolean {
  const state = stateOf(error)
  // Class 57: it shuts down or ends the session. Class 08: the connection.
  return state !== undefined && !state.startsWith('57') && !state.startsWith('08')
}
