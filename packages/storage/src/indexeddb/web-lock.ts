import { StoreError } from '@joinery/sync'

/** The right to be the only owner, as long as it is held. */
export interface Hold {
  release(): void
  /** Called when it was taken away, which only a script that steals locks does. */
  onStolen?: () => void
  isStolen: boolean
}

export interface LockOptions {
  readonly locks: LockManager
  readonly name: string
  /** Wait for the present owner to go; without it, refused with `STORE_LOCKED`. */
  readonly wait: boolean
  /** Gives up waiting, with `STORE_LOCKED` too. */
  readonly signal: AbortSignal | undefined
}

/** Takes the lock of the database. The browser frees it with the page, however that ends. */
export function holdLock({ locks, name, wait, signal }: LockOptions): Promise<Hold> {
  return new Promise((resolve, reject) => {
    let hold: Hold | undefined
    const options = wait ? (signal ? { signal } : {}) : { ifAvailable: true }
    const held = locks.request(`joinery:${name}`, options, (lock) => {
      if (!lock) throw new StoreError('STORE_LOCKED', 'another page has the store open')
      return new Promise<void>((release) => {
        hold = { release, isStolen: false }
        resolve(hold)
      })
    })
    held.catch((error) => {
      if (hold) {
        hold.isStolen = true
        hold.onStolen?.()
      } else if (signal?.aborted)
        reject(new StoreError('STORE_LOCKED', 'waited in vain for the store', { cause: error }))
      else reject(error)
    })
  })
}
