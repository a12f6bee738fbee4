import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes a directory and what is missing above it, for the owner only and durably. */
export function createDirectory(directory: string): void {
  const firstCreated = mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (firstCreated === undefined) return
  // The parents of all directories from the innermost up to the first that was created.
  for (let created = directory; ; created = dirname(created)) {
    syncDirectory(dirname(created))
    if (created === firstCreated || created === dirname(created)) return
  }
}

/** Makes a new name in a directory durable. Windows cannot, and does not need to. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
