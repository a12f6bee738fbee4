/** Who has a store open: the process id beside it, for the message that somebody else gets. The lock itself is the store's. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StoreError } from '@joinery/sync'
import { type StoreUrl, storePath } from '../store-url.ts'

function pathOf(url: StoreUrl): string | undefined {
  const path = storePath(url)
  if (path === undefined) return undefined
  return url.kind === 'leveldb' ? join(path, 'owner.pid') : `${path}.pid`
}

/** The store is open, so nobody else writes this. */
export function markOwner(url: StoreUrl, pid: number): void {
  const path = pathOf(url)
  if (path !== undefined) writeFileSync(path, `${pid}\n`)
}

/** What opening threw, with the process that has the store where that is why. */
export function ownedBy(url: StoreUrl, error: unknown): unknown {
  if (!(error instanceof StoreError) || error.code !== 'STORE_LOCKED') return error
  const pid = readPid(pathOf(url))
  if (pid === undefined) return error
  return new StoreError('STORE_LOCKED', `the data is locked by process ${pid}`, { cause: error })
}

function readPid(path: string | undefined): number | undefined {
  if (path === undefined) return undefined
  try {
    const text = readFileSync(path, 'utf8')
    return /^\d{1,10}\n$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}
