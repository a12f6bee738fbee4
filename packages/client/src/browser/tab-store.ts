/**
 * One store for all tabs of an origin: the leading tab has it open, the others call it there. When the leading tab goes the next one
 * opens the store, and whoever waited for an answer asks again, or is told that it is not known.
 */
import { type Store, StoreError, type StoreErrorCode } from '@joinery/sync'
import { randomName } from '../host.ts'
import { EPOCH_NAME } from '../live/records.ts'
import type { ProvidedStore } from '../live/types.ts'
import { type Bus, Seat } from './bus.ts'

const methods = ['head', 'log', 'snapshot', 'value', 'values', 'setValue', 'commit', 'compact', 'documents'] as const
/** What does the same when it is done twice. */
const repeatable: ReadonlySet<string> = new Set(methods.filter((name) => name !== 'commit' && name !== 'compact'))

type Method = (typeof methods)[number]

interface Failure {
  readonly code: StoreErrorCode
  readonly message: string
}

/** Which store is open where. */
type News = { readonly storeId: string } | { readonly failure: Failure }

interface Call {
  readonly call: number
  readonly storeId: string
  readonly method: Method
  readonly args: readonly unknown[]
}

type Answer = { readonly call: number } & ({ readonly value: unknown } | { readonly failure: Failure })

interface Waiting extends Call {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: StoreError) => void
}

const TOPIC = 'store'

export interface TabStoreOptions {
  readonly bus: Bus
  /** Opens the store, once the tab before has let go of it. */
  readonly openStore: () => Promise<ProvidedStore>
  /** Who has the store, and with it the connection; undefined: this tab. */
  readonly onLeader: (leader: string | undefined) => void
}

export class TabStore {
  readonly #options: TabStoreOptions
  readonly #seat: Seat
  #local: ProvidedStore | undefined
  #leader: string | undefined
  #news: News | undefined
  #onNews: (() => void)[] = []
  readonly #waiting = new Map<number, Waiting>()
  /** Of these, those that a tab has refused because it was about to end. */
  readonly #refused = new Set<number>()
  #calls = 0
  #closed = false

  constructor(options: TabStoreOptions) {
    this.#options = options
    const { bus, onLeader } = options
    bus.on<Call | Answer>(TOPIC, (said, from) => {
      if ('method' in said) void this.#serve(said, from)
      else this.#answered(said)
    })
    this.#seat = new Seat({
      bus,
      topic: TOPIC,
      onLead: () => void this.#lead(),
      onLeader: (leader, news: News) => {
        this.#leader = leader
        this.#tell(news)
        this.#askAgain()
        // Where nothing can be kept each tab is for itself.
        onLeader('failure' in news ? undefined : leader)
      },
    })
  }

  /** The store that is open now, for as long as it is that one. Rejects with what kept it from opening. */
  async open(): Promise<ProvidedStore> {
    while (this.#news === undefined) await new Promise<void>((resolve) => this.#onNews.push(resolve))
    const news = this.#news
    if ('failure' in news) throw new StoreError(news.failure.code, news.failure.message)
    const { storeId } = news
    const calls = methods.map((method) => [method, (...args: unknown[]) => this.#call(storeId, method, args)])
    return {
      ...(Object.fromEntries(calls) as Pick<Store, Method> as Store),
      // Whether it is, its epoch says: whoever opened it has begun another where it is not.
      identity: { storeId, continuous: true },
      lost: this.#whenAnother(storeId),
      close: () => this.#close(),
    }
  }

  async #whenAnother(storeId: string): Promise<StoreError> {
    for (;;) {
      if (this.#news !== undefined && 'storeId' in this.#news && this.#news.storeId !== storeId) return gone()
      await new Promise<void>((resolve) => this.#onNews.push(resolve))
    }
  }

  async #lead(): Promise<void> {
    const { openStore, onLeader } = this.#options
    try {
      const store = await openStore()
      // Before anybody else reads of it.
      const kept = store.identity.continuous ? await store.value(EPOCH_NAME) : undefined
      if (kept === undefined) await store.setValue(EPOCH_NAME, randomName())
      if (this.#closed) return await store.close()
      this.#local = store
      void store.lost?.then(() => {
        if (!this.#closed) void this.#lead()
      })
      this.#announce({ storeId: store.identity.storeId })
    } catch (error) {
      const { code, message } = error instanceof StoreError ? error : new StoreError('STORE_IO', String(error))
      this.#announce({ failure: { code, message } })
    }
    this.#leader = undefined
    onLeader(undefined)
    this.#askAgain()
  }

  #announce(news: News): void {
    this.#tell(news)
    this.#seat.announce(news)
  }

  #tell(news: News): void {
    this.#news = news
    for (const run of this.#onNews.splice(0)) run()
  }

  #call(storeId: string, method: Method, args: readonly unknown[]): Promise<unknown> {
    if (this.#closed) return Promise.reject(new StoreError('STORE_CLOSED', 'the store was closed'))
    return new Promise((resolve, reject) => {
      this.#calls += 1
      this.#ask({ call: this.#calls, storeId, method, args, resolve, reject })
    })
  }

  #ask(waiting: Waiting): void {
    const { call, storeId, method, args, resolve, reject } = waiting
    if (this.#local !== undefined) {
      this.#run(storeId, method, args).then(resolve, reject)
      return
    }
    this.#waiting.set(call, waiting)
    if (this.#leader !== undefined) this.#options.bus.post(TOPIC, { call, storeId, method, args }, this.#leader)
  }

  /** Another tab has the store now. */
  #askAgain(): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const each of waiting) {
      if (this.#refused.delete(each.call) || repeatable.has(each.method)) this.#ask(each)
      else each.reject(new StoreError('STORE_UNKNOWN', 'the tab that had the store is gone'))
    }
  }

  async #run(storeId: string, method: Method, args: readonly unknown[]): Promise<unknown> {
    const store = this.#local
    if (store?.identity.storeId !== storeId) throw gone()
    return (store[method] as (...all: readonly unknown[]) => Promise<unknown>)(...args)
  }

  async #serve({ call, storeId, method, args }: Call, from: string): Promise<void> {
    if (this.#local === undefined) return
    const answer = await this.#run(storeId, method, args).then(
      (value): Answer => ({ call, value }),
      (error: unknown): Answer => {
        const { code, message } = error instanceof StoreError ? error : new StoreError('STORE_IO', String(error))
        return { call, failure: { code, message } }
      },
    )
    this.#options.bus.post(TOPIC, answer, from)
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.call)
    // It was not carried out, and the next tab is asked when there is one.
    if ('failure' in answer && answer.failure.code === 'STORE_CLOSED') {
      this.#refused.add(answer.call)
      return
    }
    this.#waiting.delete(answer.call)
    if ('failure' in answer) waiting?.reject(new StoreError(answer.failure.code, answer.failure.message))
    else waiting?.resolve(answer.value)
  }

  async #close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#local?.close()
    this.#seat.leave()
    this.#options.bus.close()
  }
}

function gone(): StoreError {
  return new StoreError('STORE_GONE', 'the storage was taken away, and another is in its place')
}
