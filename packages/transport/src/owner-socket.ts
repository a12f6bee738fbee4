/** Listens on a socket in the file system that nobody but the owner of the process reads or writes. */
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import type { Server } from 'node:net'

const OWNER_ONLY = 0o177

/** Resolves when the server listens. The caller owns what the path stands beside: a socket that is there already is a leftover. */
export async function listenForOwner(server: Server, path: string): Promise<void> {
  await rm(path, { force: true })
  const listening = once(server, 'listening')
  // The file must never be there with wider rights, not even for a moment.
  const umask = process.umask(OWNER_ONLY)
  try {
    server.listen(path)
  } finally {
    process.umask(umask)
  }
  await listening
}
