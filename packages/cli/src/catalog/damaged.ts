/** Data that cannot be read: found out when it is opened, and put aside where that was asked for. */
import { renameSync } from 'node:fs'
import { StoreError } from '@joinery/sync'
import { UsageError } from '../failure.ts'
import { type StoreUrl, storePath } from '../store-url.ts'

/** Not what is locked, full or of a newer version: that is there. */
export function isDamaged(error: unknown): boolean {
  return error instanceof StoreError && (error.code === 'STORE_IO' || error.code === 'STORE_FORMAT')
}

/** Answers where it is now. */
export function putAside(url: StoreUrl, nowMs: number): string {
  const path = storePath(url)
  if (path === undefined) throw new UsageError('there is nothing to put aside', 'Give --data for --rebuild.')
  const kept = `${path}.damaged-${nowMs}`
  renameSync(path, kept)
  return kept
}
