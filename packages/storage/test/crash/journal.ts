import { createHash } from 'node:crypto'
import type { DocumentHead, LogEntry, Store } from '@joinery/sync'
import { expect } from 'vitest'
import { assertEqual } from '../../src/testing/assert.ts'

/** A line of `writer.mjs`. */
export type Line =
  | { readonly type: 'open'; readonly storeId: string; readonly continuous: boolean }
  | {
      readonly type: 'commit'
      readonly id: string
      readonly to: number
      readonly incarnation: string
      readonly deleted: boolean
      readonly receiptKey?: string
    }
  | { readonly type: 'compact'; readonly id: string; readonly version: number; readonly incarnation: string }
  | { readonly type: 'import'; readonly id: string; readonly number: number; readonly receiptKeys?: readonly string[] }
  | { readonly type: 'value'; readonly value: number }

/** The largest commit of the writer; it has at most one under way per document. */
const entriesMax = 5

/** What was acknowledged, over all kills: the store must know at least this. */
export class Journal {
  commits = 0
  opens: (Line & { type: 'open' })[] = []
  readonly last = new Map<string, Line & { type: 'commit' }>()
  /** The number of the last import of each document. */
  readonly imports = new Map<string, number>()
  readonly #snapshots = new Map<string, Line & { type: 'compact' }>()
  readonly #receipts: string[] = []
  #value = 0
  /** Versions that a check has read: from then on they are as good as acknowledged. */
  readonly #seen = new Map<string, number>()

  add(line: Line): void {
    switch (line.type) {
      case 'open':
        this.opens.push(line)
        break
      case 'commit':
        this.commits += 1
        this.last.set(line.id, line)
        if (line.receiptKey !== undefined) this.#receipts.push(line.receiptKey)
        break
      case 'compact':
        this.#snapshots.set(line.id, line)
        break
      case 'import':
        this.imports.set(line.id, line.number)
        this.#receipts.push(...(line.receiptKeys ?? []))
        break
      case 'value':
        this.#value = Math.max(this.#value, line.value)
        break
    }
  }

  /** Whether a commit or an import is missing that was acknowledged. */
  async misses(store: Store): Promise<boolean> {
    for (const { id, to } of this.last.values()) {
      if (((await store.head({ tenant: 'tenant', id }))?.version ?? 0) < to) return true
    }
    for (const [id, number] of this.imports) {
      const head = await store.head({ tenant: 'imported', id })
      if (numberOfImport(head) < number) return true
    }
    return false
  }

  /**
   * Nothing acknowledged is missing, and nothing is there that nobody wrote: each kill since the last check may have left one
   * step per document stored and not reported.
   */
  async expectKept(store: Store, killsSinceCheck: number): Promise<void> {
    for (const [id, acknowledged] of this.last) {
      const head = (await store.head({ tenant: 'tenant', id }))!
      const known = Math.max(acknowledged.to, this.#seen.get(id) ?? 0)
      expect(head.version).toBeGreaterThanOrEqual(known)
      expect(head.version).toBeLessThanOrEqual(known + entriesMax * killsSinceCheck)
      this.#seen.set(id, head.version)
      if (head.version === acknowledged.to) {
        expect(head).toMatchObject({ incarnation: acknowledged.incarnation, deleted: acknowledged.deleted })
      }
      const compaction = this.#snapshots.get(id)
      const isCurrent = compaction?.incarnation === head.incarnation && !head.deleted
      if (isCurrent) expect(head.snapshotVersion).toBeGreaterThanOrEqual(compaction.version)
    }
    for (const [id, acknowledged] of this.imports) {
      const number = numberOfImport(await store.head({ tenant: 'imported', id }))
      expect(number).toBeGreaterThanOrEqual(acknowledged)
      expect(number).toBeLessThanOrEqual(acknowledged + killsSinceCheck)
      this.imports.set(id, number)
    }
    for (const key of this.#receipts) {
      expect((await store.receipt('tenant', 'crash', key))?.answer).toBe(key)
    }
    const value = Number((await store.value('counter')) ?? 0)
    expect(value).toBeGreaterThanOrEqual(this.#value)
    expect(value).toBeLessThanOrEqual(this.#value + killsSinceCheck)
    this.#value = value
  }
}

/** Imports of a document are numbered in its incarnation; 0 when there was none. */
function numberOfImport(head: DocumentHead | undefined): number {
  return head ? Number(head.incarnation.slice('import '.length)) : 0
}

/** Nothing is torn: whatever the store has, it has whole. Answers how many entries it looked at. */
export async function expectWhole(store: Store): Promise<number> {
  let entries = 0
  for (const tenant of (await store.tenants({ limit: 100 })).items) {
    const { items } = await store.documents(tenant, { limit: 100, deleted: true })
    const arrivals = await store.tenantLog(tenant, { after: 0, limit: 1e6 })
    const places = new Set(arrivals.map(({ position }) => position))
    expect(places.size).toBe(arrivals.length)
    const heads = new Set(items.map(({ key }) => key.id))
    expect(arrivals.every(({ key }) => heads.has(key.id))).toBe(true)
    for (const head of items) {
      const own = arrivals.filter(({ key }) => key.id === head.key.id)
      await expectWholeDocument(store, head, own)
      entries += own.length
    }
  }
  return entries
}

async function expectWholeDocument(store: Store, head: DocumentHead, own: readonly LogEntry[]): Promise<void> {
  const log = await store.log(head.key, { after: 0, limit: 1e6 })
  const current = own.filter(({ incarnation }) => incarnation === head.incarnation)
  if (head.deleted) {
    expect(log).toEqual([])
    expect(current.map(({ version }) => version)).toEqual([head.version])
  } else {
    // Not `toEqual`, which takes a second for these bytes.
    assertEqual(current, log, 'log and tenant log')
    expectComplete(log, head.compactedVersion, head.version)
  }
  for (const entry of own) expect(sumOf(entry.change)).toBe(JSON.parse(entry.attributes).sum)
  const snapshot = await store.snapshot(head.key)
  expect(snapshot?.version ?? 0).toBe(head.snapshotVersion)
  if (snapshot) expect(sumOf(snapshot.bytes)).toBe(snapshot.attributes)
  const tombstone = await store.tombstone(head.key)
  const ended = own.filter(({ incarnation }) => head.deleted || incarnation !== head.incarnation)
  assertEqual(tombstone && [tombstone], ended.length > 0 ? ended : undefined, 'tombstone')
}

/** Versions without a gap from the cut to the head, and every commit with all its entries. */
function expectComplete(log: readonly LogEntry[], compactedVersion: number, version: number): void {
  const versions = Array.from({ length: version - compactedVersion }, (_, i) => compactedVersion + 1 + i)
  expect(log.map((entry) => entry.version)).toEqual(versions)
  let before: { readonly commit: string; readonly index: number; readonly count: number } | undefined
  for (const { attributes } of log) {
    const part = JSON.parse(attributes)
    const isNext = before === undefined || before.index + 1 === before.count
    // The cut of a compaction may go through a commit; nothing else may.
    if (before && isNext) expect(part.index).toBe(0)
    if (before && !isNext) expect(part).toMatchObject({ commit: before.commit, index: before.index + 1 })
    before = part
  }
  if (before) expect(before.index).toBe(before.count - 1)
}

function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
