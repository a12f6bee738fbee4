import { StoreError } from '@joinery/sync'
import type { Client } from 'pg'

/**
 * The tables, as numbered steps. A change of the schema is a new step at the end, with its reason; the steps before it are
 * never changed. `DESIGN.md` says why each table is shaped as it is.
 *
 * Names and attributes are `bytea` of UTF-8: their order is that of the bytes whatever the database's collation, and they may
 * hold NUL, which `text` may not.
 */
export const migrations: readonly string[] = [
  // 1. The first.
  `
  CREATE TABLE store (
    one boolean PRIMARY KEY CHECK (one),
    store_id text NOT NULL,
    place text NOT NULL
  );
  CREATE TABLE seats (
    seat integer PRIMARY KEY,
    fence bigint NOT NULL,
    store_id text NOT NULL,
    commits bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50);
  CREATE TABLE tenants (
    tenant bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name bytea NOT NULL UNIQUE,
    last_position bigint NOT NULL DEFAULT 0,
    last_document bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50);
  CREATE TABLE documents (
    tenant bigint NOT NULL,
    document bigint NOT NULL,
    id bytea NOT NULL,
    version bigint NOT NULL,
    incarnation bytea NOT NULL,
    deleted boolean NOT NULL,
    attributes bytea NOT NULL,
    snapshot_version bigint NOT NULL,
    compacted_version bigint NOT NULL,
    PRIMARY KEY (tenant, document),
    UNIQUE (tenant, id)
  ) WITH (fillfactor = 70);
  CREATE INDEX documents_alive ON documents (tenant, id) WHERE NOT deleted;
  CREATE TABLE log (
    tenant bigint NOT NULL,
    document bigint NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    ends bytea,
    change bytea NOT NULL,
    attributes bytea NOT NULL,
    PRIMARY KEY (tenant, document, version)
  );
  CREATE UNIQUE INDEX log_arrival ON log (tenant, position);
  CREATE TABLE snapshots (
    tenant bigint NOT NULL,
    document bigint NOT NULL,
    version bigint NOT NULL,
    bytes bytea NOT NULL,
    attributes bytea NOT NULL,
    PRIMARY KEY (tenant, document)
  );
  CREATE TABLE receipts (
    tenant bigint NOT NULL,
    scope bytea NOT NULL,
    key bytea NOT NULL,
    request_hash bytea NOT NULL,
    answer bytea NOT NULL,
    expires_at_ms bigint,
    PRIMARY KEY (tenant, scope, key)
  );
  CREATE INDEX receipts_expiry ON receipts (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  CREATE TABLE host_values (
    name bytea PRIMARY KEY,
    value bytea NOT NULL
  );
  `,
]

/** Brings the schema up to date, in the caller's transaction and under its lock. Refuses what is no store, or a newer one. */
export async function migrate(client: Client, schema: string): Promise<void> {
  // Asked first: `IF NOT EXISTS` wants the right to create one even where it is there.
  const found = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])
  if (found.rows.length === 0) await client.query(`CREATE SCHEMA "${schema}"`)
  const { rows } = await client.query<{ migrated: boolean; others: boolean }>(
    `SELECT to_regclass($1) IS NOT NULL AS migrated,
      EXISTS (SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $2 AND relkind = 'r') AS others`,
    [`"${schema}".migrations`, schema],
  )
  const { migrated, others } = rows[0]!
  if (!migrated && others) throw new StoreError('STORE_FORMAT', `schema ${schema} has other tables and is no store`)
  if (!migrated) {
    await client.query(
      'CREATE TABLE migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    )
  }
  const applied = await client.query<{ version: number | null }>('SELECT max(version) AS version FROM migrations')
  const version = applied.rows[0]!.version ?? 0
  if (version > migrations.length) {
    const known = `this version knows those up to ${migrations.length}`
    throw new StoreError('STORE_FORMAT', `the store has migration ${version}, ${known}`)
  }
  for (const [i, sql] of migrations.entries()) {
    if (i < version) continue
    await client.query(sql)
    await client.query('INSERT INTO migrations (version) VALUES ($1)', [i + 1])
  }
}
