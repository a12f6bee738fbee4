/**
 * A page with stores that the tests call from outside, and with what is needed to spoil them. Started as a worker it offers the
 * same by messages.
 */
import type { Store, StoreIdentity } from '@joinery/sync'
import { openDatabase } from '../../src/indexeddb/database.ts'
import { type IndexedDbStore, type IndexedDbStoreOptions, openIndexedDbStore } from '../../src/indexeddb.ts'
import { writeForever } from '../crash/steps.mjs'

export type OpenOptions = Pick<IndexedDbStoreOptions, 'name' | 'whenLocked' | 'persist' | 'limits'> & {
  /** Gives up waiting after this. */
  readonly giveUpMs?: number
}

/** Refusals keep their code on the way out. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly cause: string }

export interface OpenedStore {
  readonly handle: number
  readonly identity: StoreIdentity
}

const stores: IndexedDbStore[] = []

async function answer<T>(run: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await run() }
  } catch (error) {
    const { message, code = 'no code', cause } = error as Error & { code?: string }
    return { ok: false, code, message, cause: String(cause) }
  }
}

async function open({ giveUpMs, ...options }: OpenOptions): Promise<OpenedStore> {
  const signal = giveUpMs === undefined ? {} : { signal: AbortSignal.timeout(giveUpMs) }
  const store = await openIndexedDbStore({ ...options, ...signal })
  return { handle: stores.push(store) - 1, identity: store.identity }
}

const storePage = {
  open: (options: OpenOptions) => answer(() => open(options)),
  call: (handle: number, method: keyof Store, parameters: readonly unknown[]) =>
    answer(async () => (stores[handle]![method] as (...all: unknown[]) => unknown)(...parameters)),
  persisted: (handle: number) => stores[handle]!.persisted,
  lost: (handle: number) => stores[handle]!.lost.then(({ code }) => code),
  /** Opens the database as a later version of the package will. */
  openNewer: (name: string) => answer(async () => (await openDatabase({ indexedDB, name, version: 2 })).close()),
  /** Writes without end; the page reports by the function `report`, which the tests provide. */
  async write(name: string, seed: number): Promise<void> {
    const store = await openIndexedDbStore({ name })
    const { report } = globalThis as unknown as { report: (line: unknown) => Promise<void> }
    await writeForever(store, { seed, name: `${performance.timeOrigin} ${seed}`, report, sumOf: sha256 })
  },
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...sum].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export type StorePage = typeof storePage

Object.assign(globalThis, { storePage })

if (typeof document === 'undefined') {
  addEventListener('message', async ({ data }: MessageEvent) => {
    const [method, ...parameters] = data as [keyof StorePage, ...never[]]
    postMessage(await (storePage[method] as (...all: never[]) => unknown)(...parameters))
  })
}
