/**
 * A store in a schema of a PostgreSQL database, which several processes may have open at once.
 *
 * Commits that arrive in one turn share a transaction. `DESIGN.md` says how owners keep out of each other's way, what happens
 * when a connection is lost, and which restored backups are noticed.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Store, StoreError } from '@joinery/sync'
import { Client, Pool } from 'pg'
import { durableStore, type Engine } from './common/durable-store.ts'
import { platformRandom, type RandomBytes } from './common/random.ts'
import { type Address, clientConfig, type Wait } from './postgres/connect.ts'
import { storeFailure } from './postgres/failure.ts'
import { defaultPostgresLimits, type PostgresLimits } from './postgres/limits.ts'
import * as reads from './postgres/reads.ts'
import { openSession, type Session } from './postgres/session.ts'
import { openWriter, type Writer } from './postgres/writer.ts'
import { commitWrite, compactionWrite, importWrite, receiptsWrite, valueWrite, type Write } from './postgres/writes.ts'

export type { PostgresLimits, RandomBytes }

export interface PostgresStoreOptions {
  /**
   * `postgres://user@host:port/database`. What is left out comes from the variables of libpq (`PGHOST`, `PGPASSWORD`, …) and
   * from `~/.pgpass`, which is the better place for a password.
   */
  readonly url: string
  /** The schema that holds the store; made when missing. Default `joinery`. */
  readonly schema?: string
  readonly limits?: Partial<PostgresLimits>
  /** Where the store id comes from. Default: the platform. */
  readonly random?: RandomBytes
  /** Puts off a flush until the input of this turn was handled. Default: `setImmediate`. */
  readonly schedule?: (run: () => void) => void
  /** Paces attempts to connect again, and looks at the connection that listens. Default: the platform's timer. */
  readonly wait?: Wait
}

const platformWait: Wait = async (ms, signal) => {
  // Cut short by the signal, which is no failure.
  await delay(ms, undefined, signal && { signal }).catch(() => {})
}

/** The channel's name is made of it, and names of PostgreSQL have 63 bytes. */
const schemas = /^[a-z_][a-z0-9_]{0,49}$/

/**
 * Opens the store, takes a seat among its owners and begins to listen for what the others commit. Refused with `STORE_LOCKED`
 * when all seats are taken, `STORE_FORMAT` when the schema is something else or newer, `STORE_ARGUMENT`, `STORE_IO`.
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { random = platformRandom, schedule = setImmediate, wait = platformWait } = options
  const limits = { ...defaultPostgresLimits, ...options.limits }
  const address = { url: options.url, schema: options.schema ?? 'joinery', limits }
  checkAddress(address)
  try {
    const { schema } = address
    const session = await openSession({ address, seat: { schema, seatsMax: limits.seatsMax, random }, wait })
    const { seat, sender } = session
    const pool = new Pool({ ...clientConfig(address), max: limits.readConnectionsMax })
    // A connection that is lost while it rests is replaced when one is needed.
    pool.on('error', () => {})
    const writer = openWriter({ address, seat, sender, schema, limits, wait })
    return durableStore(engineOver({ session, pool, writer }), { limits, schedule })
  } catch (error) {
    throw storeFailure(error, 'cannot open the PostgreSQL store')
  }
}

/** The failures of a parser may quote what they parse, and with it a password: none is passed on. */
function checkAddress({ url, schema }: Address): void {
  if (!schemas.test(schema)) {
    throw new StoreError('STORE_ARGUMENT', 'the schema is up to 50 small letters, digits and underscores')
  }
  try {
    if (!/^postgres(ql)?:\/\//.test(url)) throw new Error('another scheme')
    // The store sets options of its own, which these would replace.
    if (/[?&]options=/.test(url)) throw new Error('options')
    new Client({ connectionString: url })
  } catch {
    const form = 'postgres://user@host:port/database, without "options"'
    throw new StoreError('STORE_ARGUMENT', `the address of a PostgreSQL store is ${form}`)
  }
}

interface Parts {
  readonly session: Session
  readonly pool: Pool
  readonly writer: Writer
}

function engineOver({ session, pool, writer }: Parts): Engine<Write> {
  return {
    identity: session.seat.identity,
    readHead: (key) => reads.readHead(pool, key),
    readLog: (key, options) => reads.readLog(pool, key, options),
    readTenantLog: (tenant, options) => reads.readTenantLog(pool, tenant, options),
    readSnapshot: (key) => reads.readSnapshot(pool, key),
    readTombstone: (key) => reads.readTombstone(pool, key),
    readTenants: (options) => reads.readTenants(pool, options),
    readDocuments: (tenant, options) => reads.readDocuments(pool, tenant, options),
    readReceipt: (key) => reads.readReceipt(pool, key),
    readReceipts: (tenant, options) => reads.readReceipts(pool, tenant, options),
    readValue: (name) => reads.readValue(pool, name),
    readValues: (prefix) => reads.readValues(pool, prefix),
    commitOf: commitWrite,
    compactionOf: compactionWrite,
    valueOf: valueWrite,
    importOf: importWrite,
    receiptsOf: receiptsWrite,
    purge: (nowMs, limit) => reads.purgeReceipts(pool, nowMs, limit),
    flush: (writes) => writer.flush(writes),
    watch: (listener) => session.watch(listener),
    failure: storeFailure,
    async release() {
      await Promise.all([pool.end(), writer.close(), session.close()])
    },
  }
}
