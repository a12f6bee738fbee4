import { StoreError, type StoreErrorCode } from '@joinery/sync'

/** Names of the browser's exceptions that mean something else than a failing medium. */
const codes: Readonly<Record<string, StoreErrorCode>> = {
  QuotaExceededError: 'STORE_FULL',
  // The database has a higher version than this format.
  VersionError: 'STORE_FORMAT',
}

/** The refusal that a failure of the browser amounts to. A refusal passes unchanged. */
export function storeFailure(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error
  const { name = '', message = String(error) } = error instanceof Error ? error : {}
  return new StoreError(codes[name] ?? 'STORE_IO', `${doing}: ${message}`, { cause: error })
}
