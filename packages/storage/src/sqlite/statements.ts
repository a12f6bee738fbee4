import type { SqliteDatabase, SqliteStatement } from './driver.ts'

/** Every statement that runs on an open store, prepared once. A test asks SQLite for their plans: none may scan or sort. */
export const statementSql = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  saveCounters: 'UPDATE store SET transactions = ?, last_position = ?',

  addTenant: 'INSERT OR IGNORE INTO tenants (name) VALUES (?)',
  tenant: 'SELECT tenant FROM tenants WHERE name = ?',
  tenants: 'SELECT name FROM tenants WHERE name >= ? ORDER BY name LIMIT ?',

  state: `SELECT document, tenant, version, incarnation, deleted, snapshot_version, compacted_version
    FROM documents WHERE tenant = (SELECT tenant FROM tenants WHERE name = ?) AND id = ?`,
  head: `SELECT id, version, incarnation, deleted, attributes, snapshot_version, compacted_version
    FROM documents WHERE tenant = (SELECT tenant FROM tenants WHERE name = ?) AND id = ?`,
  headsAlive: `SELECT id, version, incarnation, deleted, attributes, snapshot_version, compacted_version
    FROM documents WHERE tenant = (SELECT tenant FROM tenants WHERE name = ?) AND deleted = 0 AND id >= ? AND id < ?
    ORDER BY id LIMIT ?`,
  heads: `SELECT id, version, incarnation, deleted, attributes, snapshot_version, compacted_version
    FROM documents WHERE tenant = (SELECT tenant FROM tenants WHERE name = ?) AND id >= ? AND id < ?
    ORDER BY id LIMIT ?`,

  addDocument: `INSERT INTO documents
    (tenant, id, version, incarnation, deleted, attributes, snapshot_version, compacted_version)
    VALUES (?, ?, ?, ?, 0, ?, 0, 0)`,
  appendDocument: `UPDATE documents SET version = ?
    WHERE tenant = (SELECT tenant FROM tenants WHERE name = ?) AND id = ? AND version = ? AND deleted = 0 AND incarnation = ?
    RETURNING document, tenant`,
  reviveDocument: 'UPDATE documents SET version = ?, incarnation = ?, deleted = 0, attributes = ? WHERE document = ?',
  endDocument: `UPDATE documents SET version = ?1, deleted = 1, snapshot_version = 0, compacted_version = ?1
    WHERE document = ?2`,
  compactDocument: `UPDATE documents SET snapshot_version = ?, compacted_version = max(compacted_version, ?)
    WHERE document = ?`,

  importDocument: `INSERT INTO documents
    (tenant, id, version, incarnation, deleted, attributes, snapshot_version, compacted_version)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  replaceDocument: `UPDATE documents SET version = ?, incarnation = ?, deleted = ?, attributes = ?, snapshot_version = ?,
    compacted_version = ? WHERE document = ?`,

  addEntry: `INSERT INTO log (position, document, version, tenant, ends, change, attributes)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  dropLog: 'DELETE FROM log WHERE document = ?',
  cutLog: 'DELETE FROM log WHERE document = ? AND version <= ? AND ends IS NULL',
  log: `SELECT coalesce(position, entry) AS position, version, change, attributes FROM log
    WHERE document = ? AND version > ? AND ends IS NULL ORDER BY version LIMIT ?`,
  tenantLog: `SELECT coalesce(position, entry) AS position, log.version, ends, change, log.attributes, id, incarnation
    FROM log JOIN documents USING (document)
    WHERE log.tenant = (SELECT tenant FROM tenants WHERE name = ?) AND coalesce(position, entry) > ?
    ORDER BY coalesce(position, entry) LIMIT ?`,
  // The tombstone lies before the log; the first entry says by itself whether it is one.
  firstEntry: `SELECT coalesce(position, entry) AS position, version, ends, change, attributes FROM log
    WHERE document = ? ORDER BY version LIMIT 1`,
  positionTaken: `SELECT document FROM log WHERE tenant = ? AND coalesce(position, entry) = ?`,

  putSnapshot: 'INSERT OR REPLACE INTO snapshots (document, version, bytes, attributes) VALUES (?, ?, ?, ?)',
  dropSnapshot: 'DELETE FROM snapshots WHERE document = ?',
  snapshot: `SELECT snapshots.version, incarnation, bytes, snapshots.attributes
    FROM documents JOIN snapshots USING (document) WHERE tenant = (SELECT tenant FROM tenants WHERE name = ?) AND id = ?`,

  putReceipt: `INSERT INTO receipts (tenant, scope, key, request_hash, answer, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (tenant, scope, key) DO UPDATE
    SET request_hash = excluded.request_hash, answer = excluded.answer, expires_at_ms = excluded.expires_at_ms`,
  receipt: `SELECT request_hash, answer, expires_at_ms FROM receipts
    WHERE tenant = (SELECT tenant FROM tenants WHERE name = ?) AND scope = ? AND key = ?`,
  receipts: `SELECT scope, key, request_hash, answer, expires_at_ms FROM receipts
    WHERE tenant = (SELECT tenant FROM tenants WHERE name = ?) AND (scope, key) >= (?, ?) ORDER BY scope, key LIMIT ?`,
  purgeReceipts: `DELETE FROM receipts WHERE receipt IN
    (SELECT receipt FROM receipts WHERE expires_at_ms IS NOT NULL AND expires_at_ms <= ? LIMIT ?)`,

  value: 'SELECT value FROM host_values WHERE name = ?',
  values: 'SELECT name, value FROM host_values WHERE name >= ? AND name < ? ORDER BY name',
  putValue: 'INSERT OR REPLACE INTO host_values (name, value) VALUES (?, ?)',
  dropValue: 'DELETE FROM host_values WHERE name = ?',
} as const

export type Statements = { readonly [name in keyof typeof statementSql]: SqliteStatement }

export function prepareStatements(database: SqliteDatabase): Statements {
  const prepared = Object.entries(statementSql).map(([name, sql]) => [name, database.prepare(sql)])
  return Object.fromEntries(prepared) as Statements
}
