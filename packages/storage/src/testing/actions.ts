import type { Commit, DocumentKey, LogEntry, Receipt, Store, StoredDocument, StoreErrorCode } from '@joinery/sync'
import { assert, assertEqual, outcomeOf } from './assert.ts'
import { append, begin, bytesOf, docAt, end } from './case.ts'
import type { Model } from './model.ts'
import { type Dice, diceOf } from './random.ts'

/**
 * One random step. What it does exactly follows from its seed and from the state of the model when it runs, so that it stays
 * meaningful when steps before it are left out to make a failing run shorter.
 */
export interface Action {
  readonly type: keyof typeof actions
  readonly seed: number
}

export interface RunState {
  store: Store
  readonly model: Model
  readonly reopen: (() => Promise<Store>) | undefined
  /** The steps taken, in words. */
  readonly trace: string[]
}

const tenants = ['t', 'u']
const ids = ['a', 'b', 'b%', 'b\u{1f600}', 'b\uffee', 'c\0']
const prefixes = ['', 'b', 'b%', 'b\u{1f600}', 'c\0', 'z']
const names = ['n', 'n%', 'n_', 'm']

function pick<T>(dice: Dice, from: readonly T[]): T {
  return from[dice(from.length)]!
}

function keyOf(dice: Dice): DocumentKey {
  return docAt(pick(dice, ids), pick(dice, tenants))
}

/** A commit that mostly fits the model, and else is wrong in one of its parts. */
function commitOf(dice: Dice, model: Model, key: DocumentKey): Commit {
  const head = model.head(key)
  const lives = head !== undefined && !head.deleted
  const wrong = dice(5) === 0 ? dice(3) : undefined
  const version = head?.version ?? 0
  const on = wrong === 0 ? Math.max(0, version + dice(5) - 2) : version
  const fresh = `life ${dice(1000)}`
  const life = wrong === 1 || !lives ? fresh : head.incarnation
  const fits = lives ? pick(dice, ['append', 'append', 'append', 'end'] as const) : 'begin'
  const kind = wrong === 2 ? pick(dice, ['append', 'begin', 'end'] as const) : fits
  const changes = Array.from({ length: kind === 'end' ? 1 : 1 + dice(4) }, () => `change ${dice(1e6)}`)
  const receipt: Receipt | undefined = dice(3) === 0 ? receiptAt(dice) : undefined
  const options = { on, life, changes, attributes: `attributes ${dice(100)}`, ...(receipt ? { receipt } : {}) }
  if (kind === 'begin') return begin(key, options)
  return kind === 'append' ? append(key, on, options) : end(key, on, options)
}

function receiptAt(dice: Dice): Receipt {
  const place = { tenant: pick(dice, tenants), scope: pick(dice, names), key: pick(dice, names) }
  const receipt = { ...place, requestHash: `hash ${dice(100)}`, answer: `answer ${dice(100)}` }
  return dice(2) === 0 ? receipt : { ...receipt, expiresAtMs: dice(20) }
}

/** Applies what the store says it stored, after checking that it is what was asked for. */
function applyStored(model: Model, commit: Commit, stored: readonly LogEntry[]): void {
  // Positions are an order within a tenant.
  const ofTenant = model.entries.filter(({ key }) => key.tenant === commit.key.tenant)
  const last = Math.max(0, ...ofTenant.map(({ position }) => position))
  const positions = stored.map(({ position }) => position)
  for (const [i, position] of positions.entries()) assert(position > (positions[i - 1] ?? last), 'positions rise')
  const { key, incarnation } = commit
  const expected = commit.entries.map(({ change, attributes }, i) => {
    const version = commit.expectedVersion + i + 1
    return { key, version, position: positions[i]!, incarnation, change, attributes }
  })
  assertEqual(stored, expected, 'the answer to a commit')
  model.apply(commit, positions)
}

async function commitOne({ store, model, trace }: RunState, dice: Dice): Promise<void> {
  const commit = commitOf(dice, model, keyOf(dice))
  const expected = model.refusal(commit) ?? 'stored'
  trace.push(`${describe(commit)} -> ${expected}`)
  const answer = store.commit(commit)
  assertEqual<StoreErrorCode | 'stored'>(await outcomeOf(answer), expected, 'outcome of a commit')
  if (expected === 'stored') applyStored(model, commit, await answer)
}

/**
 * Commits of one turn: whatever order the store takes them in, its answers must fit that order. They are of one tenant, whose
 * positions tell the order.
 */
async function commitMany({ store, model, trace }: RunState, dice: Dice): Promise<void> {
  const tenant = pick(dice, tenants)
  const keys = [docAt(pick(dice, ids), tenant), docAt(pick(dice, ids), tenant)]
  const commits = Array.from({ length: 2 + dice(6) }, () => commitOf(dice, model, pick(dice, keys)))
  trace.push(`together: ${commits.map(describe).join(', ')}`)
  const answers = commits.map((commit) => store.commit(commit))
  const outcomes = await Promise.all(answers.map(outcomeOf))
  const winners: { readonly commit: Commit; readonly stored: readonly LogEntry[] }[] = []
  for (const [i, commit] of commits.entries()) {
    if (outcomes[i] === 'stored') winners.push({ commit, stored: await answers[i]! })
  }
  winners.sort((a, b) => a.stored[0]!.position - b.stored[0]!.position)
  // A refused commit met one of the states between the winners. Which one is the store's business.
  const refusals = () => commits.map((commit) => model.refusal(commit))
  const met = [refusals()]
  for (const { commit, stored } of winners) {
    assertEqual(model.refusal(commit), undefined, `${describe(commit)} fits where the store put it`)
    applyStored(model, commit, stored)
    met.push(refusals())
  }
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome === 'stored') continue
    assertEqual(outcome, 'STORE_CONFLICT', `refusal of ${describe(commits[i]!)}`)
    assert(
      met.some((state) => state[i] === outcome),
      `${describe(commits[i]!)} was refused though it always fitted`,
    )
  }
}

async function compact({ store, model, trace }: RunState, dice: Dice): Promise<void> {
  const key = keyOf(dice)
  const head = model.head(key)
  const version = 1 + dice((head?.version ?? 0) + 2)
  const keepAfter = dice(version + 1)
  const incarnation = dice(8) === 0 ? 'another life' : (head?.incarnation ?? 'no life')
  const snapshot = { version, incarnation, bytes: bytesOf(`state ${dice(1e6)}`), attributes: `tags ${dice(100)}` }
  const expected = model.compact(key, snapshot, keepAfter) ?? 'stored'
  trace.push(`compact ${JSON.stringify({ key, version, incarnation, keepAfter })} -> ${expected}`)
  assertEqual(await outcomeOf(store.compact(key, snapshot, keepAfter)), expected, 'outcome of a compaction')
}

/** What the model has of one document, under the name of another and at other places in the order of arrival. */
async function importOne({ store, model, trace }: RunState, dice: Dice): Promise<void> {
  const origin = model.stored(keyOf(dice))
  const key = keyOf(dice)
  if (!origin) return
  let position = dice(20)
  const moved = (entry: LogEntry): LogEntry => {
    position += 1 + dice(8)
    return { ...entry, key, position }
  }
  const { tombstone, snapshot } = origin
  const document: StoredDocument = {
    head: { ...origin.head, key },
    ...(tombstone ? { tombstone: moved(tombstone) } : {}),
    ...(snapshot ? { snapshot } : {}),
    log: origin.log.map(moved),
  }
  const replaces = dice(3) > 0
  const arrival = dice(2) === 0 ? 'now' : 'kept'
  const isThere = model.head(key) !== undefined && !replaces
  const expected =
    (arrival === 'kept' ? model.importRefusal(document, replaces) : isThere && 'STORE_CONFLICT') || 'stored'
  const what = { key, from: origin.head.key, version: origin.head.version, arrival, replaces }
  trace.push(`import ${JSON.stringify(what)} -> ${expected}`)
  const last = Math.max(0, ...model.entries.filter((one) => one.key.tenant === key.tenant).map((one) => one.position))
  assertEqual(await outcomeOf(store.importDocument(document, { arrival, replaces })), expected, 'outcome of an import')
  if (expected === 'stored') model.import(arrival === 'kept' ? document : await arrived(store, document, last))
}

/** The same document at the positions that the store has chosen, which lie behind all others. */
async function arrived(store: Store, document: StoredDocument, last: number): Promise<StoredDocument> {
  const { key } = document.head
  const tombstone = await store.tombstone(key)
  const log = await store.log(key, { after: 0, limit: 1_000_000 })
  for (const { position } of [...(tombstone ? [tombstone] : []), ...log]) assert(position > last, 'it arrives last')
  const positions = log.map(({ position }) => position)
  const placed = document.log.map((entry, i) => ({ ...entry, position: positions[i]! }))
  const end = document.tombstone && tombstone && { ...document.tombstone, position: tombstone.position }
  return { ...document, log: placed, ...(end ? { tombstone: end } : {}) }
}

async function enumerate({ store, model, trace }: RunState, dice: Dice): Promise<void> {
  const tenant = pick(dice, tenants)
  const limit = 1 + dice(5)
  trace.push(`enumerate ${JSON.stringify({ tenant, limit })}`)
  const known = model.tenants()
  const { items } = await store.tenants({ limit: 100 })
  // One that had something once may still be named.
  assertEqual(
    items.filter((name) => known.includes(name)),
    known,
    'tenants',
  )
  const receipts: Receipt[] = []
  for (let cursor: string | undefined, isMore = true; isMore; isMore = cursor !== undefined) {
    const page = await store.receipts(tenant, cursor === undefined ? { limit } : { limit, cursor })
    receipts.push(...page.items)
    cursor = page.cursor
  }
  assertEqual(receipts, model.receiptsOf(tenant), 'receipts')
}

async function read({ store, model, trace }: RunState, dice: Dice): Promise<void> {
  const key = keyOf(dice)
  const head = model.head(key)
  const ofLog = { after: dice((head?.version ?? 0) + 2), limit: 1 + dice(6) }
  const positions = [0, ...model.entries.map(({ position }) => position)]
  const ofTenant = { after: pick(dice, positions), limit: 1 + dice(6) }
  trace.push(`read ${JSON.stringify({ key, ofLog, ofTenant })}`)
  assertEqual(await store.head(key), head, 'head')
  assertEqual(await store.snapshot(key), model.snapshot(key), 'snapshot')
  assertEqual(await store.tombstone(key), model.tombstone(key), 'tombstone')
  assertEqual(await store.log(key, ofLog), model.log(key, ofLog), 'log')
  assertEqual(await store.tenantLog(key.tenant, ofTenant), model.tenantLog(key.tenant, ofTenant), 'tenant log')
}

async function list({ store, model, trace }: RunState, dice: Dice): Promise<void> {
  const options = { prefix: pick(dice, prefixes), deleted: dice(2) === 0, limit: 1 + dice(4) }
  const tenant = pick(dice, tenants)
  trace.push(`list ${JSON.stringify({ tenant, options })}`)
  const expected = model.documents(tenant, options)
  const items = []
  for (let cursor: string | undefined, isMore = true; isMore; ) {
    const page = await store.documents(tenant, cursor === undefined ? options : { ...options, cursor })
    items.push(...page.items)
    cursor = page.cursor
    isMore = cursor !== undefined
    assert(items.length <= expected.length, 'a listing has no more than there is')
    assert(!isMore || page.items.length === options.limit, 'a page is full while there is more')
  }
  assertEqual(items, expected, 'listing')
}

async function receipts({ store, model, trace }: RunState, dice: Dice): Promise<void> {
  if (dice(4) === 0) {
    const nowMs = dice(20)
    trace.push(`purge ${nowMs}`)
    assertEqual(await store.purgeReceipts(nowMs), model.purgeReceipts(nowMs), 'purged')
  }
  for (const tenant of tenants) {
    for (const scope of names) {
      for (const key of names) {
        const expected = model.receipt(tenant, scope, key)
        assertEqual(await store.receipt(tenant, scope, key), expected, `receipt ${tenant}/${scope}/${key}`)
      }
    }
  }
}

async function values({ store, model, trace }: RunState, dice: Dice): Promise<void> {
  const name = pick(dice, names)
  const value = dice(3) === 0 ? undefined : `value ${dice(100)}`
  trace.push(`set ${name} = ${value}`)
  await store.setValue(name, value)
  model.setValue(name, value)
  assertEqual(await store.value(name), value, 'value')
  for (const prefix of ['', ...names]) assertEqual(await store.values(prefix), model.listValues(prefix), 'values')
}

async function reopen(state: RunState): Promise<void> {
  if (!state.reopen) return
  const { identity } = state.store
  state.trace.push('reopen')
  state.store = await state.reopen()
  assertEqual(state.store.identity, { ...identity, continuous: true }, 'identity')
}

const actions: Readonly<Record<string, (state: RunState, dice: Dice) => Promise<void>>> = {
  commitOne,
  commitMany,
  compact,
  importOne,
  enumerate,
  read,
  list,
  receipts,
  values,
  reopen,
}

export async function act(action: Action, state: RunState): Promise<void> {
  await actions[action.type]!(state, diceOf(action.seed))
}

function describe({ key, kind, expectedVersion, incarnation, entries, receipt }: Commit): string {
  const more = receipt ? { receipt: [receipt.tenant, receipt.scope, receipt.key, receipt.expiresAtMs] } : {}
  const what = { key, on: expectedVersion, life: incarnation, entries: entries.length, ...more }
  return `${kind} ${JSON.stringify(what)}`
}
