/** Which list is shown: `/l/ID`. */
import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}

/** The id in the address; undefined for the page without one. */
export function useRoute(): string | undefined {
  const path = useSyncExternalStore(subscribe, () => location.pathname)
  return /^\/l\/([\w-]{1,100})$/.exec(path)?.[1]
}

export function go(id: string, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', pathOf(id))
  for (const listener of [...listeners]) listener()
}

export function pathOf(id: string): string {
  return `/l/${id}`
}
