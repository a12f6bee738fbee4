/**
 * The tables, as numbered steps, each of which brings a database to its format. A change of the schema is a new step at the end,
 * with its reason; the steps before it are never changed. See `DESIGN.md` for why each table is shaped as it is.
 *
 * Names and attributes are BLOBs of UTF-8 (`text.ts`). `STRICT` makes SQLite refuse a value of another type instead of keeping it.
 */
export const migrations: readonly string[] = [
  // 1. The first.
  `
CREATE TABLE store (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  store_id BLOB NOT NULL,
  fence_token BLOB NOT NULL,
  -- Transactions ever committed: what the fence file counts along.
  transactions INTEGER NOT NULL,
  -- Kept apart from the log, whose last entry may be compacted away while its position must not come again.
  last_position INTEGER NOT NULL
) STRICT;

CREATE TABLE tenants (
  tenant INTEGER PRIMARY KEY,
  name BLOB NOT NULL UNIQUE
) STRICT;

-- One row per document ever begun. Rows are never removed: a deleted document keeps its version and incarnation.
CREATE TABLE documents (
  document INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  incarnation BLOB NOT NULL,
  deleted INTEGER NOT NULL,
  attributes BLOB NOT NULL,
  snapshot_version INTEGER NOT NULL,
  compacted_version INTEGER NOT NULL,
  UNIQUE (tenant, id)
) STRICT;

-- So that a page of living documents costs the same beside any number of deleted ones.
CREATE INDEX documents_alive ON documents (tenant, id) WHERE deleted = 0;

-- The position is the rowid: entries are appended at the end of the table, whatever document they belong to.
CREATE TABLE log (
  position INTEGER PRIMARY KEY,
  document INTEGER NOT NULL,
  version INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  -- The incarnation that this entry ended; NULL for a change of the current one.
  ends BLOB,
  change BLOB NOT NULL,
  attributes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_version ON log (document, version);
-- Holds the rowid too, so it is ordered by (tenant, position).
CREATE INDEX log_arrival ON log (tenant);

-- Apart from the documents, whose rows stay small.
CREATE TABLE snapshots (
  document INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  attributes BLOB NOT NULL
) STRICT;

CREATE TABLE receipts (
  receipt INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  scope BLOB NOT NULL,
  key BLOB NOT NULL,
  request_hash BLOB NOT NULL,
  answer BLOB NOT NULL,
  expires_at_ms INTEGER,
  UNIQUE (tenant, scope, key)
) STRICT;
CREATE INDEX receipts_expiry ON receipts (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

CREATE TABLE host_values (
  name BLOB PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
`,
  // 2. Imported entries keep their positions, of which other tenants may have the same: the position is no longer the rowid. In
  // rows of format 1, where it was, the column stays NULL; to write all of them would take as long as to copy the log.
  `
ALTER TABLE log RENAME COLUMN position TO entry;
ALTER TABLE log ADD COLUMN position INTEGER;
DROP INDEX log_arrival;
CREATE UNIQUE INDEX log_arrival ON log (tenant, coalesce(position, entry));
`,
]

/** "JNRY" in the header of the file tells a store from any other SQLite database. */
export const applicationId = 0x4a4e5259

/** Version of the schema, in `user_version`. */
export const format: number = migrations.length
