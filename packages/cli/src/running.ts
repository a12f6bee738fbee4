/** A store, or the running server that has it open. */
import { type ControlClient, connectControl, controlSocketPath } from '@joinery/server'
import { type Store, StoreError } from '@joinery/sync'
import { openStore, type StoreUrl, storePath } from './store-url.ts'

export type Opened = { readonly store: Store } | { readonly running: ControlClient }

/**
 * Opens the store, or finds the server that has. Throws what opening throws, `STORE_LOCKED` when it is no server that has it open.
 * A store that several may share is opened beside the servers.
 */
export async function openOrRunning(
  url: StoreUrl,
  open: (url: StoreUrl) => Promise<Store> = openStore,
): Promise<Opened> {
  try {
    return { store: await open(url) }
  } catch (error) {
    const running = isLocked(error) ? await runningServer(url) : undefined
    if (running === undefined) throw error
    return { running }
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_LOCKED'
}

async function runningServer(url: StoreUrl): Promise<ControlClient | undefined> {
  const place = storePath(url)
  const path = place === undefined ? undefined : controlSocketPath(place)
  return path === undefined ? undefined : await connectControl(path)
}
