import { mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { StoreError } from '@joinery/sync'
import { createDirectory, syncDirectory } from '../common/directory.ts'
import {
  beginIdentity,
  continueIdentity,
  type Established,
  type IdentityOptions,
  newMark,
  type StoreMark,
} from '../common/identity.ts'
import type { RandomBytes } from '../common/random.ts'
import { type Database, openDatabase } from './database.ts'
import { markKey } from './keys.ts'
import type { LevelLimits } from './limits.ts'
import { decodeStore, encodeStore, format, type StoreRecord } from './records.ts'

export interface OpenedStore {
  readonly database: Database
  readonly established: Established
  readonly lastPosition: number
}

export interface OpenOptions {
  readonly path: string
  readonly random: RandomBytes
  readonly limits: LevelLimits
}

/** The directory that LevelDB has to itself; its name tells what it is before LevelDB touches it. */
const databaseName = (version: number) => `joinery-leveldb-${version}`
const databaseNames = /^joinery-leveldb-(\d+)$/

/** Opens the directory as its only owner, makes it a store when it is empty, and finds out whether it is what it was. */
export async function openStore({ path, random, limits }: OpenOptions): Promise<OpenedStore> {
  const directory = claimDirectory(path)
  const database = await openDatabase({ path: join(directory, databaseName(format)), limits })
  try {
    const stored = await database.get(markKey)
    const record = stored
      ? decodeStore(stored)
      : { storeId: '', token: new Uint8Array(0), transactions: 0, lastPosition: 0 }
    const options = { mark: record, fencePath: join(directory, 'fence'), random }
    const established = continueIdentity(options) ?? (await renamed(database, options, record))
    return { database, established, lastPosition: record.lastPosition }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Makes sure that the directory is a store of this format, or becomes one, and answers its real path. */
function claimDirectory(path: string): string {
  const absolute = resolve(path)
  createDirectory(absolute)
  const directory = realpathSync(absolute)
  const names = readdirSync(directory)
  const formats = names.flatMap((name) => databaseNames.exec(name)?.[1] ?? [])
  if (names.length === 0) {
    // Made at once and as a whole: whoever comes second finds it, and the lock decides.
    mkdirSync(join(directory, databaseName(format)), { recursive: true, mode: 0o700 })
    syncDirectory(directory)
  } else if (formats.length === 0) {
    throw new StoreError('STORE_FORMAT', 'the directory has other files and is no store')
  } else if (!formats.every((found) => Number(found) === format)) {
    throw new StoreError('STORE_FORMAT', `the store has format ${formats}, this version reads format ${format}`)
  }
  return directory
}

/** A new mark, in the data first. */
async function renamed(database: Database, options: IdentityOptions, record: StoreRecord): Promise<Established> {
  const mark: StoreMark = newMark(options)
  await database.put(markKey, encodeStore({ ...record, ...mark }), { sync: true })
  return beginIdentity(options, mark)
}
