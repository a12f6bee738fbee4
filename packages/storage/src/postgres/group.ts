/**
 * Group commit: the writes of a turn are one transaction of two round trips. The first one finds out whether the seat is still
 * ours, locks the tenants and reads the heads; then everything is decided here; the second one stores it.
 *
 * The lock of a tenant's row is held until the commit is visible, so positions become visible in their order, whoever
 * hands them out. Heads are read by a statement of its own after the lock: that one sees what the holder before has stored.
 */
import { StoreError } from '@joinery/sync'
import type { Client, QueryConfig, QueryResult, QueryResultRow } from 'pg'
import { toBytes, toText } from '../common/text.ts'
import type { Outcome } from '../common/write-queue.ts'
import { isAftermath } from './failure.ts'
import { GroupState, nameOf, type TenantState } from './group-state.ts'
import { channelOf, encodeNews, type Sender } from './news.ts'
import { type HeadRow, headOf } from './reads.ts'
import type { Seat } from './seat.ts'
import { changes } from './statements.ts'
import type { Write } from './writes.ts'

export interface GroupContext {
  readonly seat: Seat
  readonly sender: Sender
  readonly schema: string
  readonly limits: { readonly newsBytesMax: number }
}

/** The second round trip failed. Unless PostgreSQL refused a statement of it, the outcome must be asked for. */
export class LostCommit extends Error {
  readonly commits: string
  readonly outcomes: readonly Outcome[]

  constructor(commits: string, outcomes: readonly Outcome[], cause: unknown) {
    super('the commit was not answered', { cause })
    this.commits = commits
    this.outcomes = outcomes
  }
}

/** Runs writes in one transaction and answers when it is durable. A refused write does not touch its neighbours. */
export async function runGroup(client: Client, context: GroupContext, writes: readonly Write[]): Promise<Outcome[]> {
  const started = await start(client, context, writes)
  const outcomes = writes.map((write) => runOne(write, started.state))
  if (started.state.isUnchanged) {
    await client.query('ROLLBACK')
    return outcomes
  }
  const { sender, schema, limits } = context
  const payloads = encodeNews(sender, started.state.commits, limits.newsBytesMax)
  try {
    const results = await together(client, [...changes(started.state, payloads, channelOf(schema)), 'COMMIT'])
    // COMMIT of a failed transaction is answered with ROLLBACK; `together` has thrown by then.
    if (results.at(-1)!.command !== 'COMMIT') throw new Error('the transaction was rolled back')
    return outcomes
  } catch (error) {
    throw new LostCommit(started.commits, outcomes, error)
  }
}

function runOne(write: Write, state: GroupState): Outcome {
  try {
    return { ok: true, value: write.run(state) }
  } catch (error) {
    if (error instanceof StoreError) return { ok: false, error }
    throw error
  }
}

interface Started {
  /** The count of the seat's commits when this one is among them, by which its outcome can be asked for later. */
  readonly commits: string
  readonly state: GroupState
}

async function start(client: Client, context: GroupContext, writes: readonly Write[]): Promise<Started> {
  const wanted = new Set(writes.flatMap(({ tenants }) => tenants))
  for (;;) {
    const started = await attemptStart(client, context.seat, writes)
    const missing = [...wanted].filter((name) => !started.state.hasTenant(name))
    if (missing.length === 0) return started
    // Added ahead, in a transaction of its own: one that waited for a new row while holding others could wait for ever.
    await client.query('ROLLBACK')
    const names = missing.map(toBytes).sort(Buffer.compare)
    await client.query('INSERT INTO tenants (name) SELECT unnest($1::bytea[]) ON CONFLICT DO NOTHING', [names])
  }
}

interface TenantRow {
  readonly tenant: string
  readonly name: Buffer
  readonly last_position: string
  readonly last_document: string
}

interface FoundRow extends HeadRow {
  readonly name: Buffer
  readonly document: string
}

async function attemptStart(client: Client, seat: Seat, writes: readonly Write[]): Promise<Started> {
  const keys = new Map(writes.flatMap(({ documents }) => documents.map((key) => [nameOf(key), key])))
  const documents = [...keys.values()]
  const names = new Set([...documents.map(({ tenant }) => tenant), ...writes.flatMap(({ tenants }) => tenants)])
  const [begun, tenants, heads] = await together(client, [
    // Two statements as one message; both numbers are PostgreSQL's own. At a higher level of isolation the heads would be read
    // as they were before the lock.
    `BEGIN ISOLATION LEVEL READ COMMITTED; UPDATE seats SET commits = commits + 1
      WHERE seat = ${seat.number} AND fence = ${seat.fence} RETURNING commits`,
    {
      name: 'lock_tenants',
      text: `SELECT tenant, name, last_position, last_document FROM tenants WHERE name = ANY($1::bytea[])
        ORDER BY name FOR UPDATE`,
      values: [[...names].map(toBytes)],
    },
    {
      name: 'read_heads',
      text: `SELECT name, documents.* FROM unnest($1::bytea[], $2::bytea[]) AS wanted(name, id)
        JOIN tenants USING (name) JOIN documents USING (tenant, id)`,
      values: [documents.map((key) => toBytes(key.tenant)), documents.map((key) => toBytes(key.id))],
    },
  ])
  // Several statements are answered with several results, of which `pg` has no type.
  const [, owner] = begun as unknown as QueryResult<{ commits: string }>[]
  const [own] = owner!.rows
  if (!own) {
    await client.query('ROLLBACK')
    throw new StoreError('STORE_LOCKED', 'another process has taken the seat of this one; open the store again')
  }
  const found = (heads!.rows as FoundRow[]).map((row) => {
    return { number: Number(row.document), head: headOf(toText(row.name), row) }
  })
  return { commits: own.commits, state: new GroupState(new Map((tenants!.rows as TenantRow[]).map(tenantOf)), found) }
}

function tenantOf(row: TenantRow): [string, TenantState] {
  const lastPosition = Number(row.last_position)
  return [toText(row.name), { number: Number(row.tenant), lastPosition, lastDocument: Number(row.last_document) }]
}

/** Sends all at once and waits for all answers. Throws the failure that came first, not those that follow from it. */
async function together(
  client: Client,
  queries: readonly (QueryConfig | string)[],
): Promise<QueryResult<QueryResultRow>[]> {
  const settled = await Promise.allSettled(queries.map((query) => client.query(query)))
  const failures = settled.filter((one) => one.status === 'rejected').map(({ reason }) => reason as unknown)
  if (failures.length > 0) throw failures.find((failure) => !isAftermath(failure)) ?? failures[0]
  return settled.map((one) => (one as PromiseFulfilledResult<QueryResult<QueryResultRow>>).value)
}
