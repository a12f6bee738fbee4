import { StoreError, type StoreIdentity } from '@joinery/sync'
import type { Client } from 'pg'
import { newStoreId, type RandomBytes } from '../common/random.ts'
import { placeOf } from './connect.ts'
import { migrate } from './migrations.ts'

/** A seat among the owners of a store, and the number that says who took it last. */
export interface Seat {
  readonly number: number
  readonly fence: string
  readonly place: string
  readonly identity: StoreIdentity
}

export interface SeatOptions {
  readonly schema: string
  readonly seatsMax: number
  readonly random: RandomBytes
}

/** 64 bits of a name: advisory locks are numbers, shared by all that use the database. */
const lockNumber = "hashtextextended('joinery/' || $1, 0)"

/** Takes the lock of a seat for the life of the connection, unless another connection has it. */
export async function tryLock(client: Client, schema: string, seat: number): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${lockNumber}) AS locked`, [
    `${schema}/seat/${seat}`,
  ])
  return rows[0]!.locked
}

/** Makes the schema if it is not there, takes the first free seat, and finds out whether the data is what it was. */
export async function takeSeat(client: Client, options: SeatOptions): Promise<Seat> {
  await client.query('BEGIN')
  try {
    // One opener at a time: two must neither migrate nor rename the store together.
    await client.query(`SELECT pg_advisory_xact_lock(${lockNumber})`, [`${options.schema}/open`])
    await migrate(client, options.schema)
    const number = await firstFreeSeat(client, options)
    const place = await placeOf(client)
    const { storeId, isNew } = await establishStore(client, place, options.random)
    const before = await client.query<{ store_id: string }>('SELECT store_id FROM seats WHERE seat = $1', [number])
    const taken = await client.query<{ fence: string }>(
      `INSERT INTO seats (seat, fence, store_id) VALUES ($1, 1, $2)
        ON CONFLICT (seat) DO UPDATE SET fence = seats.fence + 1, store_id = excluded.store_id RETURNING fence`,
      [number, storeId],
    )
    await client.query('COMMIT')
    // A seat that slept while the store took another id has nothing that it may continue.
    const continuous = !isNew && before.rows[0]?.store_id === storeId
    return { number, fence: taken.rows[0]!.fence, place, identity: { storeId, continuous, seat: `${number}` } }
  } catch (error) {
    // The connection is given up by the caller, and the transaction with it.
    throw (error as { code?: unknown }).code === '42501'
      ? new StoreError('STORE_IO', `the user may not work in schema ${options.schema}`, { cause: error })
      : error
  }
}

async function firstFreeSeat(client: Client, { schema, seatsMax }: SeatOptions): Promise<number> {
  for (let seat = 1; seat <= seatsMax; seat += 1) if (await tryLock(client, schema, seat)) return seat
  throw new StoreError('STORE_LOCKED', `all ${seatsMax} seats of the store are taken`)
}

/** The id of the store: kept while the data is where it was, else a new one, which also unseats whoever had the old. */
async function establishStore(
  client: Client,
  place: string,
  random: RandomBytes,
): Promise<{ readonly storeId: string; readonly isNew: boolean }> {
  const { rows } = await client.query<{ store_id: string; place: string }>('SELECT store_id, place FROM store')
  const [store] = rows
  if (store?.place === place) return { storeId: store.store_id, isNew: false }
  const storeId = newStoreId(random)
  await client.query(
    `INSERT INTO store (one, store_id, place) VALUES (true, $1, $2)
      ON CONFLICT (one) DO UPDATE SET store_id = excluded.store_id, place = excluded.place`,
    [storeId, place],
  )
  await client.query('UPDATE seats SET fence = fence + 1')
  return { storeId, isNew: true }
}

/** Whether the seat still belongs to whoever took it with this fence. */
export async function isOurs(client: Client, { number, fence }: Seat): Promise<boolean> {
  const { rows } = await client.query('SELECT FROM seats WHERE seat = $1 AND fence = $2', [number, fence])
  return rows.length > 0
}
