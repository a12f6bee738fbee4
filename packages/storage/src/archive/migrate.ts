/** Copies all that a store has into another one, and looks at both whether it is the same. */
import { requireFinished, type Store } from '@joinery/sync'
import { DataError } from './errors.ts'
import {
  beginFilling,
  dropValues,
  fillStore,
  finishFilling,
  type HashListener,
  hasHead,
  totalsOf,
} from './fill-store.ts'
import type { Totals } from './hash.ts'
import type { ArchiveLimits } from './limits.ts'
import { countDocuments, readStore } from './read-store.ts'

/** How far it is. `copying` counts documents written, `checking` documents read again, of either store. */
export interface MigrateProgress {
  readonly phase: 'copying' | 'checking'
  readonly done: number
  readonly total: number
}

export interface MigrateOptions {
  readonly from: Store
  readonly to: Store
  /** The wall clock in milliseconds: receipts that have expired are not copied. */
  readonly nowMs: number
  /** Told after each document. */
  readonly onProgress?: (progress: MigrateProgress) => void
  /** Told of each document of the target when it is read again. */
  readonly onHash?: HashListener
  /** Stops at the next document; what was written stays, and the same call goes on from there. */
  readonly signal?: AbortSignal
  readonly limits?: Partial<ArchiveLimits>
}

export interface Migrated extends Totals {
  /** It had been begun before. */
  readonly isResumed: boolean
}

/**
 * Copies everything but the values that a store has to itself. Throws `DATA_TARGET_NOT_EMPTY`, `DATA_TARGET_IS_SOURCE`,
 * `DATA_INTERRUPTED`, `DATA_DIFFERS` when somebody wrote to either store meanwhile, and what the stores throw. After each of
 * these but the first two the target is unfinished, and the same call goes on.
 */
export async function migrate(options: MigrateOptions): Promise<Migrated> {
  const { from, to, nowMs, onProgress = () => {}, signal, limits } = options
  if (from.identity.storeId === to.identity.storeId) {
    throw new DataError('DATA_TARGET_IS_SOURCE', 'source and target are the same store')
  }
  await requireFinished(from)
  const { isResumed } = await beginFilling(to, `store ${from.identity.storeId}`)
  const reading = {
    content: 'everything',
    expiredMs: nowMs,
    ...(signal && { signal }),
    ...(limits && { limits }),
  } as const
  let total = await countDocuments(from)
  let done = 0
  const report = (phase: MigrateProgress['phase']) => onProgress({ phase, done, total })
  const counted = (phase: MigrateProgress['phase']) => () => {
    done += 1
    report(phase)
  }
  report('copying')
  if (isResumed) {
    // Of what was copied before, the source may have forgotten some since.
    await to.purgeReceipts(nowMs)
    await dropValues(to)
  }
  const skip = counted('copying')
  const wants = async (head: Parameters<typeof hasHead>[1]) => {
    const isThere = await hasHead(to, head)
    if (isThere) skip()
    return !isThere
  }
  const items = readStore(from, { ...reading, ...(isResumed && { wants }) })
  await fillStore(to, items, { isResumed, onDocument: counted('copying'), ...(limits && { limits }) })
  done = 0
  total *= 2
  report('checking')
  const check = counted('checking')
  const [source, target] = await Promise.all([
    totalsOf(readStore(from, reading), check),
    totalsOf(readStore(to, reading), (key, hash) => {
      options.onHash?.(key, hash)
      check()
    }),
  ])
  await finishFilling(to, target, source)
  return { ...target, isResumed }
}
