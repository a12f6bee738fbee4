import type { Store } from '@joinery/sync'
import { type ArchiveHeader, encodeArchive } from '../../src/archive/encode-archive.ts'
import { type ReadStoreOptions, readStore } from '../../src/archive/read-store.ts'
import { memoryStore } from '../../src/memory.ts'
import { fillContents } from './contents.ts'

export const header = {
  content: 'everything',
  scope: {},
  storeId: 'store-1',
  madeAt: '2026-01-02T03:04:05.678Z',
} as const

export async function filled(): Promise<Store> {
  const store = memoryStore()
  await fillContents(store)
  return store
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export interface Encoding extends Partial<ReadStoreOptions> {
  readonly show?: () => unknown
  readonly header?: Partial<ArchiveHeader>
}

export async function encoded(
  store: Store,
  { show, limits, header: other, ...options }: Encoding = {},
): Promise<Buffer> {
  const items = readStore(store, { content: 'everything', ...options })
  const encode = { ...(show && { show }), ...(limits && { limits }) }
  return Buffer.concat(
    await collected(encodeArchive({ ...header, scope: options.scope ?? {}, ...other }, items, encode)),
  )
}

/** The bytes in pieces of so many. */
export async function* inChunks(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}
