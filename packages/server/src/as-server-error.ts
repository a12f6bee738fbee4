/** Whatever is thrown, as a refusal of the server. */
import { CoreError, type CoreErrorCode } from '@joinery/core'
import { HttpError } from '@joinery/http'
import { StoreError } from '@joinery/sync'
import { ServerError, type ServerErrorCode } from './errors.ts'

/** Core's refusals that a request can cause; any other from core is a failure of the server. */
const coreCodes: Partial<Record<CoreErrorCode, ServerErrorCode>> = {
  CORE_VALUE_INVALID: 'VALUE_INVALID',
  CORE_LIMIT_EXCEEDED: 'LIMIT_EXCEEDED',
  CORE_VALUE_UNSAFE: 'LIMIT_EXCEEDED',
  CORE_POSITION_INVALID: 'POSITION_INVALID',
  CORE_PRECONDITION_FAILED: 'PRECONDITION_FAILED',
  CORE_SCHEMA_INVALID: 'OP_INVALID',
  CORE_ID_INVALID: 'ID_INVALID',
}

/** The store takes it another time. */
const retryable: ReadonlySet<string> = new Set(['STORE_BUSY', 'STORE_CONFLICT'])

/** The store, or the way to it, fails now. */
const unreachable: ReadonlySet<string> = new Set([
  'STORE_IO',
  'STORE_UNKNOWN',
  'STORE_LOCKED',
  'STORE_FULL',
  'STORE_GONE',
])

/** Whatever was thrown, as a refusal. What nobody foresaw becomes `INTERNAL` and keeps its cause for the log alone. */
export function asServerError(error: unknown): ServerError {
  if (error instanceof ServerError) return error
  // In the words of this server.
  if (error instanceof HttpError) return new ServerError(error.code, error.message, error)
  if (error instanceof CoreError) {
    const code = coreCodes[error.code]
    if (code !== undefined) return new ServerError(code, error.message, { cause: error })
  }
  if (error instanceof StoreError) {
    if (retryable.has(error.code)) {
      return new ServerError('OVERLOADED', 'too many writes wait for the store; nothing of this request was done', {
        cause: error,
      })
    }
    if (unreachable.has(error.code)) {
      return new ServerError('STORE_UNAVAILABLE', 'the store failed, and whether it has this is not certain', {
        cause: error,
      })
    }
    if (error.code === 'STORE_CLOSED') {
      return new ServerError('SHUTTING_DOWN', 'the store is closed; nothing of this request was done', { cause: error })
    }
  }
  return new ServerError('INTERNAL', 'an unexpected failure; the log has it under this requestId', { cause: error })
}
