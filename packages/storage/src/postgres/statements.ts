/**
 * The statements of a transaction. Rows travel as one array per column, so a statement stores any number of them, and each is
 * prepared once per connection.
 */
import type { QueryConfig } from 'pg'
import { toBytes } from '../common/text.ts'
import type { GroupState } from './group-state.ts'

function statement(name: string, text: string, values: unknown[]): QueryConfig {
  return { name, text, values }
}

/** `pg` takes a Buffer for `bytea`. */
function view({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** All that has changed, and the news of it, in an order in which the statements may run. */
export function changes(state: GroupState, news: readonly string[], channel: string): QueryConfig[] {
  const rare = [...dropStatements(state), ...snapshotStatements(state), ...keepingStatements(state)]
  const needed = rare.filter(({ values }) => (values as unknown[][])[0]!.length > 0)
  return state.changed.length === 0 ? needed : [...needed, storeStatement(state, news, channel)]
}

/** What goes, before what comes: an end drops a log and adds its tombstone. */
function dropStatements(state: GroupState): QueryConfig[] {
  const dropping = state.changed.filter(({ dropsLog }) => dropsLog)
  const cutting = state.changed.filter(({ cutsUpTo, dropsLog }) => cutsUpTo > 0 && !dropsLog)
  const forgetting = state.changed.filter(({ snapshot }) => snapshot === null)
  const places = (documents: typeof dropping) => [
    documents.map(({ tenant }) => tenant.number),
    documents.map(({ number }) => number),
  ]
  return [
    statement(
      'drop_log',
      `DELETE FROM log USING unnest($1::bigint[], $2::bigint[]) AS gone(tenant, document)
        WHERE log.tenant = gone.tenant AND log.document = gone.document`,
      places(dropping),
    ),
    statement(
      'cut_log',
      `DELETE FROM log USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS gone(tenant, document, version)
        WHERE log.tenant = gone.tenant AND log.document = gone.document AND log.version <= gone.version AND ends IS NULL`,
      [...places(cutting), cutting.map(({ cutsUpTo }) => cutsUpTo)],
    ),
    statement(
      'drop_snapshot',
      `DELETE FROM snapshots USING unnest($1::bigint[], $2::bigint[]) AS gone(tenant, document)
        WHERE snapshots.tenant = gone.tenant AND snapshots.document = gone.document`,
      places(forgetting),
    ),
  ]
}

/**
 * What every commit changes, in one statement: heads, entries and the tenants' counters; and the news, which the other owners
 * get when and if the transaction commits. A statement each would cost a small commit half its time.
 */
function storeStatement(state: GroupState, news: readonly string[], channel: string): QueryConfig {
  return statement(
    'store',
    `WITH heads AS (
        INSERT INTO documents SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bytea[],
          $6::boolean[], $7::bytea[], $8::bigint[], $9::bigint[])
        ON CONFLICT (tenant, document) DO UPDATE SET version = excluded.version, incarnation = excluded.incarnation,
          deleted = excluded.deleted, attributes = excluded.attributes,
          snapshot_version = excluded.snapshot_version, compacted_version = excluded.compacted_version
      ), entries AS (
        INSERT INTO log SELECT * FROM unnest($10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bytea[],
          $15::bytea[], $16::bytea[])
      ), counters AS (
        UPDATE tenants SET last_position = now.position, last_document = now.document
        FROM unnest($17::bigint[], $18::bigint[], $19::bigint[]) AS now(number, position, document)
        WHERE tenant = now.number
      )
      SELECT pg_notify($20, payload) FROM unnest($21::text[]) AS payload`,
    [...headColumns(state), ...entryColumns(state), ...counterColumns(state), channel, news],
  )
}

function headColumns({ changed }: GroupState): unknown[][] {
  const heads = changed.map(({ head }) => head)
  return [
    changed.map(({ tenant }) => tenant.number),
    changed.map(({ number }) => number),
    heads.map(({ key }) => toBytes(key.id)),
    heads.map(({ version }) => version),
    heads.map(({ incarnation }) => toBytes(incarnation)),
    heads.map(({ deleted }) => deleted),
    heads.map(({ attributes }) => toBytes(attributes)),
    heads.map(({ snapshotVersion }) => snapshotVersion),
    heads.map(({ compactedVersion }) => compactedVersion),
  ]
}

function entryColumns({ changed }: GroupState): unknown[][] {
  const all = changed.flatMap(({ tenant, number, entries }) => entries.map((one) => ({ tenant, number, ...one })))
  return [
    all.map(({ tenant }) => tenant.number),
    all.map(({ number }) => number),
    all.map(({ entry }) => entry.version),
    all.map(({ entry }) => entry.position),
    all.map(({ entry, isEnd }) => (isEnd ? toBytes(entry.incarnation) : null)),
    all.map(({ entry }) => view(entry.change)),
    all.map(({ entry }) => toBytes(entry.attributes)),
  ]
}

function counterColumns({ tenants }: GroupState): unknown[][] {
  return [
    tenants.map(({ number }) => number),
    tenants.map(({ lastPosition }) => lastPosition),
    tenants.map(({ lastDocument }) => lastDocument),
  ]
}

function snapshotStatements({ changed }: GroupState): QueryConfig[] {
  const all = changed.flatMap(({ tenant, number, snapshot }) => (snapshot ? [{ tenant, number, snapshot }] : []))
  const put = statement(
    'put_snapshots',
    `INSERT INTO snapshots SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[])
      ON CONFLICT (tenant, document) DO UPDATE
      SET version = excluded.version, bytes = excluded.bytes, attributes = excluded.attributes`,
    [
      all.map(({ tenant }) => tenant.number),
      all.map(({ number }) => number),
      all.map(({ snapshot }) => snapshot.version),
      all.map(({ snapshot }) => view(snapshot.bytes)),
      all.map(({ snapshot }) => toBytes(snapshot.attributes)),
    ],
  )
  return [put]
}

function keepingStatements(state: GroupState): QueryConfig[] {
  const { receipts } = state
  // In one order everywhere: two transactions that want the same rows must not wait for each other.
  const values = [...state.values].sort(([a], [b]) => (a < b ? -1 : 1))
  const put = values.filter(([, value]) => value !== undefined)
  const dropped = values.filter(([, value]) => value === undefined)
  return [
    statement(
      'put_receipts',
      `INSERT INTO receipts SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[],
          $6::bigint[])
        ON CONFLICT (tenant, scope, key) DO UPDATE SET request_hash = excluded.request_hash, answer = excluded.answer,
          expires_at_ms = excluded.expires_at_ms`,
      [
        receipts.map(({ tenant }) => state.tenant(tenant).number),
        receipts.map(({ scope }) => toBytes(scope)),
        receipts.map(({ key }) => toBytes(key)),
        receipts.map(({ requestHash }) => toBytes(requestHash)),
        receipts.map(({ answer }) => toBytes(answer)),
        receipts.map(({ expiresAtMs = null }) => expiresAtMs),
      ],
    ),
    statement(
      'put_values',
      `INSERT INTO host_values SELECT * FROM unnest($1::bytea[], $2::bytea[])
        ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [put.map(([name]) => toBytes(name)), put.map(([, value]) => toBytes(value!))],
    ),
    statement('drop_values', 'DELETE FROM host_values WHERE name = ANY($1::bytea[])', [
      dropped.map(([name]) => toBytes(name)),
    ]),
  ]
}
