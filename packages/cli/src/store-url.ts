/** `sqlite:PATH` and `memory:`, and the stores behind them. */
import { resolve } from 'node:path'
import { memoryStore } from '@joinery/storage/memory'
import { sqliteStore } from '@joinery/storage/sqlite'
import type { Store } from '@joinery/sync'
import { UsageError } from './failure.ts'

export type StoreUrl = { readonly kind: 'memory' } | { readonly kind: 'sqlite'; readonly path: string }

const ADVICE = 'Use sqlite:PATH for a file that lasts, or memory: for one that does not.'

export function parseStoreUrl(text: string): StoreUrl {
  if (text === 'memory:' || text === 'memory') return { kind: 'memory' }
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text) ?? []
  if (scheme === undefined) throw new UsageError(`${JSON.stringify(text)} is not a store`, ADVICE)
  if (scheme === 'memory') throw new UsageError('memory: takes nothing after the colon', ADVICE)
  if (scheme !== 'sqlite') throw new UsageError(`there is no store of kind ${JSON.stringify(scheme)}`, ADVICE)
  if (rest === '' || rest === ':memory:') throw new UsageError('sqlite: needs the path of a file', ADVICE)
  return { kind: 'sqlite', path: resolve(rest) }
}

export async function openStore(url: StoreUrl): Promise<Store> {
  return url.kind === 'memory' ? memoryStore() : await sqliteStore({ path: url.path })
}

export function formatStoreUrl(url: StoreUrl): string {
  return url.kind === 'memory' ? 'memory:' : `sqlite:${url.path}`
}
