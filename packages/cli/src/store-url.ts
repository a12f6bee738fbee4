/** `sqlite:PATH`, `leveldb:DIR` and `memory:`, and the stores behind them. */
import { resolve } from 'node:path'
import { levelStore } from '@joinery/storage/leveldb'
import { memoryStore } from '@joinery/storage/memory'
import { sqliteStore } from '@joinery/storage/sqlite'
import type { Store } from '@joinery/sync'
import { UsageError } from './failure.ts'

export type StoreUrl = { readonly kind: 'memory' } | { readonly kind: 'sqlite' | 'leveldb'; readonly path: string }

const ADVICE = 'Use sqlite:PATH for a file or leveldb:DIR for a directory that lasts, or memory: for what does not.'

export function parseStoreUrl(text: string): StoreUrl {
  if (text === 'memory:' || text === 'memory') return { kind: 'memory' }
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text) ?? []
  switch (scheme) {
    case undefined:
      throw new UsageError(`${JSON.stringify(text)} is not a store`, ADVICE)
    case 'memory':
      throw new UsageError('memory: takes nothing after the colon', ADVICE)
    case 'sqlite':
      if (rest === '' || rest === ':memory:') throw new UsageError('sqlite: needs the path of a file', ADVICE)
      return { kind: 'sqlite', path: resolve(rest) }
    case 'leveldb':
      if (rest === '') throw new UsageError('leveldb: needs the path of a directory', ADVICE)
      return { kind: 'leveldb', path: resolve(rest) }
    default:
      throw new UsageError(`there is no store of kind ${JSON.stringify(scheme)}`, ADVICE)
  }
}

export async function openStore(url: StoreUrl): Promise<Store> {
  switch (url.kind) {
    case 'memory':
      return memoryStore()
    case 'sqlite':
      return await sqliteStore({ path: url.path })
    case 'leveldb':
      return await levelStore({ path: url.path })
  }
}

export function formatStoreUrl(url: StoreUrl): string {
  return url.kind === 'memory' ? 'memory:' : `${url.kind}:${url.path}`
}
