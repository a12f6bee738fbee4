import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFence } from '../src/common/fence.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { identitySteps } from './identity-helpers.ts'
import { write } from './store-helpers.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()
let count = 0

function newPath(): string {
  count += 1
  return join(directory, `${count}`, 'store.sqlite')
}

const { visit, closedStore: closedFile, expectRenamed } = identitySteps((path) => sqliteStore({ path }), newPath)

/** A store with ten changes, closed, and where its fence is. */
async function closedStore() {
  const closed = await closedFile()
  return { ...closed, fence: `${closed.path}.fence` }
}

/** The count in a fence file. */
function countIn(fence: string): number {
  return Number(readFileSync(fence).readBigUInt64BE(32))
}

describe('identity', () => {
  test('a closed store continues', async () => {
    const { path, storeId } = await closedStore()
    expect(await visit(path, (store) => write(store, 5))).toEqual({ storeId, continuous: true })
    expect(await visit(path)).toEqual({ storeId, continuous: true })
  })

  test('a missing fence means a new identity', async () => {
    const { path, storeId, fence } = await closedStore()
    rmSync(fence)
    await expectRenamed(path, storeId)
  })

  test('the fence of another store means a new identity', async () => {
    const { path, storeId, fence } = await closedStore()
    const other = await closedStore()
    writeFileSync(fence, readFileSync(other.fence))
    await expectRenamed(path, storeId)
  })

  test('a database put back to an earlier state beside its fence means a new identity', async () => {
    const { path, storeId } = await closedStore()
    cpSync(path, `${path}.backup`)
    await visit(path, (store) => write(store, 1))
    cpSync(`${path}.backup`, path)
    await expectRenamed(path, storeId)
  })

  test('a database put back that has moved on elsewhere means a new identity', async () => {
    const { path, storeId } = await closedStore()
    const copy = newPath()
    await visit(copy)
    cpSync(path, copy)
    await visit(copy, (store) => write(store, 50))
    cpSync(copy, path)
    await expectRenamed(path, storeId, 60)
  })

  test('a copy of the database alone takes a new identity, the original keeps its own', async () => {
    const { path, storeId } = await closedStore()
    const copy = newPath()
    await visit(copy)
    cpSync(path, copy)
    await expectRenamed(copy, storeId)
    expect(await visit(path)).toEqual({ storeId, continuous: true })
  })

  test('a copy of the whole directory takes a new identity, the original keeps its own', async () => {
    const { path, storeId } = await closedStore()
    const copy = newPath()
    cpSync(join(path, '..'), join(copy, '..'), { recursive: true })
    expect(existsSync(`${copy}.fence`)).toBe(true)
    await expectRenamed(copy, storeId)
    expect(await visit(path)).toEqual({ storeId, continuous: true })
  })

  test('a directory that was moved keeps its identity', async () => {
    const { path, storeId } = await closedStore()
    const moved = newPath()
    renameSync(join(path, '..'), join(moved, '..'))
    expect(await visit(moved)).toEqual({ storeId, continuous: true })
  })

  test('a fence that is empty, cut or scribbled over means a new identity', async () => {
    for (const spoil of [
      (fence: string) => truncateSync(fence, 0),
      (fence: string) => truncateSync(fence, 47),
      (fence: string) => writeFileSync(fence, Buffer.alloc(48)),
      ...[0, 8, 23, 24, 31, 32, 39, 40, 47].map((at) => (fence: string) => {
        const bytes = readFileSync(fence)
        bytes[at]! ^= 1
        writeFileSync(fence, bytes)
      }),
    ]) {
      const { path, storeId, fence } = await closedStore()
      spoil(fence)
      await expectRenamed(path, storeId)
    }
  })

  test('a fence that lags, as after a loss of power, keeps the identity', async () => {
    const { path, storeId, fence } = await closedStore()
    const old = readFileSync(fence)
    await visit(path, (store) => write(store, 10))
    writeFileSync(fence, old)
    expect(await visit(path)).toEqual({ storeId, continuous: true })
  })

  test('a fence that cannot be written any more is removed, so that the next open takes a new identity', async () => {
    const { path, storeId, fence } = await closedStore()
    const broken = createFence(fence, { token: new Uint8Array(16), transactions: 1 })
    // Closing it makes every write fail, as a failing disk would.
    broken.close()
    broken.advance(2)
    expect(existsSync(fence)).toBe(false)
    broken.advance(3)
    await expectRenamed(path, storeId)
  })

  test('an open that fails before its new fence is written leaves a store without identity, which then takes one', async () => {
    const { path, storeId, fence } = await closedStore()
    rmSync(fence)
    mkdirSync(fence)
    await expect(sqliteStore({ path })).rejects.toMatchObject({ code: 'STORE_IO' })
    rmSync(fence, { recursive: true })
    await expectRenamed(path, storeId)
  })

  test('the fence counts transactions, one for all commits of a turn', async () => {
    const path = newPath()
    await visit(path, async (store) => {
      const before = countIn(`${path}.fence`)
      await write(store, 3)
      expect(countIn(`${path}.fence`)).toBe(before + 3)
      const keys = Array.from({ length: 100 }, (_, i) => ({ tenant: 'tenant', id: `doc ${i}` }))
      await Promise.all(keys.map((key) => write(store, 1, key)))
      expect(countIn(`${path}.fence`)).toBe(before + 4)
    })
  })

  test('id and token come from the random source given', async () => {
    const path = newPath()
    let calls = 0
    const random = (bytes: number) => {
      calls += 1
      return new Uint8Array(bytes).fill(calls)
    }
    const store = await sqliteStore({ path, random })
    expect(store.identity).toEqual({ storeId: '01'.repeat(16), continuous: false })
    await store.close()
    expect(readFileSync(`${path}.fence`).subarray(8, 24)).toEqual(Buffer.alloc(16, 2))
    const again = await sqliteStore({ path, random })
    await again.close()
    expect(calls).toBe(2)
  })

  test('the fence is readable by its owner only', async () => {
    const { fence } = await closedStore()
    expect(statSync(fence).mode & 0o777).toBe(0o600)
  })
})
