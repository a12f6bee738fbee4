import { StoreError, type StoreErrorCode } from '@joinery/sync'

/** Codes of `classic-level` that mean something else than a failing medium. */
const codes: ReadonlyMap<unknown, StoreErrorCode> = new Map([['LEVEL_LOCKED', 'STORE_LOCKED']])

/** The refusal that a failure of the driver or of the file system amounts to. A refusal passes unchanged. */
export function storeFailure(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error
  // What failed to open says why in its cause.
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const message = inner instanceof Error ? inner.message : String(inner)
  return new StoreError(codes.get(codeOf(inner)) ?? 'STORE_IO', `${doing}: ${message}`, { cause: error })
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
