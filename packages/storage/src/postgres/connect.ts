import { StoreError } from '@joinery/sync'
import { Client, type ClientConfig } from 'pg'
import type { PostgresLimits } from './limits.ts'

/** Where the store is, and how to get there. */
export interface Address {
  /** As `postgres://` has it; whatever it leaves out comes from the variables of libpq (`PGHOST`, `PGPASSWORD`, …). */
  readonly url: string
  readonly schema: string
  readonly limits: PostgresLimits
}

/** Resolves after so many milliseconds, or at once when the signal says so. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>

/** The oldest that is tested against and that its makers supported when this was written. */
const serverVersionMin = 130_000

/** Seconds until a server gives up a connection whose other end is silent: a lost owner must not keep its seat for hours. */
const keepAlive = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3'

/** What every connection of the store has in common. */
export function clientConfig({ url, schema, limits }: Address): ClientConfig {
  const waits = `-c lock_timeout=${limits.lockWaitMsMax} -c idle_in_transaction_session_timeout=${limits.lockWaitMsMax}`
  return {
    connectionString: url,
    options: `-c search_path=${schema} ${waits} ${keepAlive}`,
    application_name: 'joinery',
    client_encoding: 'UTF8',
    keepAlive: true,
    connectionTimeoutMillis: limits.connectWaitMsMax,
    query_timeout: limits.answerWaitMsMax,
  }
}

/** A connection of its own, ready to be used. Nobody listens to its end yet but the handler that is given. */
export async function connect(
  address: Address,
  more: { readonly pipeline: boolean; readonly onEnd: () => void },
): Promise<Client> {
  const client = new Client({ ...clientConfig(address), pipeline: more.pipeline })
  client.on('error', more.onEnd)
  client.on('end', more.onEnd)
  await client.connect()
  try {
    await checkSettings(client)
    return client
  } catch (error) {
    await closeQuietly(client)
    throw error
  }
}

/** What a commit's durability rests on must be so on this connection. */
async function checkSettings(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: string; durable: string; isReplica: boolean }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('synchronous_commit') AS durable,
      pg_is_in_recovery() AS "isReplica"`,
  )
  const { version, durable, isReplica } = rows[0]!
  if (Number(version) < serverVersionMin) throw new StoreError('STORE_IO', 'PostgreSQL 13 or later is needed')
  if (isReplica) throw new StoreError('STORE_IO', 'this PostgreSQL is a replica, which cannot be written to')
  if (durable === 'off') {
    throw new StoreError('STORE_IO', 'synchronous_commit is off: what is acknowledged could be lost')
  }
}

/**
 * Which data this is, as far as PostgreSQL can tell: the cluster, its timeline, the database and the very table. A dump that is
 * read back, a copied database, recovery to a point in time and a promoted replica each change one of them.
 */
export async function placeOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ place: string }>(
    `SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
      left(pg_walfile_name(pg_current_wal_lsn()), 8),
      (SELECT oid FROM pg_database WHERE datname = current_database()), 'store'::regclass::oid) AS place`,
  )
  return rows[0]!.place
}

/** Ends a connection that may be broken. */
export async function closeQuietly(client: Client): Promise<void> {
  try {
    await client.end()
  } catch {
    // It is gone, which is what was wanted.
  }
}
