/**
 * The connection that holds the seat and listens. The lock says that its holder lives; the fence, which every transaction
 * checks, says who may write. So losing this connection stops nobody: it is made anew, and only who finds the seat taken is out.
 */
import type { StoreEvent } from '@joinery/sync'
import type { Client } from 'pg'
import { type Address, closeQuietly, connect, type Wait } from './connect.ts'
import { channelOf, decodeNews, type Sender } from './news.ts'
import { isOurs, type Seat, type SeatOptions, takeSeat, tryLock } from './seat.ts'

export interface Session {
  readonly seat: Seat
  readonly sender: Sender
  watch(listener: (event: StoreEvent) => void): () => void
  close(): Promise<void>
}

export interface SessionOptions {
  readonly address: Address
  readonly seat: SeatOptions
  readonly wait: Wait
}

/** Connects, takes a seat and listens. */
export async function openSession({ address, seat: seatOptions, wait }: SessionOptions): Promise<Session> {
  const { schema, limits } = address
  const listeners = new Set<(event: StoreEvent) => void>()
  const closing = new AbortController()
  let client: Client | undefined
  let restoring: Promise<void> | undefined

  const tell = (event: StoreEvent) => {
    for (const listener of listeners) listener(event)
  }

  const onEnd = (ended: Client) => {
    if (client !== ended || closing.signal.aborted) return
    client = undefined
    restoring ??= restore().finally(() => {
      restoring = undefined
    })
  }

  async function join(): Promise<Client> {
    let joined: Client | undefined
    joined = await connect(address, { pipeline: false, onEnd: () => joined && onEnd(joined) })
    return joined
  }

  async function listen(joined: Client): Promise<void> {
    joined.on('notification', ({ payload }) => decodeNews(sender, payload).forEach(tell))
    await joined.query(`LISTEN ${channelOf(schema)}`)
  }

  /** Until it listens and has its lock again, the store was closed, or somebody else sits there. */
  async function restore(): Promise<void> {
    while (!closing.signal.aborted && !(await attempt())) await wait(limits.reconnectWaitMs, closing.signal)
  }

  async function attempt(): Promise<boolean> {
    let joined = client
    try {
      if (!joined) {
        joined = await join()
        await listen(joined)
        client = joined
        // Told only now: whoever reads after this misses nothing, as all later commits are told.
        tell({ type: 'gap' })
      }
      // The server may not have noticed yet that our connection is gone, and hold its lock for a while.
      return (await tryLock(joined, schema, seat.number)) || !(await isOurs(joined, seat))
    } catch {
      client = undefined
      if (joined) await closeQuietly(joined)
      return false
    }
  }

  /** A network that falls silent breaks no connection that only listens: it must be asked now and then. */
  async function check(): Promise<void> {
    while (!closing.signal.aborted) {
      await wait(limits.listenCheckMs, closing.signal)
      const checked = client
      // Its end is what `onEnd` hears.
      await checked?.query('SELECT 1').catch(() => closeQuietly(checked))
    }
  }

  const first = await join()
  let seat: Seat
  let sender: Sender
  try {
    seat = await takeSeat(first, seatOptions)
    sender = `${seat.number}.${seat.fence}`
    await listen(first)
  } catch (error) {
    await closeQuietly(first)
    throw error
  }
  client = first
  void check()

  return {
    seat,
    sender,
    watch(listener) {
      // A function of its own, so that the same listener may watch twice.
      const own = (event: StoreEvent) => listener(event)
      listeners.add(own)
      return () => listeners.delete(own)
    },
    async close() {
      closing.abort()
      listeners.clear()
      await restoring
      // Unlocked in so many words: the end of the connection reaches the server later than whoever opens next.
      await client?.query('SELECT pg_advisory_unlock_all()').catch(() => {})
      if (client) await closeQuietly(client)
    },
  }
}
