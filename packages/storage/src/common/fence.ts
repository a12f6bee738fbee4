/**
 * The fence: a small file beside the database that notices when the database was put back or copied.
 *
 * Both hold the same random token and a count of transactions. After each transaction the file gets the new count with one
 * plain write. The database is flushed and the file is not, so after any crash the file may lag, but it is never ahead. A file
 * that is ahead, differs or is missing means that the database is not what was last acknowledged.
 *
 * The file also holds its own inode number: a directory copied or restored together with its fence gets other numbers.
 *
 *      0         8              24        32        40         48
 *      | JNRYFNC1 | token (16)   | inode   | count   | ~count   |      big-endian
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncDirectory } from './directory.ts'

const magic = Buffer.from('JNRYFNC1', 'latin1')
const recordBytes = 48
const countOffset = 32
export const tokenBytes = 16

/** What the database says; the file must agree. */
export interface FenceState {
  readonly token: Uint8Array
  readonly transactions: number
}

export interface Fence {
  /** Notes that this many transactions are durable. Never throws: what it is told about has been committed already. */
  advance(transactions: number): void
  close(): void
}

/** The fence at this path, if it vouches for the database; `undefined` means that the store needs a new identity. */
export function continueFence(path: string, state: FenceState): Fence | undefined {
  let file: number
  try {
    file = openSync(path, 'r+')
  } catch {
    return undefined
  }
  try {
    if (vouches(file, state)) return fenceOver(file, path)
  } catch {
    // A fence that cannot be read vouches for nothing.
  }
  closeSync(file)
  return undefined
}

function vouches(file: number, { token, transactions }: FenceState): boolean {
  const record = Buffer.alloc(recordBytes)
  if (readSync(file, record, 0, recordBytes, 0) !== recordBytes) return false
  if (!record.subarray(0, 8).equals(magic)) return false
  if (!record.subarray(8, 24).equals(token)) return false
  if (record.readBigUInt64BE(24) !== inodeOf(file)) return false
  const count = record.readBigUInt64BE(countOffset)
  // The count is written twice because a loss of power may tear the write.
  if (record.readBigUInt64BE(countOffset + 8) !== BigInt.asUintN(64, ~count)) return false
  return BigInt(transactions) >= count
}

/** A new fence in place of whatever is there. It is flushed, so that a loss of power does not cost the identity. */
export function createFence(path: string, { token, transactions }: FenceState): Fence {
  const file = openSync(path, 'w+', 0o600)
  const record = Buffer.alloc(recordBytes)
  magic.copy(record)
  record.set(token, 8)
  record.writeBigUInt64BE(inodeOf(file), 24)
  writeSync(file, record, 0, recordBytes, 0)
  const fence = fenceOver(file, path)
  fence.advance(transactions)
  fsyncSync(file)
  syncDirectory(dirname(path))
  return fence
}

function inodeOf(file: number): bigint {
  return BigInt.asUintN(64, fstatSync(file, { bigint: true }).ino)
}

function fenceOver(file: number, path: string): Fence {
  const count = Buffer.alloc(recordBytes - countOffset)
  let broken = false
  return {
    advance(transactions) {
      if (broken) return
      count.writeBigUInt64BE(BigInt(transactions), 0)
      count.writeBigUInt64BE(BigInt.asUintN(64, ~BigInt(transactions)), 8)
      try {
        writeSync(file, count, 0, count.length, countOffset)
      } catch {
        broken = true
        removeQuietly(path)
      }
    },
    close() {
      closeSync(file)
    },
  }
}

/** A count that stays behind would vouch for an older database; without a fence the next open takes a new identity. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // Then the count stays behind. Still no crash is mistaken; only a restored backup of after this moment could be.
  }
}
