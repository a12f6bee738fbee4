/** Whatever is thrown, as a refusal of a catalog. */
import { HttpError, Refusal } from '@joinery/http'

export function asCatalogRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  return new HttpError('INTERNAL', 'an unexpected failure; the log has it under this requestId', { cause: error })
}
