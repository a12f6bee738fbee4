import { StoreError, type StoreIdentity } from '@joinery/sync'
import type { Connection } from './connection.ts'
import type { IndexedDbPlatform } from './platform.ts'

/** A lease is renewed this often while it lasts, and asked for as often by who waits for it. */
const renewals = 5

export interface LeaseOptions {
  readonly connection: Connection
  readonly platform: IndexedDbPlatform
  readonly leaseMs: number
  readonly wait: boolean
  readonly signal: AbortSignal | undefined
}

export interface Lease {
  readonly identity: StoreIdentity
  /** Gives the lease back, so that the next owner need not wait for its end. Never rejects. */
  end(): Promise<void>
}

/**
 * Owns the data for a while and renews that, where there are no Web Locks. Whoever does not come to renew it may be followed by
 * another, and finds that out at its next write.
 */
export async function takeLease(options: LeaseOptions): Promise<Lease> {
  const { connection, platform, leaseMs } = options
  const identity = await firstFree(options)
  let stop = () => {}
  const renew = () => {
    // One that cannot be renewed, because the disk is full for one, may still be held: the next write decides.
    const renewed = connection.renew(platform.nowMs() + leaseMs).catch(() => {})
    void renewed.then(schedule)
  }
  let ended = false
  const schedule = () => {
    if (!ended && !connection.lost) stop = platform.later(renew, leaseMs / renewals)
  }
  schedule()
  return {
    identity,
    async end() {
      ended = true
      stop()
      if (!connection.lost) await connection.renew(0).catch(() => {})
    },
  }
}

async function firstFree({ connection, platform, leaseMs, wait, signal }: LeaseOptions): Promise<StoreIdentity> {
  for (;;) {
    try {
      return await connection.take({ nowMs: platform.nowMs(), leaseMs })
    } catch (error) {
      const isLocked = error instanceof StoreError && error.code === 'STORE_LOCKED'
      if (!wait || !isLocked || connection.lost || signal?.aborted) throw error
    }
    await pause(platform, leaseMs / renewals, signal)
  }
}

function pause(platform: IndexedDbPlatform, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    platform.later(resolve, delayMs)
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}
