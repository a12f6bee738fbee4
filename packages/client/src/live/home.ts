/**
 * Where a client keeps its documents: the storage is opened, and opened again when it was taken away, as a browser does that needs the
 * room or whose user clears the data. Where none is to be had documents live in memory, and the status says so.
 */
import type { Store } from '@joinery/sync'
import type { ClientError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { LiveLimits } from './limits.ts'
import { openPlace, type Place, storageError, storeCode } from './place.ts'
import type { Tabs } from './tabs.ts'
import type { ClientOptions, StorageProvider, StorageStatus } from './types.ts'
import type { Shelf } from './undo-keeper.ts'

export interface HomeOptions extends Pick<ClientOptions, 'tenant' | 'nodeId'> {
  readonly storage: ClientOptions['storage']
  readonly host: Host
  readonly limits: LiveLimits
  /** The storage is there, before anything is read from it. */
  readonly onOpen: (store: Store) => Promise<void>
  /** Another storage took the place of the one before, and has nothing in it. */
  readonly onMoved: (place: Place) => void
  readonly onStatus: () => void
}

const WITHOUT_STORAGE =
  'Edits are kept in memory only: those that were not sent are lost when this page or process ends.'

export class Home {
  readonly #options: HomeOptions
  readonly #provider: StorageProvider | undefined
  #opened: Promise<Place | undefined>
  #moving = false
  #failures = 0
  #closed = false
  #cancelRetry: (() => void) | undefined
  #error: ClientError | undefined
  #status: StorageStatus

  constructor(options: HomeOptions) {
    this.#options = options
    this.#provider = providerOf(options.storage)
    const durable = this.#provider !== undefined
    this.#status = { durable, warning: durable ? undefined : WITHOUT_STORAGE }
    this.#opened = this.#begin()
    // Whoever reads a document is told, and so is who looks at the status.
    this.#opened.catch(() => {})
  }

  /** The storage; undefined where there is none. Rejects with a `ClientError`. */
  get place(): Promise<Place | undefined> {
    return this.#opened
  }

  get status(): StorageStatus {
    return this.#status
  }

  /** Where several tabs share the storage. */
  get tabs(): Tabs | undefined {
    return this.#provider?.tabs
  }

  /** Where texts of this tab or process are kept. */
  async shelf(): Promise<Shelf | undefined> {
    if (this.#provider?.shelf !== undefined) return this.#provider.shelf
    const store = (await this.#opened)?.store
    return store && { read: (name) => store.value(name), write: (name, text) => store.setValue(name, text) }
  }

  /** What could not be kept, until it could. */
  get error(): ClientError | undefined {
    return this.#error
  }

  /** Something could not be kept; undefined when it could again. */
  trouble(error: unknown): void {
    this.#error = error === undefined ? undefined : storageError(error)
    this.#options.onStatus()
    if (storeCode(error) === 'STORE_GONE') void this.#move()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry?.()
    const place = await this.#opened.catch(() => undefined)
    await place?.store.close()
  }

  async #begin(): Promise<Place | undefined> {
    try {
      const place = await this.#open()
      if (place === undefined && this.#provider !== undefined)
        this.#status = { durable: false, warning: WITHOUT_STORAGE }
      return place
    } catch (error) {
      this.#error = storageError(error)
      this.#status = { durable: false, warning: this.#error.message }
      throw this.#error
    } finally {
      // While the client is made nobody listens yet.
      void Promise.resolve().then(this.#options.onStatus)
    }
  }

  async #open(): Promise<Place | undefined> {
    const { tenant, nodeId, onOpen } = this.#options
    const store = await this.#provider?.open()
    if (store === undefined) return undefined
    const place = await openPlace(store, tenant, nodeId)
    await onOpen(store)
    // Also where nothing is to be written now: what was durable is not any more.
    void store.lost?.then((error) => this.#closed || this.trouble(error))
    return place
  }

  /** What was deleted is begun anew: everything that is open is still in memory, and goes there. */
  async #move(): Promise<void> {
    if (this.#moving || this.#closed) return
    this.#moving = true
    try {
      const place = await this.#open()
      if (place === undefined || this.#closed) return
      this.#failures = 0
      this.#opened = Promise.resolve(place)
      this.#error = undefined
      this.#options.onMoved(place)
    } catch (error) {
      this.#error = storageError(error)
      this.#options.onStatus()
      const { host, limits } = this.#options
      const waitMs = Math.min(limits.storageRetryMsMax, limits.storageRetryMsMin * 2 ** Math.min(this.#failures, 20))
      this.#failures += 1
      this.#cancelRetry = host.setTimer(waitMs, () => void this.#move())
    } finally {
      this.#moving = false
    }
  }
}

/** A store that was opened by somebody else cannot be opened again. */
function providerOf(storage: ClientOptions['storage']): StorageProvider | undefined {
  if (storage === undefined || 'open' in storage) return storage
  return { open: async () => storage }
}
