/**
 * The one connection to the database, and whether its owner still is the owner.
 *
 * Who owns the data is written in it: each transaction that writes finds its own mark there or writes nothing. So whatever lets a
 * second owner in, a stolen lock or a lease that ran out, the first one cannot write beside it.
 */
import { StoreError, type StoreIdentity } from '@joinery/sync'
import { newStoreId, type RandomBytes } from '../common/random.ts'
import { markKey, type StoreName, storeNames } from './database.ts'
import { storeFailure } from './failure.ts'
import type { MarkRecord } from './records.ts'
import { answered, completed } from './request.ts'

export interface ConnectionOptions {
  readonly database: IDBDatabase
  readonly random: RandomBytes
  /** Lets the next owner in; may be called again. */
  readonly release: () => void
}

export class Connection {
  readonly database: IDBDatabase
  /** Resolves when the data is no longer this owner's. */
  readonly whenLost: Promise<StoreError>
  /** Why everything is refused from now on. */
  lost: StoreError | undefined
  readonly #owner: string
  readonly #random: RandomBytes
  readonly #release: () => void
  #tellLost!: (error: StoreError) => void

  constructor({ database, random, release }: ConnectionOptions) {
    this.database = database
    this.#random = random
    this.#owner = newStoreId(random)
    this.#release = release
    this.whenLost = new Promise((resolve) => {
      this.#tellLost = resolve
    })
    // Who deletes the database, or brings it to a newer format, must not wait for us.
    database.onversionchange = () => this.lose('STORE_GONE', 'the database was deleted or replaced by another page')
    database.onclose = () => this.lose('STORE_GONE', 'the browser took the database away')
  }

  /** Everything is refused from now on. What is under way is stored or fails by itself. */
  lose(code: 'STORE_GONE' | 'STORE_LOCKED', why: string): void {
    if (this.lost) return
    this.lost = new StoreError(code, `${why}; open the store again`)
    this.close()
    this.#tellLost(this.lost)
  }

  close(): void {
    this.database.onclose = null
    this.database.close()
    this.#release()
  }

  read(...stores: StoreName[]): IDBTransaction {
    return this.database.transaction(stores, 'readonly')
  }

  /** A transaction that is stored only when it is flushed. */
  write(...stores: StoreName[]): IDBTransaction {
    return this.database.transaction(stores.length > 0 ? stores : storeNames, 'readwrite', { durability: 'strict' })
  }

  /** The mark, if it is still this owner's. Otherwise throws, and the store is lost. */
  async ownMark(transaction: IDBTransaction): Promise<MarkRecord> {
    const mark = await readMark(transaction)
    if (mark?.owner === this.#owner) return mark
    if (mark) this.lose('STORE_LOCKED', 'another page has taken the store')
    else this.lose('STORE_GONE', 'the data was removed from the database')
    throw this.lost
  }

  /**
   * Becomes the owner and finds out whose data this is. Refused with `STORE_LOCKED` while another owner's lease lasts, with
   * `STORE_FORMAT` when the mark of the store is missing or spoilt.
   */
  async take({
    nowMs = 0,
    leaseMs = 0,
  }: {
    readonly nowMs?: number
    readonly leaseMs?: number
  }): Promise<StoreIdentity> {
    const transaction = this.write('mark')
    const done = completed(transaction)
    const mark = await readMark(transaction)
    if (typeof mark?.storeId !== 'string' || !(mark.lastPosition >= 0)) {
      throw new StoreError('STORE_FORMAT', 'the mark of the store is missing or spoilt')
    }
    // A lease that ends later than any could is of a clock that was put back.
    if (nowMs < mark.leaseUntilMs && mark.leaseUntilMs <= nowMs + leaseMs) {
      throw new StoreError('STORE_LOCKED', 'another page has the store open')
    }
    // A browser that does not say that it flushes may have lost what it acknowledged.
    const continuous = mark.storeId !== '' && transaction.durability === 'strict'
    const storeId = continuous ? mark.storeId : newStoreId(this.#random)
    putMark(transaction, { ...mark, storeId, owner: this.#owner, leaseUntilMs: leaseMs && nowMs + leaseMs })
    await done
    return { storeId, continuous }
  }

  /** Stays the owner until then; 0 lets the next one in at once. */
  async renew(leaseUntilMs: number): Promise<void> {
    const transaction = this.write('mark')
    const done = completed(transaction)
    putMark(transaction, { ...(await this.ownMark(transaction)), leaseUntilMs })
    await done
  }

  failure(error: unknown, doing: string): StoreError {
    return this.lost ?? storeFailure(error, doing)
  }
}

function readMark(transaction: IDBTransaction): Promise<MarkRecord | undefined> {
  return answered(transaction.objectStore('mark').get(markKey))
}

export function putMark(transaction: IDBTransaction, mark: MarkRecord): void {
  transaction.objectStore('mark').put(mark, markKey)
}
