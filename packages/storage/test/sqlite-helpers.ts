import type { Commit, DocumentKey, Store } from '@joinery/sync'

export const doc: DocumentKey = { tenant: 'tenant', id: 'doc' }

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A commit of one change; begins the document when made on version 0. */
export function change(key: DocumentKey, on: number, text = `change ${on + 1}`): Commit {
  const entries = [{ change: bytesOf(text), attributes: '' }]
  return { key, expectedVersion: on, kind: on === 0 ? 'begin' : 'append', incarnation: 'life', attributes: '', entries }
}

/** Commits so many changes to the document, one after the other. */
export async function write(store: Store, count: number, key: DocumentKey = doc): Promise<void> {
  const from = (await store.head(key))?.version ?? 0
  for (let i = 0; i < count; i += 1) await store.commit(change(key, from + i))
}

export async function changesOf(store: Store, key: DocumentKey = doc): Promise<string[]> {
  const log = await store.log(key, { after: 0, limit: 1e6 })
  return log.map((entry) => new TextDecoder().decode(entry.change))
}
