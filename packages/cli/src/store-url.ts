/** `sqlite:PATH`, `leveldb:DIR`, `postgres://…` and `memory:`, and the stores behind them. */
import { resolve } from 'node:path'
import type { Store } from '@joinery/sync'
import { UsageError } from './failure.ts'

export type StoreUrl =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite' | 'leveldb'; readonly path: string }
  /** `shown` is the address without its password: the only form that may be printed or logged. */
  | { readonly kind: 'postgres'; readonly address: string; readonly schema?: string; readonly shown: string }

const ADVICE =
  'Use sqlite:PATH for a file, leveldb:DIR for a directory, postgres://USER@HOST/DATABASE for a database, or memory: for what does not last.'

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
    case 'postgres':
    case 'postgresql':
      return parsePostgres(text)
    default:
      throw new UsageError(`there is no store of kind ${JSON.stringify(scheme)}`, ADVICE)
  }
}

/** What is wrong with it is not quoted: it may hold a password. */
function parsePostgres(text: string): StoreUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^postgres(ql)?:\/\//.test(text)) {
    throw new UsageError('the address of the PostgreSQL store cannot be read', ADVICE)
  }
  const schema = url.searchParams.get('schema')
  url.searchParams.delete('schema')
  const address = url.href
  url.password = ''
  // A password may stand among the parameters as well.
  url.search = ''
  const shown = schema === null ? url.href : `${url.href}?schema=${encodeURIComponent(schema)}`
  return { kind: 'postgres', address, shown, ...(schema !== null && { schema }) }
}

/** Opens the store. Only its own adapter is loaded: the drivers of the others would cost a tenth of the memory and of the start. */
export async function openStore(url: StoreUrl): Promise<Store> {
  switch (url.kind) {
    case 'memory': {
      const { memoryStore } = await import('@joinery/storage/memory')
      return memoryStore()
    }
    case 'sqlite': {
      const { sqliteStore } = await import('@joinery/storage/sqlite')
      return await sqliteStore({ path: url.path })
    }
    case 'leveldb': {
      const { levelStore } = await import('@joinery/storage/leveldb')
      return await levelStore({ path: url.path })
    }
    case 'postgres': {
      const { postgresStore } = await import('@joinery/storage/postgres')
      return await postgresStore({ url: url.address, ...(url.schema !== undefined && { schema: url.schema }) })
    }
  }
}

export function formatStoreUrl(url: StoreUrl): string {
  switch (url.kind) {
    case 'memory':
      return 'memory:'
    case 'postgres':
      return url.shown
    default:
      return `${url.kind}:${url.path}`
  }
}

/** Where the store is in the file system; undefined when it is not there. */
export function storePath(url: StoreUrl): string | undefined {
  return 'path' in url ? url.path : undefined
}
