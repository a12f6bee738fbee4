import type { Commit, DocumentKey, LogEntry, NewEntry, Receipt, Store, StoredSnapshot } from '@joinery/sync'

/** What an adapter may be unable to do. `true`, or the reason why not, which the skipped test shows. */
export interface StoreCapabilities {
  /** The data is there again when the place is opened after a close. */
  readonly persistence: true | string
  /** A second open of a place is refused while the first one is open. */
  readonly singleOwner: true | string
  /** Several may have a place open at once, each with a seat of its own, and are told what the others commit. */
  readonly manyOwners: true | string
}

/** What a case works with: a store at a place of its own. */
export interface CaseContext {
  readonly store: Store
  /** Closes the store and opens its place again. */
  reopen(): Promise<Store>
  /** Opens the place once more, without closing it. */
  openAgain(): Promise<Store>
  /** Opens another place. */
  openOther(): Promise<Store>
}

/** One sentence of the contract. */
export interface StoreCase {
  readonly name: string
  readonly needs?: keyof StoreCapabilities
  readonly run: (context: CaseContext) => Promise<void>
}

export const doc: DocumentKey = { tenant: 'tenant', id: 'doc' }

export function docAt(id: string, tenant = 'tenant'): DocumentKey {
  return { tenant, id }
}

export interface StepOptions {
  /** Default 0 for `begin`. */
  readonly on?: number
  readonly life?: string
  /** One entry each. */
  readonly changes?: readonly string[]
  readonly attributes?: string
  readonly receipt?: Receipt
}

export function begin(key: DocumentKey, options: StepOptions = {}): Commit {
  return { ...step(key, 'begin', options), attributes: options.attributes ?? 'of document' }
}

export function append(key: DocumentKey, on: number, options: StepOptions = {}): Commit {
  return step(key, 'append', { ...options, on })
}

export function end(key: DocumentKey, on: number, options: StepOptions = {}): Commit {
  return step(key, 'end', { changes: ['end'], ...options, on })
}

function step(key: DocumentKey, kind: Commit['kind'], options: StepOptions): Commit {
  const { on = 0, life = 'life-1', changes = ['change'], receipt } = options
  const commit = { key, expectedVersion: on, kind, incarnation: life, entries: changes.map(entryOf) }
  return receipt ? { ...commit, receipt } : commit
}

function entryOf(text: string): NewEntry {
  return { change: bytesOf(text), attributes: `of ${text}` }
}

export function receiptOf(key: string, more: Partial<Receipt> = {}): Receipt {
  return { tenant: 'tenant', scope: 'scope', key, requestHash: `hash of ${key}`, answer: `answer to ${key}`, ...more }
}

export function snapshotOf(version: number, life = 'life-1'): StoredSnapshot {
  return { version, incarnation: life, bytes: bytesOf(`state at ${version}`), attributes: `tags at ${version}` }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** So many bytes, no two stretches of them alike. */
export function manyBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 31 + (i >> 8)) % 251
  return bytes
}

/** A log as one reads it: `2:change`. */
export function brief(entries: readonly LogEntry[]): string[] {
  return entries.map(({ version, change }) => `${version}:${new TextDecoder().decode(change)}`)
}

const all = { after: 0, limit: 1_000_000 }

export async function logOf(store: Store, key: DocumentKey, after = 0): Promise<string[]> {
  return brief(await store.log(key, { ...all, after }))
}

export async function tenantLogOf(store: Store, tenant = 'tenant', after = 0): Promise<string[]> {
  const entries = await store.tenantLog(tenant, { ...all, after })
  return entries.map((entry) => `${entry.key.id}@${entry.incarnation} ${brief([entry])[0]}`)
}

/** Ids of all pages, and how many pages there were. */
export async function listAll(
  store: Store,
  tenant: string,
  options: { readonly prefix?: string; readonly limit?: number; readonly deleted?: boolean } = {},
): Promise<{ readonly ids: string[]; readonly pages: number }> {
  const ids: string[] = []
  let cursor: string | undefined
  let pages = 0
  do {
    const page = await store.documents(tenant, { limit: 1000, ...options, ...(cursor === undefined ? {} : { cursor }) })
    for (const { key } of page.items) ids.push(key.id)
    cursor = page.cursor
    pages += 1
    if (pages > 10_000) throw new Error('the pages of a listing do not end')
  } while (cursor !== undefined)
  return { ids, pages }
}
