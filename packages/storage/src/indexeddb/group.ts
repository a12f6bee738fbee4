import { type DocumentKey, StoreError } from '@joinery/sync'
import type { Outcome } from '../common/write-queue.ts'
import { type Connection, putMark } from './connection.ts'
import { documentKey } from './keys.ts'
import { type Head, type HeadRecord, headOf, headRecord } from './records.ts'
import { answered, completed } from './request.ts'

/** A write. It answers with what its caller gets; whatever refuses it comes before its first change. */
export interface Write {
  /** The document whose head decides, if there is one. */
  readonly document?: DocumentKey
  readonly run: (group: Group) => unknown
}

/** Writes in one transaction, each on what those before it have made. */
export class Group {
  readonly transaction: IDBTransaction
  #lastPosition: number
  readonly #heads: Map<string, Head | undefined>
  readonly #changed = new Map<string, Head>()

  constructor(transaction: IDBTransaction, lastPosition: number, heads: Map<string, Head | undefined>) {
    this.transaction = transaction
    this.#lastPosition = lastPosition
    this.#heads = heads
  }

  get lastPosition(): number {
    return this.#lastPosition
  }

  /** The head of the document that the write has named. */
  head(key: DocumentKey): Head | undefined {
    return this.#heads.get(nameOf(key))
  }

  setHead(head: Head): void {
    const name = nameOf(head.key)
    this.#heads.set(name, head)
    this.#changed.set(name, head)
  }

  /** The next position, which is then taken. */
  nextPosition(): number {
    this.#lastPosition += 1
    return this.#lastPosition
  }

  /** Takes a position that is given: the next one lies behind it. */
  takePosition(position: number): number {
    this.#lastPosition = Math.max(this.#lastPosition, position)
    return position
  }

  /** Heads are stored once, however many writes have changed them. */
  storeHeads(): void {
    const heads = this.transaction.objectStore('heads')
    for (const head of this.#changed.values()) heads.put(headRecord(head))
  }
}

function nameOf({ tenant, id }: DocumentKey): string {
  return JSON.stringify([tenant, id])
}

/** Stores the writes of a turn, and of the time that a transaction takes, in one transaction. */
export function groupOver(connection: Connection): (writes: readonly Write[]) => Promise<readonly Outcome[]> {
  return async (writes) => {
    try {
      return await together(connection, writes)
    } catch (error) {
      const failed: Outcome = { ok: false, error: connection.failure(error, 'the transaction failed') }
      if (writes.length === 1 || connection.lost) return writes.map(() => failed)
    }
    // Nothing of it was stored. Each gets a transaction of its own, so that only the one at fault fails.
    const outcomes: Outcome[] = []
    for (const write of writes) {
      outcomes.push(
        await together(connection, [write]).then(
          ([outcome]) => outcome!,
          (error) => ({ ok: false, error: connection.failure(error, 'the transaction failed') }),
        ),
      )
    }
    return outcomes
  }
}

/** Answers when the transaction is durable. Throws when nothing of it is stored. */
async function together(connection: Connection, writes: readonly Write[]): Promise<Outcome[]> {
  const transaction = connection.write()
  const done = completed(transaction)
  try {
    const heads = new Map<string, Head | undefined>()
    const [mark] = await Promise.all([connection.ownMark(transaction), readHeads(transaction, writes, heads)])
    const group = new Group(transaction, mark.lastPosition, heads)
    const outcomes: Outcome[] = []
    for (const write of writes) outcomes.push(await runOne(group, write))
    group.storeHeads()
    const { lastPosition } = group
    if (lastPosition > mark.lastPosition) putMark(transaction, { ...mark, lastPosition })
    transaction.commit()
    await done
    return outcomes
  } catch (error) {
    abort(transaction)
    // Why the transaction ended says more than that a request in it did.
    if (transaction.error) throw transaction.error
    throw error
  }
}

async function readHeads(
  transaction: IDBTransaction,
  writes: readonly Write[],
  heads: Map<string, Head | undefined>,
): Promise<void> {
  const store = transaction.objectStore('heads')
  const keys = new Map<string, DocumentKey>()
  for (const { document } of writes) if (document) keys.set(nameOf(document), document)
  await Promise.all(
    [...keys].map(async ([name, key]) => {
      const record: HeadRecord | undefined = await answered(store.get(documentKey(key)))
      heads.set(name, record && headOf(record))
    }),
  )
}

/** A refusal is an outcome; anything else ends the transaction, because half of the write may be in it. */
async function runOne(group: Group, { run }: Write): Promise<Outcome> {
  try {
    return { ok: true, value: await run(group) }
  } catch (error) {
    if (error instanceof StoreError) return { ok: false, error }
    throw error
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // It has ended already.
  }
}
