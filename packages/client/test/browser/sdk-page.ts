/** The side of the page: the SDK on IndexedDB, as an application has it, for tests to call. */
import { type BrowserStorageOptions, browserStorage } from '../../src/browser.ts'
import { type Client, ClientError, createClient, type ForgetOptions, type LiveDoc } from '../../src/index.ts'
import { anyEdit, countedEdit, schema, seeded } from '../live/edits.mjs'

export interface StartOptions {
  readonly url: string
  readonly nodeId: string
  readonly database: string
  /** The document that the other calls are for. */
  readonly id?: string
  /** Its type at the server. */
  readonly type?: string
  /** As in browsers that lack them. */
  readonly lacks?: 'locks' | 'indexedDB'
}

export interface PageState {
  readonly hash: string
  readonly items: readonly string[]
  readonly visits: number
  readonly connection: string
  readonly pending: number
  readonly undurable: number
  readonly refused: readonly { readonly code: string }[]
  readonly durable: boolean
  readonly warning: string | undefined
  readonly error: string | undefined
}

export interface SdkPage {
  /** Answers the code of what went wrong. */
  start(options: StartOptions): Promise<string | undefined>
  /** One change for each. */
  edit(labels: readonly string[]): void
  /** Random edits of every type. */
  scribble(seed: number, count: number): void
  /** Edits at random until `stop`; `globalThis.report` is told what is saved. Labels begin with the name. */
  run(seed: number, name: string): void
  stop(): void
  /** Answers the code of what went wrong. */
  saved(): Promise<string | undefined>
  durable(): Promise<void>
  /** Keeps what is written into the storage from becoming durable, until `releaseWrites`. */
  holdWrites(): Promise<void>
  releaseWrites(): void
  /** How many sockets this page has opened. */
  sockets(): number
  present(state: string | undefined): void
  others(): readonly unknown[]
  undo(): boolean
  discard(): Promise<void>
  /** Answers the code of what went wrong. */
  forget(id: string, options?: ForgetOptions): Promise<string | undefined>
  state(): Promise<PageState>
  close(): Promise<void>
}

let sockets = 0
let running = false
let holding = false
const PageSocket = globalThis.WebSocket
let client: Client
let doc: LiveDoc<typeof schema.fields>

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    if (error instanceof ClientError) return error.code
    throw error
  }
}

/** A transaction on everything, which ends when nobody holds any more: others wait for it. */
async function hold(name: string): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(name)
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error)
  })
  const names = [...database.objectStoreNames]
  const transaction = database.transaction(names, 'readwrite')
  transaction.oncomplete = () => database.close()
  await new Promise<void>((resolve) => {
    const step = (): void => {
      resolve()
      if (holding) transaction.objectStore(names[0] as string).count().onsuccess = step
    }
    transaction.objectStore(names[0] as string).count().onsuccess = step
  })
}

const sdk: SdkPage = {
  start({ url, nodeId, database, id = 'shared', type = 'doc', lacks }) {
    const platform: BrowserStorageOptions['platform'] = lacks === undefined ? {} : { [lacks]: undefined }
    client = createClient({
      url,
      tenant: 'acme',
      nodeId,
      storage: browserStorage({ name: database, platform }),
      openSocket: (to) => {
        sockets += 1
        return new PageSocket(to) as never
      },
      limits: { connectRetryMsMin: 20, connectRetryMsMax: 200, markDelayMs: 20 },
    })
    doc = client.open(id, schema, { type })
    return codeOf(doc.ready)
  },
  edit(labels) {
    for (const label of labels) countedEdit(doc, label)
  },
  scribble(seed, count) {
    const random = seeded(seed)
    for (let i = 0; i < count; i += 1) anyEdit(doc, random)
  },
  run(seed, name) {
    const random = seeded(seed)
    const { report } = globalThis as unknown as { report: (what: string, label: string) => void }
    const of = doc
    let number = 0
    running = true
    const step = (): void => {
      if (!running || of !== doc) return
      if (random.below(3) === 0) {
        number += 1
        const label = `${name} ${number}`
        countedEdit(of, label)
        of.saved().then(
          () => report('saved', label),
          (error: unknown) => report('failed', `${label}: ${String(error)}`),
        )
      } else anyEdit(of, random)
      // Slow enough for six pages on two cores.
      setTimeout(step, 20 + random.below(60))
    }
    step()
  },
  stop() {
    running = false
  },
  saved: () => codeOf(doc.saved()),
  durable: () => doc.durable(),
  async holdWrites() {
    holding = true
    for (const { name = '' } of await indexedDB.databases()) await hold(name)
  },
  releaseWrites() {
    holding = false
  },
  sockets: () => sockets,
  present: (state) => doc.presence.set(state),
  others: () => [...doc.presence.others.values()].map(({ state }) => state),
  undo: () => doc.undo.undo(),
  forget: (id, options) => codeOf(client.forget(id, options)),
  discard: () => doc.refused.discard(),
  async state() {
    const { connection, pending, durable: undurable } = doc.status
    const { storage, lastError } = client.status
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(doc.snapshot())))
    return {
      hash: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
      items: doc.root.items.toJSON() as string[],
      visits: Number(doc.root.visits.value),
      connection,
      pending,
      undurable,
      refused: doc.refused.list.map(({ code }) => ({ code })),
      durable: storage.durable,
      warning: storage.warning,
      error: (doc.status.lastError ?? lastError)?.code,
    }
  },
  close: () => client.close(),
}

Object.assign(globalThis, { sdk })
